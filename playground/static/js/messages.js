// Messages: one message with everything on it, and the list of them.

import { Blocks, Picture, gist } from "./blocks.js";
import { dayKey, dayTitle, slackDate, timeOfDay, wholeMoment } from "./dates.js";
import { emojiChar, findEmoji, groups } from "./emoji.js";
import { asTyped } from "./mrkdwn.js";
import { nameOf, replies } from "./store.js";
import { InlineText, Mrkdwn, RichText, Text } from "./text.js";
import {
  Avatar,
  Icon,
  IconButton,
  Menu,
  Popup,
  arrowKeys,
  classes,
  html,
  useEffect,
  useLayoutEffect,
  usePane,
  useRef,
  useState,
} from "./ui.js";

const PAGE = 200; // messages drawn at once; earlier ones on demand
const GROUPING = 300; // seconds within which one author's messages stand together
const QUICK = ["white_check_mark", "eyes", "raised_hands"];
const QUIET = new Set([
  "channel_join",
  "channel_leave",
  "channel_archive",
  "channel_unarchive",
  "channel_topic",
  "group_join",
  "group_leave",
]);

export const isRoot = (message) => !message.thread_ts || message.thread_ts === message.ts;
export const author = (state, message) =>
  message.username || (message.user ? nameOf(state, message.user) : state.app.name);
const isApp = (message) => Boolean(message.bot_id);

/** The emoji picker: search, arrows, Enter. */
export function EmojiPicker({ anchor, onPick, onClose }) {
  const [query, setQuery] = useState("");
  const box = useRef(null);
  const search = useRef(null);
  useEffect(() => search.current.focus(), []);
  const shown = query.trim() ? [{ title: "Found", emoji: findEmoji(query.trim()) }] : groups;
  const onKeyDown = (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      onClose();
      anchor.current?.focus();
      return;
    }
    if (event.key === "Enter" && event.target === search.current) {
      event.preventDefault();
      if (shown[0]?.emoji[0]) onPick(shown[0].emoji[0].name);
      return;
    }
    const items = [...box.current.querySelectorAll(".emoji-choice")];
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 8, ArrowUp: -8 }[event.key];
    if (!step || (event.target === search.current && event.key !== "ArrowDown")) return;
    event.preventDefault();
    const at = items.indexOf(document.activeElement);
    if (at + step < 0) search.current.focus();
    else items[at < 0 ? 0 : Math.min(at + step, items.length - 1)]?.focus();
  };
  return html`<${Popup} anchor=${anchor} onClose=${onClose} alignEnd above class="emoji-picker">
    <div ref=${box} role="dialog" aria-label="Choose an emoji" onKeyDown=${onKeyDown}>
      <input ref=${search} class="text-input" type="text" aria-label="Search emoji" placeholder="Search emoji"
        value=${query} onInput=${(event) => setQuery(event.target.value)} />
      <div class="emoji-groups">${shown.map(
        (group) => html`<div key=${group.title}>
        <div class="menu-heading">${group.title}</div>
        <div class="emoji-grid">${group.emoji.map(
          (emoji) => html`<button type="button" class="emoji-choice"
          key=${emoji.name} tabindex="-1"
          aria-label=${emoji.name.replaceAll("_", " ")} title=${`:${emoji.name}:`} onClick=${() => onPick(emoji.name)}>${emoji.char}</button>`,
        )}</div>
        ${!group.emoji.length && html`<div class="listbox-hint">No emoji of that name.</div>`}
      </div>`,
      )}</div>
    </div>
  <//>`;
}

function Reactions({ message, react }) {
  const { state, me } = usePane();
  const [picking, setPicking] = useState(false);
  const add = useRef(null);
  if (!message.reactions?.length) return null;
  return html`<div class="reactions">
    ${message.reactions.map(({ name, count, users }) => {
      const mine = users.includes(me);
      const who = users.map((user) => (user === me ? "you" : nameOf(state, user))).join(", ");
      return html`<button type="button" key=${name} class=${classes("reaction", mine && "mine")} aria-pressed=${mine}
        aria-label=${`${name.replaceAll("_", " ")}, ${count}: ${who}`} title=${`${who} reacted with :${name}:`}
        onClick=${() => react(name, mine)}><span
          class="emoji">${emojiChar(name) ?? `:${name}:`}</span> ${count}</button>`;
    })}
    <button ref=${add} type="button" class="reaction add" aria-label="Add another reaction" title="Add another reaction"
      onClick=${() => setPicking(!picking)}><${Icon} name="smile" size=${16} /></button>
    ${
      picking &&
      html`<${EmojiPicker} anchor=${add} onClose=${() => setPicking(false)} onPick=${(name) => {
        setPicking(false);
        react(
          name,
          message.reactions.some((one) => one.name === name && one.users.includes(me)),
        );
      }} />`
    }
  </div>`;
}

const size = (bytes) =>
  bytes >= 1_048_576
    ? `${(bytes / 1_048_576).toFixed(1)} MB`
    : bytes >= 1024
      ? `${Math.round(bytes / 1024)} KB`
      : `${bytes} bytes`;

function Files({ files }) {
  if (!files?.length) return null;
  return html`<div class="files">${files.map((file) => {
    const name = file.title || file.name;
    const href =
      /^https?:\/\//i.test(file.url_private ?? "") || file.url_private?.startsWith("/") ? file.url_private : undefined;
    const picture = file.mimetype?.startsWith("image/") && href;
    return html`<a key=${file.id} class=${classes("file", picture && "file-picture")} href=${href} target="_blank"
      rel="noopener noreferrer">
      ${
        picture
          ? html`<${Picture} url=${href} alt=${name} />`
          : html`<span class="file-icon"><${Icon} name="file"
        size=${24} /></span>`
      }
      <span class="file-words"><strong>${name}</strong><small>${[file.mimetype, file.size !== undefined && size(file.size)].filter(Boolean).join(" · ")}</small></span>
    </a>`;
  })}</div>`;
}

function Attachment({ attachment, container, formKey }) {
  const colour =
    { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" }[attachment.color] ??
    (attachment.color ? `#${attachment.color.replace("#", "")}` : undefined);
  const {
    pretext,
    author_name: authorName,
    title,
    title_link: link,
    text,
    fields,
    blocks,
    footer,
    fallback,
    image_url: image,
  } = attachment;
  const bare = !blocks && !text && !title && !fields && !image;
  return html`<div class="attachment">
    ${pretext && html`<${Mrkdwn} text=${pretext} />`}
    <div class="attachment-body"><span class="attachment-bar" style=${{ background: colour }}></span><div>
      ${authorName && html`<div class="attachment-author">${authorName}</div>`}
      ${title && html`<div class="attachment-title"><${Mrkdwn} text=${link ? `<${link}|${title}>` : title} /></div>`}
      ${text && html`<${Mrkdwn} text=${text} />`}
      ${
        fields &&
        html`<div class="fields">${fields.map(
          (field) => html`<div
        class="field"><strong>${field.title}</strong><${Mrkdwn} text=${field.value} /></div>`,
        )}</div>`
      }
      ${blocks && html`<${Blocks} blocks=${blocks} container=${container} formKey=${formKey} />`}
      ${image && html`<${Picture} url=${image} alt=${fallback ?? ""} class="image-large" />`}
      ${bare && fallback && html`<${Mrkdwn} text=${fallback} />`}
      ${footer && html`<div class="attachment-footer">${footer}</div>`}
    </div></div>
  </div>`;
}

function Edit({ message, onDone }) {
  const { state, session } = usePane();
  const known = {
    userName: (id) => state.users[id]?.name ?? id,
    channelName: (id) => state.channels[id]?.name ?? id,
    groupName: (id) => state.usergroups.find((group) => group.id === id)?.handle ?? id,
  };
  const [text, setText] = useState(() => asTyped(message.text, known));
  const area = useRef(null);
  useEffect(() => {
    area.current.focus();
    area.current.setSelectionRange(text.length, text.length);
  }, []);
  const save = async () => {
    if (!text.trim()) return;
    if (await session.tell("edit", { channel: message.channel, ts: message.ts, text })) onDone();
  };
  const onKeyDown = (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      onDone();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      save();
    }
  };
  return html`<div class="edit">
    <textarea ref=${area} class="text-input" rows=${Math.min(8, text.split("\n").length + 1)} aria-label="Edit message"
      value=${text}
      onInput=${(event) => setText(event.target.value)} onKeyDown=${onKeyDown}></textarea>
    <div class="edit-buttons"><button type="button" class="button small" onClick=${onDone}>Cancel</button>
      <button type="button" class="button primary small" disabled=${!text.trim()} onClick=${save}>Save</button></div>
  </div>`;
}

function Toolbar({ message, react, onEdit, inThread, pickerOpen, onPicker }) {
  const { state, session, me, go, confirm } = usePane();
  const smile = useRef(null);
  const { channel, ts } = message;
  if (message.ephemeral) return null;
  const own = message.user === me && !isApp(message);
  const mine = (name) => message.reactions?.some((one) => one.name === name && one.users.includes(me));
  const remove = async () => {
    const sure = await confirm({
      title: "Delete message",
      text: "This message will be gone for everyone in the conversation.",
      confirm: "Delete",
      deny: "Cancel",
      style: "danger",
    });
    if (sure) session.tell("delete", { channel, ts });
  };
  const shortcuts = state.shortcuts.filter((one) => one.type === "message");
  const items = [
    ...shortcuts.map((one) => ({
      key: one.callback_id,
      label: one.name,
      note: state.app.name,
      icon: "bolt",
      onSelect: () => session.tell("shortcut", { callback_id: one.callback_id, channel, ts }),
    })),
    ...(own
      ? [
          { label: "Edit message", icon: "pencil", onSelect: onEdit },
          { label: "Delete message", icon: "trash", danger: true, onSelect: remove },
        ]
      : []),
    { label: "Copy link", icon: "link", onSelect: () => copyLink(session, message) },
  ];
  return html`<div class="toolbar" role="toolbar" aria-label="Message actions">
    ${QUICK.map(
      (name) => html`<button type="button" key=${name} class="icon-button quick"
      aria-label=${`React with ${name.replaceAll("_", " ")}`} title=${`:${name}:`}
      onClick=${() => react(name, mine(name))}>${emojiChar(name)}</button>`,
    )}
    <span><button ref=${smile} type="button" class="icon-button" aria-label="Add a reaction" title="Add a reaction"
      onClick=${() => onPicker(!pickerOpen)}><${Icon} name="smile" /></button>
    ${
      pickerOpen &&
      html`<${EmojiPicker} anchor=${smile} onClose=${() => onPicker(false)} onPick=${(name) => {
        onPicker(false);
        react(name, mine(name));
      }} />`
    }</span>
    ${
      !inThread &&
      html`<${IconButton} icon="reply" label="Reply in thread"
      onClick=${() => go(channel, { thread: isRoot(message) ? ts : message.thread_ts })} />`
    }
    <${Menu} label="More actions for this message" class="icon-button" trigger=${html`<${Icon} name="dots" />`}
      items=${items} alignEnd />
  </div>`;
}

async function copyLink(session, { channel, ts, thread_ts: thread }) {
  const link = new URL(`/?user=${session.user}&channel=${channel}&thread=${thread ?? ts}`, location.href).href;
  try {
    await navigator.clipboard.writeText(link);
    session.toast("info", "Link copied.");
  } catch {
    session.toast("info", link);
  }
}

function ThreadSummary({ message }) {
  const { state, me, tz, go, seenThreads } = usePane();
  const known = replies(state, message.channel, message.ts).filter((one) => !one.ephemeral);
  const count = message.reply_count ?? known.length;
  if (!count) return null;
  const people = message.reply_users ?? [...new Set(known.map((one) => one.user))];
  const latest = message.latest_reply ?? known.at(-1)?.ts;
  const fresh =
    latest && known.at(-1)?.user !== me && latest > (seenThreads.get(`${message.channel} ${message.ts}`) ?? "");
  return html`<button type="button" class="thread-summary" onClick=${() => go(message.channel, { thread: message.ts })}>
    ${people.slice(0, 4).map((user) => html`<${Avatar} key=${user} user=${user} size=${24} />`)}
    <strong>${count} ${count === 1 ? "reply" : "replies"}</strong>
    ${fresh && html`<span class="fresh">New</span>`}
    ${latest && html`<small>Last reply ${slackDate(Number(latest), "{date_short_pretty} at {time}", tz, { midSentence: true })}</small>`}
  </button>`;
}

function Body({ message, formKey }) {
  const edited = message.edited && !isApp(message) ? html`<span class="edited"> (edited)</span>` : null;
  const container = { type: message.ephemeral ? "ephemeral" : "message", channel: message.channel, ts: message.ts };
  if (message.subtype === "tombstone") return html`<div class="gone">This message was deleted.</div>`;
  const blocks = message.blocks?.length ? message.blocks : null;
  const typed = blocks?.length === 1 && blocks[0].type === "rich_text" && !isApp(message);
  return html`
    ${typed && html`<${RichText} elements=${blocks[0].elements} tail=${edited} />`}
    ${blocks && !typed && html`<${Blocks} blocks=${blocks} container=${container} formKey=${formKey} />`}
    ${!blocks && message.text && html`<${Mrkdwn} text=${message.text} tail=${edited} jumbo />`}
    ${message.attachments?.map(
      (attachment, index) => html`<${Attachment} key=${index} attachment=${attachment}
      container=${container} formKey=${`${formKey} ${index}`} />`,
    )}
    <${Files} files=${message.files} />`;
}

/** One message. `compact` leaves out name and picture, when it follows another one of the same author. */
export function Message({ message, compact = false, inThread = false, tabbable = false, marked = false }) {
  const { state, session, tz, go } = usePane();
  const [touched, setTouched] = useState(false);
  const [editing, setEditing] = useState(false);
  const [picking, setPicking] = useState(false);
  const row = useRef(null);
  const { ts, channel } = message;
  const name = author(state, message);
  const time = timeOfDay(Number(ts), tz);
  const stamp = html`<time class="stamp" dateTime=${new Date(Number(ts) * 1000).toISOString()}
    title=${wholeMoment(Number(ts), tz)}>${time}</time>`;
  const react = (emoji, remove) =>
    session.tell("react", { channel, ts, name: emoji, ...(remove ? { remove: true } : {}) });
  const broadcast = message.subtype === "thread_broadcast" && !inThread;
  const root = broadcast && state.messages[channel]?.find((one) => one.ts === message.thread_ts);
  const onKeyDown = (event) => {
    if (event.target !== row.current) return;
    if (event.key === "e" && message.user === session.user && !isApp(message)) {
      event.preventDefault();
      setEditing(true);
    }
  };
  return html`<article ref=${row}
    class=${classes("message", compact && "compact", message.ephemeral && "ephemeral", marked && "marked", QUIET.has(message.subtype) && "quiet")}
      data-ts=${ts} data-channel=${channel} tabindex=${tabbable ? 0 : -1} aria-label=${`${name}, ${time}${message.ephemeral ? ", only visible to you" : ""}`}
      onMouseEnter=${() => setTouched(true)} onMouseLeave=${() => setTouched(false)}
      onfocusin=${() => setTouched(true)} onfocusout=${(event) => !row.current?.contains(event.relatedTarget) && setTouched(false)} onKeyDown=${onKeyDown}>
    ${message.ephemeral && html`<div class="only-you"><${Icon} name="eye" size=${14} /> Only visible to you</div>`}
    ${
      broadcast &&
      html`<div class="replied-to">replied to a thread: <button type="button" class="link-button"
      onClick=${() => go(channel, { thread: message.thread_ts })}>${root ? gist(root, 60) : "the thread"}</button></div>`
    }
    <div class="gutter">${
      compact
        ? stamp
        : html`<${Avatar} user=${message.user}
      emoji=${message.icons?.emoji?.replaceAll(":", "")} />`
    }</div>
    <div class="content">
      ${
        !compact &&
        html`<div class="byline"><strong class="name">${name}</strong>${
          isApp(message) &&
          html`<span
        class="badge-app">APP</span>`
        } ${stamp}</div>`
      }
      ${
        editing
          ? html`<${Edit} message=${message} onDone=${() => {
              setEditing(false);
              row.current?.focus();
            }} />`
          : html`<${Body} message=${message} formKey=${`message ${channel} ${ts}`} />`
      }
      <${Reactions} message=${message} react=${react} />
      ${
        message.ephemeral &&
        html`<div class="ephemeral-foot"><button type="button" class="link-button"
        onClick=${() => session.dropEphemeral(message)}>Dismiss</button></div>`
      }
      ${!inThread && isRoot(message) && html`<${ThreadSummary} message=${message} />`}
    </div>
    ${
      (touched || picking) &&
      !editing &&
      html`<${Toolbar} message=${message} react=${react} inThread=${inThread}
      pickerOpen=${picking} onPicker=${setPicking} onEdit=${() => setEditing(true)} />`
    }
  </article>`;
}

const follows = (before, message) =>
  before &&
  before.user === message.user &&
  before.username === message.username &&
  !before.ephemeral &&
  !message.ephemeral &&
  !QUIET.has(before.subtype) &&
  !QUIET.has(message.subtype) &&
  before.subtype !== "tombstone" &&
  message.subtype !== "thread_broadcast" &&
  Number(message.ts) - Number(before.ts) < GROUPING;

const Day = ({ title }) => html`<div class="day" role="separator" aria-label=${title}><span>${title}</span></div>`;

/**
 * A scrolling list of messages that stays at its end, with the days between and the line above the first unread one.
 */
export function MessageList({
  messages: all,
  label,
  empty,
  inThread = false,
  firstUnread = null,
  marked = null,
  head = null,
}) {
  const { state, me, tz } = usePane();
  const box = useRef(null);
  const atEnd = useRef(true);
  const top = useRef(0); // where it was scrolled to
  const [below, setBelow] = useState(0);
  const [current, setCurrent] = useState(null);
  const [pages, setPages] = useState(1);
  const messages = marked ? all : all.slice(-PAGE * pages);
  const last = all.at(-1)?.ts;
  const count = all.length;
  const seen = useRef(count);

  useLayoutEffect(() => {
    const list = box.current;
    if (marked) list.querySelector(`[data-ts="${marked}"]`)?.scrollIntoView({ block: "center" });
    else list.scrollTop = list.scrollHeight;
    const watcher = new ResizeObserver(() => {
      if (atEnd.current) list.scrollTop = list.scrollHeight;
    });
    watcher.observe(list);
    watcher.observe(list.firstElementChild);
    return () => watcher.disconnect();
  }, [marked]);
  const toEnd = () => {
    box.current.scrollTop = box.current.scrollHeight;
    setBelow(0);
  };
  useEffect(() => {
    const newest = all.at(-1);
    if (count > seen.current && newest.user === me && !newest.ephemeral) toEnd();
    else if (!atEnd.current && count > seen.current) setBelow((known) => known + count - seen.current);
    seen.current = count;
  }, [last, count]);

  const onScroll = () => {
    const { scrollTop, clientHeight, scrollHeight } = box.current;
    // What grows below is no reason to leave the end: a person leaves it by scrolling up.
    const stays = atEnd.current && scrollTop >= top.current;
    atEnd.current = stays || scrollHeight - scrollTop - clientHeight < 40;
    top.current = scrollTop;
    if (atEnd.current && below) setBelow(0);
  };
  const onKeyDown = (event) => {
    if (event.target.matches?.(".message")) arrowKeys(event, box.current, ".message");
  };
  const tab = messages.some((one) => one.ts === current) ? current : last;
  let day = null;
  return html`<div class="message-frame">
    <div class="messages" ref=${box} role="log" aria-label=${label} aria-relevant="additions" tabindex="-1"
      onScroll=${onScroll} onKeyDown=${onKeyDown}
      onfocusin=${(event) => {
        const row = event.target.closest(".message");
        if (row && row.dataset.ts !== current) setCurrent(row.dataset.ts);
      }}>
      <div class="message-stack">
        ${head}
        ${
          messages.length < count &&
          html`<button type="button" class="button small earlier"
          onClick=${() => setPages(pages + 1)}>Show earlier messages</button>`
        }
        ${!messages.length && empty}
        ${messages.flatMap((message, index) => {
          const own = dayKey(Number(message.ts), tz);
          const newDay = own !== day;
          day = own;
          const unreadHere = firstUnread === message.ts;
          return html`
            ${newDay && !inThread && html`<${Day} key=${`day ${own}`} title=${dayTitle(Number(message.ts), tz)} />`}
            ${
              unreadHere &&
              html`<div class="unread-line" role="separator" aria-label="New messages"
              key="unread"><span>New</span></div>`
            }
            <${Message} key=${`${message.ephemeral ? "e" : "m"} ${message.ts}`} message=${message} inThread=${inThread}
              marked=${marked === message.ts}
              compact=${!newDay && !unreadHere && follows(messages[index - 1], message)} tabbable=${message.ts === tab} />`;
        })}
      </div>
    </div>
    ${
      below > 0 &&
      html`<button type="button" class="to-end" onClick=${toEnd}><${Icon} name="down"
      size=${16} /> ${below} new ${below === 1 ? "message" : "messages"}</button>`
    }
  </div>`;
}
