// Slack's mrkdwn, parsed into a plain tree of nodes; nothing here touches the page.

const TOKEN = /<([^<>\n]+)>/y;
const EMOJI = /:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/y;
const BARE_URL = /https?:\/\/[^\s<>|]*[^\s<>|.,;:!?'"*_~)\]]/y;
const WORD = /[\p{L}\p{N}]/u;
const MARKS = { "*": "bold", _: "italic", "~": "strike" };

/** `&lt; &gt; &amp;` back to the characters a person typed. */
export function decode(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** One `<...>` token as a node: user, channel, usergroup, broadcast, date or link. */
function tokenNode(inside) {
  const bar = inside.indexOf("|");
  const body = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? null : decode(inside.slice(bar + 1));
  if (/^@[UW][A-Z0-9]*$/.test(body)) return { type: "user", id: body.slice(1), label };
  if (/^#[CDG][A-Z0-9]*$/.test(body)) return { type: "channel", id: body.slice(1), label };
  if (/^!(here|channel|everyone)$/.test(body)) return { type: "broadcast", range: body.slice(1) };
  if (body.startsWith("!subteam^")) return { type: "usergroup", id: body.slice("!subteam^".length), label };
  if (body.startsWith("!date^")) {
    const [, timestamp, format = "", url] = body.split("^");
    if (!/^-?\d+$/.test(timestamp)) return { type: "text", text: label ?? `<${decode(inside)}>` };
    return {
      type: "date",
      timestamp: Number(timestamp),
      format: decode(format),
      url: url ? decode(url) : null,
      fallback: label,
    };
  }
  if (/^(https?:\/\/|mailto:|tel:|slack:\/\/)/i.test(body)) return { type: "link", url: decode(body), label };
  return { type: "text", text: `<${decode(inside)}>` };
}

/** What a token says when it stands in code, where nothing is drawn: its label, or itself. */
function tokenSource(inside) {
  const node = tokenNode(inside);
  if (node.type === "link") return node.label ?? node.url;
  return node.type === "text" ? node.text : `<${decode(inside)}>`;
}

const codeText = (raw) =>
  decode(raw.replace(/<([^<>\n]+)>/g, (_, inside) => tokenSource(inside).replaceAll("&", "&amp;")));

/**
 * Index of the mark that closes the one at `from`, or -1: on the same line, not after a space, not inside a word,
 * token or code.
 */
function closing(text, from) {
  const mark = text[from];
  if (/[\s]/.test(text[from + 1] ?? " ") || text[from + 1] === mark) return -1;
  for (let at = from + 1; at < text.length && text[at] !== "\n"; at += 1) {
    if (text[at] === "<") {
      TOKEN.lastIndex = at;
      const token = TOKEN.exec(text);
      if (token) at += token[0].length - 1;
    } else if (text[at] === "`") {
      const end = text.indexOf("`", at + 1);
      if (end > 0) at = end;
    } else if (
      text[at] === mark &&
      !/\s/.test(text[at - 1]) &&
      !WORD.test(text[at + 1] ?? " ") &&
      text[at + 1] !== mark
    ) {
      return at;
    }
  }
  return -1;
}

/**
 * Nodes of running text: text, emoji, code, bold/italic/strike (with children), and the tokens. `verbatim` leaves bare
 * URLs alone.
 */
export function parseInline(text, { verbatim = false } = {}) {
  const nodes = [];
  let plain = "";
  const add = (node) => {
    if (plain) nodes.push({ type: "text", text: decode(plain) });
    plain = "";
    nodes.push(node);
  };
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    const before = text[at - 1] ?? " ";
    if (char === "<") {
      TOKEN.lastIndex = at;
      const token = TOKEN.exec(text);
      if (token) {
        add(tokenNode(token[1]));
        at += token[0].length - 1;
        continue;
      }
    } else if (char === "`") {
      const end = text.indexOf("`", at + 1);
      const line = text.indexOf("\n", at);
      if (end > at + 1 && (line < 0 || end < line)) {
        add({ type: "code", text: codeText(text.slice(at + 1, end)) });
        at = end;
        continue;
      }
    } else if (char in MARKS && !WORD.test(before)) {
      const end = closing(text, at);
      if (end > 0) {
        add({ type: MARKS[char], children: parseInline(text.slice(at + 1, end), { verbatim }) });
        at = end;
        continue;
      }
    } else if (char === ":") {
      EMOJI.lastIndex = at;
      const emoji = EMOJI.exec(text);
      if (emoji) {
        add({ type: "emoji", name: emoji[1] });
        at += emoji[0].length - 1;
        continue;
      }
    } else if (char === "h" && !verbatim && !WORD.test(before)) {
      BARE_URL.lastIndex = at;
      const url = BARE_URL.exec(text);
      if (url) {
        add({ type: "link", url: decode(url[0]), label: null });
        at += url[0].length - 1;
        continue;
      }
    }
    plain += char;
  }
  if (plain) nodes.push({ type: "text", text: decode(plain) });
  return nodes;
}

const QUOTE = /^(?:&gt;|>) ?/;
const QUOTE_REST = /^(?:&gt;|>){3} ?/;
const BULLET = /^(\s*)[•◦▪] +/;
const NUMBER = /^(\s*)(\d{1,3})[.)] +/;

function parseLines(text, options) {
  const lines = text.split("\n");
  const blocks = [];
  const take = (type, line) => {
    const last = blocks.at(-1);
    if (last?.type === type) last.lines.push(line);
    else blocks.push({ type, lines: [line] });
  };
  lines.forEach((line, index) => {
    if (blocks.at(-1)?.rest) {
      blocks.at(-1).lines.push(line);
    } else if (QUOTE_REST.test(line)) {
      blocks.push({ type: "quote", rest: true, lines: [line.replace(QUOTE_REST, "")] });
    } else if (QUOTE.test(line)) {
      take("quote", line.replace(QUOTE, ""));
    } else if (BULLET.test(line)) {
      take("bullets", line.replace(BULLET, ""));
    } else if (NUMBER.test(line) && (blocks.at(-1)?.type === "numbers" || NUMBER.test(lines[index + 1] ?? ""))) {
      const last = blocks.at(-1);
      const start = Number(NUMBER.exec(line)[2]);
      if (last?.type === "numbers") last.lines.push(line.replace(NUMBER, ""));
      else blocks.push({ type: "numbers", start, lines: [line.replace(NUMBER, "")] });
    } else {
      take("lines", line);
    }
  });
  return blocks.map(({ type, lines: own, start }) => {
    if (type === "bullets" || type === "numbers") {
      return { type: "list", ordered: type === "numbers", start, items: own.map((line) => parseInline(line, options)) };
    }
    return { type, children: parseInline(own.join("\n"), options) };
  });
}

/**
 * Blocks of a mrkdwn text: {type: "lines" | "quote", children}, {type: "list", ordered, items}, {type: "pre", text}.
 */
export function parseMrkdwn(text, options = {}) {
  const blocks = [];
  let at = 0;
  for (const pre of text.matchAll(/\n?```\n?([^]+?)\n?```\n?/g)) {
    if (pre.index > at) blocks.push(...parseLines(text.slice(at, pre.index), options));
    blocks.push({ type: "pre", text: codeText(pre[1]) });
    at = pre.index + pre[0].length;
  }
  if (at < text.length) blocks.push(...parseLines(text.slice(at), options));
  return blocks;
}

/** The text as its author typed it, to edit it again: tokens become @name, #channel and plain links. */
export function asTyped(text, { userName, channelName, groupName }) {
  const plain = text.replace(/<([^<>\n]+)>/g, (whole, inside) => {
    const node = tokenNode(inside);
    switch (node.type) {
      case "user":
        return `@${userName(node.id)}`;
      case "channel":
        return `#${channelName(node.id)}`;
      case "usergroup":
        return `@${groupName(node.id)}`;
      case "broadcast":
        return `@${node.range}`;
      case "link":
        return inside.split("|")[0];
      default:
        return whole;
    }
  });
  return decode(plain);
}
