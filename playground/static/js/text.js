// Draws parsed text: mrkdwn, Markdown, rich_text and plain_text end here. Text always enters the page as text.

import { ago, nowSeconds, slackDate, wholeMoment } from "./dates.js";
import { EMOJI_NAME, emojiChar, withEmoji } from "./emoji.js";
import { parseMarkdown } from "./markdown.js";
import { parseInline, parseMrkdwn } from "./mrkdwn.js";
import { nameOf } from "./store.js";
import { classes, html, usePane, useTick } from "./ui.js";

function Emoji({ name, unicode }) {
  const char =
    emojiChar(name) ?? (unicode ? String.fromCodePoint(...unicode.split("-").map((code) => parseInt(code, 16))) : null);
  return char
    ? html`<span class="emoji" role="img" aria-label=${name.replaceAll("_", " ")}
    title=${`:${name}:`}>${char}</span>`
    : `:${name}:`;
}

function UserMention({ id, label }) {
  const { state, me, go } = usePane();
  const known = state.users[id];
  const words = `@${known ? nameOf(state, id) : (label ?? id)}`;
  if (!known || id === me) return html`<span class=${classes("mention", id === me && "mention-me")}>${words}</span>`;
  return html`<button type="button" class="mention" onClick=${() => go(`@${id}`)}>${words}</button>`;
}

function ChannelMention({ id, label }) {
  const { state, go } = usePane();
  const channel = state.channels[id];
  if (!channel) return html`<span class="mention">${label ? `#${label}` : "#private-channel"}</span>`;
  return html`<button type="button" class="mention" onClick=${() => go(id)}>#${channel.name}</button>`;
}

function GroupMention({ id, label }) {
  const { state, me } = usePane();
  const group = state.usergroups.find((one) => one.id === id);
  const words = group ? `@${group.handle}` : (label ?? "@group");
  return html`<span class=${classes("mention", group?.users.includes(me) && "mention-me")}
    title=${group?.name}>${words}</span>`;
}

/** A moment in the acting person's time zone. */
function When({ timestamp, format, url, fallback, midSentence }) {
  const { tz } = usePane();
  useTick(
    Math.abs(nowSeconds() - timestamp) < 120 ? 1000 : 15_000,
    format.includes("{ago}") || format.includes("pretty"),
  );
  const words = format ? slackDate(timestamp, format, tz, { midSentence }) : (fallback ?? "");
  const time = html`<time dateTime=${new Date(timestamp * 1000).toISOString()}
    title=${`${wholeMoment(timestamp, tz)} (${ago(timestamp)})`}>${words}</time>`;
  return url ? html`<${Link} url=${url}>${time}<//>` : time;
}

/** Words that end so go on with "today", not "Today". */
const MID_SENTENCE = /[\p{L}\p{N},;(]\s*$/u;

const PERMALINK = /\/archives\/([A-Z0-9]+)\/p(\d{10})(\d{6})(?:\?(?:.*&)?thread_ts=(\d+\.\d+))?/;

/** A link; permalinks of this workspace open in the pane, anything that is not a web or mail address is only text. */
export function Link({ url, children }) {
  const { state, go } = usePane();
  if (!/^(https?:\/\/|mailto:|tel:|slack:\/\/)/i.test(url)) return html`<span>${children}</span>`;
  const found = PERMALINK.exec(url);
  const home = url.startsWith("slack://app?");
  const inside = found && state.channels[found[1]];
  if (inside || home) {
    const open = (event) => {
      event.preventDefault();
      if (home) go(`@${state.app.bot_user_id}`, { tab: url.includes("tab=home") ? "home" : "messages" });
      else go(found[1], { ts: `${found[2]}.${found[3]}`, thread: found[4] });
    };
    return html`<a href=${url} onClick=${open}>${children}</a>`;
  }
  return html`<a href=${url} target="_blank" rel="noopener noreferrer">${children}</a>`;
}

const WRAP = { bold: "strong", italic: "em", strike: "s" };

function draw(node, index, nodes) {
  switch (node.type) {
    case "text":
      return node.text;
    case "emoji":
      return html`<${Emoji} name=${node.name} />`;
    case "code":
      return html`<code>${node.text}</code>`;
    case "bold":
    case "italic":
    case "strike":
      return html`<${WRAP[node.type]}>${node.children.map(draw)}<//>`;
    case "user":
      return html`<${UserMention} id=${node.id} label=${node.label} />`;
    case "channel":
      return html`<${ChannelMention} id=${node.id} label=${node.label} />`;
    case "usergroup":
      return html`<${GroupMention} id=${node.id} label=${node.label} />`;
    case "broadcast":
      return html`<span class="mention mention-me">@${node.range}</span>`;
    case "date": {
      const before = nodes[index - 1];
      const midSentence = before?.type === "text" ? MID_SENTENCE.test(before.text) : Boolean(before);
      return html`<${When} ...${node} midSentence=${midSentence} />`;
    }
    case "link":
      return html`<${Link} url=${node.url}>${node.label ?? node.url.replace(/^mailto:/, "")}<//>`;
    default:
      return null;
  }
}

const onlyEmoji = (blocks) =>
  blocks.length === 1 &&
  blocks[0].type === "lines" &&
  blocks[0].children.length <= 12 &&
  blocks[0].children.every((node) => node.type === "emoji" || (node.type === "text" && !node.text.trim())) &&
  blocks[0].children.some((node) => node.type === "emoji" && emojiChar(node.name));

/** A mrkdwn text. `tail` is drawn at the end of the last line, e.g. "(edited)". */
export function Mrkdwn({ text, verbatim = false, tail = null, jumbo = false }) {
  const blocks = parseMrkdwn(text ?? "", { verbatim });
  const big = jumbo && onlyEmoji(blocks);
  return html`<div class=${classes("mrkdwn", big && "jumbo")}>${blocks.map((block, index) => {
    const end = index === blocks.length - 1 ? tail : null;
    if (block.type === "pre") return html`<pre>${block.text}</pre>${end}`;
    if (block.type === "quote") return html`<blockquote>${block.children.map(draw)}</blockquote>${end}`;
    if (block.type === "list") {
      const items = block.items.map((item) => html`<li>${item.map(draw)}</li>`);
      return html`${block.ordered ? html`<ol start=${block.start}>${items}</ol>` : html`<ul>${items}</ul>`}${end}`;
    }
    return html`<div class="line">${block.children.map(draw)}${end}</div>`;
  })}${!blocks.length && tail}</div>`;
}

/** The words of a plain_text object, each emoji in them with its name. */
function Plain({ of: { text, emoji } }) {
  if (emoji === false) return text;
  return text
    .split(EMOJI_NAME)
    .map((part, index) => (index % 2 ? html`<${Emoji} name=${part.slice(1, -1)} />` : part));
}

/** A Slack text object, or a bare string as mrkdwn in one line (no blocks). */
export function Text({ of: object }) {
  if (!object) return null;
  if (object.type === "plain_text")
    return html`<span class="plain"><${Plain} of=${object} /></span>`;
  return html`<${Mrkdwn} text=${object.text} verbatim=${object.verbatim} />`;
}

/** A text object within a line: labels, options, menu entries. */
export function InlineText({ of: object }) {
  if (!object) return null;
  if (object.type === "plain_text") return html`<${Plain} of=${object} />`;
  return html`<span class="line">${parseInline(object.text, { verbatim: object.verbatim }).map(draw)}</span>`;
}

/** A text object or string as bare characters, for labels and tooltips. */
export function bare(object) {
  const text = typeof object === "string" ? object : (object?.text ?? "");
  const flat = (nodes) =>
    nodes.map((node) => node.text ?? node.label ?? (node.children ? flat(node.children) : (node.url ?? ""))).join("");
  return withEmoji(object?.type === "mrkdwn" ? flat(parseInline(text)) : text);
}

// ---- Markdown -------------------------------------------------------------------------------------------------------

export function Markdown({ text }) {
  return html`<div class="markdown">${parseMarkdown(text).map(drawMarkdown)}</div>`;
}

function drawMarkdown(block) {
  switch (block.type) {
    case "heading":
      return html`<div class=${`md-heading md-h${block.level}`} role="heading"
      aria-level=${Math.min(block.level + 2, 6)}>${block.children.map(draw)}</div>`;
    case "pre":
      return html`<pre>${block.text}</pre>`;
    case "rule":
      return html`<hr />`;
    case "quote":
      return html`<blockquote>${block.blocks.map(drawMarkdown)}</blockquote>`;
    case "item": {
      const marker = block.done === null ? block.marker : block.done ? "☑" : "☐";
      return html`<div class="md-item" style=${{ paddingLeft: `${block.depth * 22}px` }}><span
        class="md-marker">${marker}</span><span>${block.children.map(draw)}</span></div>`;
    }
    case "table":
      return html`<div class="table-scroll"><table>
        <thead><tr>${block.head.map((cell) => html`<th scope="col">${cell.map(draw)}</th>`)}</tr></thead>
        <tbody>${block.rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell.map(draw)}</td>`)}</tr>`)}</tbody>
      </table></div>`;
    default:
      return html`<div class="line md-lines">${block.children.map(draw)}</div>`;
  }
}

// ---- rich_text ------------------------------------------------------------------------------------------------------

function styled(style, inside) {
  let drawn = inside;
  if (style?.code) drawn = html`<code>${drawn}</code>`;
  if (style?.strike) drawn = html`<s>${drawn}</s>`;
  if (style?.underline) drawn = html`<u>${drawn}</u>`;
  if (style?.italic) drawn = html`<em>${drawn}</em>`;
  if (style?.bold) drawn = html`<strong>${drawn}</strong>`;
  return drawn;
}

function richInside(element, index, all) {
  switch (element.type) {
    case "text":
      return element.text;
    case "emoji":
      return html`<${Emoji} name=${element.name} unicode=${element.unicode} />`;
    case "link":
      return html`<${Link} url=${element.url}>${element.text ?? element.url}<//>`;
    case "user":
      return html`<${UserMention} id=${element.user_id} />`;
    case "usergroup":
      return html`<${GroupMention} id=${element.usergroup_id} />`;
    case "channel":
      return html`<${ChannelMention} id=${element.channel_id} />`;
    case "broadcast":
      return html`<span class="mention mention-me">@${element.range}</span>`;
    case "date": {
      const before = all[index - 1];
      return html`<${When} timestamp=${element.timestamp} format=${element.format} url=${element.url}
        fallback=${element.fallback}
        midSentence=${before?.type === "text" && MID_SENTENCE.test(before.text)} />`;
    }
    case "color":
      return html`<span class="swatch"><span
      style=${{ background: /^#[0-9a-f]{3,8}$/i.test(element.value) ? element.value : undefined }}></span>${element.value}</span>`;
    case "team":
      return html`<span class="mention">@${element.team_id}</span>`;
    default:
      return html`<code>${JSON.stringify(element)}</code>`;
  }
}

const richLine = (elements) =>
  elements.map((element, index) => styled(element.style, richInside(element, index, elements)));

function richBlock(element) {
  switch (element.type) {
    case "rich_text_section":
      return html`<div class="line">${richLine(element.elements)}</div>`;
    case "rich_text_quote":
      return html`<blockquote>${richLine(element.elements)}</blockquote>`;
    case "rich_text_preformatted":
      return html`<pre>${richLine(element.elements)}</pre>`;
    case "rich_text_list": {
      const items = element.elements.map((item) => html`<li>${richLine(item.elements)}</li>`);
      const shape = { class: classes(`indent-${Math.min(element.indent ?? 0, 6)}`, element.border ? "bordered" : "") };
      return element.style === "ordered"
        ? html`<ol start=${(element.offset ?? 0) + 1} ...${shape}>${items}</ol>`
        : html`<ul ...${shape}>${items}</ul>`;
    }
    default:
      return html`<pre>${JSON.stringify(element, null, 2)}</pre>`;
  }
}

/** A rich_text block. */
export function RichText({ elements, tail = null }) {
  return html`<div class="mrkdwn rich">${elements.map(richBlock)}${tail}</div>`;
}
