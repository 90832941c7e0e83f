// Standard Markdown (the "markdown" block), parsed into a plain tree of nodes.

const INLINE = [
  { type: "code", pattern: /(`+)(.+?)\1/y, build: (found) => ({ type: "code", text: found[2].trim() }) },
  {
    type: "image",
    pattern: /!\[([^\]]*)\]\(([^()\s]+)\)/y,
    build: (found) => ({ type: "link", url: found[2], label: found[1] || found[2] }),
  },
  {
    type: "link",
    pattern: /\[([^\]]+)\]\(([^()\s]+)(?: "[^"]*")?\)/y,
    build: (found) => ({ type: "link", url: found[2], label: found[1] }),
  },
  {
    type: "bold",
    pattern: /(\*\*|__)(?=\S)(.+?)(?<=\S)\1/y,
    build: (found) => ({ type: "bold", children: parseInlineMarkdown(found[2]) }),
  },
  {
    type: "strike",
    pattern: /~~(?=\S)(.+?)(?<=\S)~~/y,
    build: (found) => ({ type: "strike", children: parseInlineMarkdown(found[1]) }),
  },
  {
    type: "italic",
    pattern: /(?<![\p{L}\p{N}])([*_])(?=\S)(.+?)(?<=\S)\1(?![\p{L}\p{N}])/uy,
    build: (found) => ({ type: "italic", children: parseInlineMarkdown(found[2]) }),
  },
  { type: "emoji", pattern: /:([a-z0-9_+-]+):/y, build: (found) => ({ type: "emoji", name: found[1] }) },
  {
    type: "url",
    pattern: /https?:\/\/[^\s<>]*[^\s<>.,;:!?'")\]]/y,
    build: (found) => ({ type: "link", url: found[0], label: null }),
  },
];

/** Nodes of one run of Markdown text, in the same shapes as mrkdwn's. */
export function parseInlineMarkdown(text) {
  const nodes = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    if (text[at] === "\\" && /[\\`*_{}[\]()#+.!~|>-]/.test(text[at + 1] ?? "")) {
      plain += text[at + 1];
      at += 2;
      continue;
    }
    let found = null;
    for (const { pattern, build } of INLINE) {
      pattern.lastIndex = at;
      found = pattern.exec(text);
      if (found) {
        if (plain) nodes.push({ type: "text", text: plain });
        plain = "";
        const length = found[0].length;
        nodes.push(build(found));
        at += length;
        break;
      }
    }
    if (!found) {
      plain += text[at];
      at += 1;
    }
  }
  if (plain) nodes.push({ type: "text", text: plain });
  return nodes;
}

const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const FENCE = /^\s*(```|~~~)/;
const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(?:\[([ xX])\]\s+)?(.*)$/;
const RULE = /^\s*([-*_])(?:\s*\1){2,}\s*$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const cells = (line) =>
  line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => parseInlineMarkdown(cell.trim()));

/**
 * Blocks of a Markdown text: {type: "heading", level, children}, "lines", "quote" (with blocks), "pre", "rule",
 * {type: "item", depth, marker, done, children}, {type: "table", head, rows}.
 */
export function parseMarkdown(text) {
  const lines = text.split("\n");
  const blocks = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at];
    if (FENCE.test(line)) {
      const fence = FENCE.exec(line)[1];
      const body = [];
      for (at += 1; at < lines.length && !lines[at].trim().startsWith(fence); at += 1) body.push(lines[at]);
      blocks.push({ type: "pre", text: body.join("\n") });
    } else if (HEADING.test(line)) {
      const [, hashes, words] = HEADING.exec(line);
      blocks.push({ type: "heading", level: hashes.length, children: parseInlineMarkdown(words) });
    } else if (RULE.test(line)) {
      blocks.push({ type: "rule" });
    } else if (line.startsWith(">")) {
      const body = [];
      for (; at < lines.length && lines[at].startsWith(">"); at += 1) body.push(lines[at].replace(/^> ?/, ""));
      at -= 1;
      blocks.push({ type: "quote", blocks: parseMarkdown(body.join("\n")) });
    } else if (line.includes("|") && TABLE_RULE.test(lines[at + 1] ?? "")) {
      const head = cells(line);
      const rows = [];
      for (at += 2; at < lines.length && lines[at].includes("|"); at += 1) rows.push(cells(lines[at]));
      at -= 1;
      blocks.push({ type: "table", head, rows });
    } else if (ITEM.test(line)) {
      const [, space, marker, box, words] = ITEM.exec(line);
      const bullet = /\d/.test(marker) ? marker.replace(")", ".") : "•";
      const done = box === undefined ? null : box !== " ";
      blocks.push({
        type: "item",
        depth: Math.floor(space.length / 2),
        marker: bullet,
        done,
        children: parseInlineMarkdown(words),
      });
    } else if (line.trim()) {
      const last = blocks.at(-1);
      const joins = last?.type === "lines" && lines[at - 1].trim();
      if (joins) last.children.push({ type: "text", text: "\n" }, ...parseInlineMarkdown(line));
      else blocks.push({ type: "lines", children: parseInlineMarkdown(line) });
    }
  }
  return blocks;
}
