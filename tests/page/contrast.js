// The texts in sight whose contrast is less than WCAG AA asks for: 4.5, or 3 where they are large.
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, alpha / 255];
  };
  const over = (top, bottom, alpha) => bottom.map((part, at) => part * (1 - alpha) + top[at] * alpha);
  const behind = (element) => {
    const layers = [];
    for (let part = element; part; part = part.parentElement) {
      layers.push(rgba(getComputedStyle(part).backgroundColor));
      if (layers.at(-1)[3] === 1) break;
    }
    return layers.reverse().reduce((under, layer) => over(layer, under, layer[3]), [255, 255, 255]);
  };
  const linear = (part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);

  const faint = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const words = texts.currentNode.textContent.trim();
    const element = texts.currentNode.parentElement;
    const style = getComputedStyle(element);
    if (!words || /^[\p{Extended_Pictographic}\uFE0F\s]+$/u.test(words) || !element.getClientRects().length) continue;
    if (style.visibility === "hidden" || element.closest("[inert], .hidden, :disabled, noscript")) continue;
    let opacity = 1;
    for (let part = element; part; part = part.parentElement) opacity *= Number(getComputedStyle(part).opacity);
    const ground = behind(element);
    const colour = rgba(style.color);
    const lights = [luminance(over(colour, ground, colour[3] * opacity)), luminance(ground)].sort((a, b) => b - a);
    const ratio = (lights[0] + 0.05) / (lights[1] + 0.05);
    const size = Number.parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) faint.add(`${ratio.toFixed(2)} ${element.tagName}.${element.className}: ${words.slice(0, 30)}`);
  }
  return [...faint];
}
