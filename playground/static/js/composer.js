// The box one writes in: messages, slash commands, completions of / @ # and :, files.

import { Refused } from "./api.js";
import { findEmoji } from "./emoji.js";
import { readFile, tooBig } from "./files.js";
import { EmojiPicker } from "./messages.js";
import { nameOf } from "./store.js";
import {
  Avatar,
  Icon,
  IconButton,
  Menu,
  Popup,
  classes,
  html,
  useEffect,
  useId,
  usePane,
  useRef,
  useState,
} from "./ui.js";

const MOST = 8;

function people(state, typed) {
  const fits = (...words) =>
    words.some(
      (word) =>
        word
          ?.toLowerCase()
          .split(/[\s.-]+/)
          .some((part) => part.startsWith(typed)) || word?.toLowerCase().startsWith(typed),
    );
  const users = Object.values(state.users).filter((user) => !user.deleted && fits(user.name, user.real_name));
  const groups = state.usergroups.filter((group) => fits(group.handle, group.name));
  const broadcasts = [
    ["here", "Notify everyone who is active here"],
    ["channel", "Notify everyone in this channel"],
  ];
  return [
    ...users.map((user) => ({
      insert: `@${user.name} `,
      avatar: user.id,
      words: nameOf(state, user.id),
      note: user.is_bot ? "App" : `@${user.name} · ${user.title}`,
    })),
    ...groups.map((group) => ({
      insert: `@${group.handle} `,
      icon: "people",
      words: `@${group.handle}`,
      note: group.name,
    })),
    ...broadcasts
      .filter(([word]) => fits(word))
      .map(([word, note]) => ({ insert: `@${word} `, icon: "people", words: `@${word}`, note })),
  ];
}

/** What could complete the text before the caret: {from, choices}, or null. Slack takes no commands in threads. */
function completions(state, text, caret, inThread) {
  const before = text.slice(0, caret);
  if (!inThread && /^\/\S*$/.test(before)) {
    const choices = state.commands
      .filter(({ command }) => command.startsWith(before))
      .map(({ command, description, usage_hint: hint }) => ({
        insert: `${command} `,
        icon: "bolt",
        words: hint ? `${command} ${hint}` : command,
        note: description,
      }));
    return { from: 0, choices };
  }
  const word = /(^|[\s(])([@#:])([\p{L}\p{N}._+'-]*)$/u.exec(before);
  if (!word) return null;
  const [, , sign, rest] = word;
  const from = caret - rest.length - 1;
  const typed = rest.toLowerCase();
  if (sign === "@") return { from, choices: people(state, typed) };
  if (sign === "#") {
    const channels = Object.values(state.channels).filter((one) => !one.is_im && one.name.startsWith(typed));
    return {
      from,
      choices: channels.map((one) => ({
        insert: `#${one.name} `,
        icon: one.is_private ? "lock" : "hash",
        words: one.name,
        note: one.topic,
      })),
    };
  }
  if (typed.length < 2) return null;
  return {
    from,
    choices: findEmoji(typed, MOST).map((emoji) => ({
      insert: `:${emoji.name}: `,
      char: emoji.char,
      words: `:${emoji.name}:`,
    })),
  };
}

/** `draftKey` is where the unsent text is kept; `prefill` {key, text, number} puts a text in from outside. */
export function Composer({ channel, thread, draftKey, label, placeholder, prefill, autofocus, onSent, onEditLast }) {
  const { session, state } = usePane();
  const [text, setText] = useState(session.drafts.get(draftKey) ?? "");
  const [caret, setCaret] = useState(0);
  const [active, setActive] = useState(0);
  const [hushed, setHushed] = useState(null); // the text for which Escape closed the completions
  const [files, setFiles] = useState([]);
  const [trouble, setTrouble] = useState("");
  const [broadcast, setBroadcast] = useState(false);
  const [picking, setPicking] = useState(false);
  const area = useRef(null);
  const box = useRef(null);
  const chooser = useRef(null);
  const smile = useRef(null);
  const listId = useId("complete");

  const write = (words, at = words.length) => {
    setText(words);
    setCaret(at);
    session.drafts.set(draftKey, words);
  };
  /** Writes for the person and puts the caret there at once, so that the next key lands behind it. */
  const put = (words, at = words.length) => {
    area.current.value = words;
    area.current.focus();
    area.current.setSelectionRange(at, at);
    write(words, at);
  };
  useEffect(() => {
    if (prefill?.key !== draftKey) return;
    put(prefill.text);
  }, [prefill?.number]);
  useEffect(() => {
    const busy = document.activeElement; // somebody may be typing on the other side
    const elsewhere = busy?.matches("input, textarea") && busy.closest(".pane") !== area.current.closest(".pane");
    if (autofocus && !elsewhere && matchMedia("(hover: hover)").matches) area.current.focus();
  }, []);
  useEffect(() => {
    area.current.style.height = "auto";
    area.current.style.height = `${Math.min(area.current.scrollHeight, 240)}px`;
  }, [text]);

  const found = hushed === text ? null : completions(state, text, caret, Boolean(thread));
  const choices = found?.choices.slice(0, MOST) ?? [];
  const complete = (choice) => {
    put(text.slice(0, found.from) + choice.insert + text.slice(caret), found.from + choice.insert.length);
    setActive(0);
  };

  const attach = (list) => {
    const chosen = [...list];
    setTrouble(chosen.map(tooBig).find(Boolean) ?? "");
    setFiles([...files, ...chosen.filter((file) => !tooBig(file))]);
  };

  const perform = async (words, attached) => {
    const command = /^\/\S+/.exec(words)?.[0];
    if (command && !attached.length) {
      const rest = words.slice(command.length).trim();
      await session.act("command", { channel, command, text: rest, ...(thread ? { thread_ts: thread } : {}) });
      return;
    }
    const body = {
      channel,
      text: words,
      ...(thread ? { thread_ts: thread } : {}),
      ...(thread && broadcast ? { broadcast: true } : {}),
    };
    if (attached.length) body.files = await Promise.all(attached.map(readFile));
    const answer = await session.act("message", body);
    setBroadcast(false);
    onSent?.(answer);
  };
  const send = async () => {
    const words = text.trim();
    if (!words && !files.length) return;
    const attached = files;
    write("");
    setFiles([]);
    setTrouble("");
    try {
      await perform(words, attached);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setTrouble(error.message);
      session.told(error.message);
      setFiles(attached);
      if (!session.drafts.get(draftKey)) write(words);
    }
  };

  const onKeyDown = (event) => {
    if (event.isComposing) return;
    if (choices.length) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        setActive((active + step + choices.length) % choices.length);
        return;
      }
      const exact = choices[active]?.insert.trim() === text.slice(found.from, caret);
      if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && !exact)) {
        event.preventDefault();
        complete(choices[active] ?? choices[0]);
        return;
      }
      if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        setHushed(text);
        return;
      }
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && !text && onEditLast) {
      if (onEditLast()) event.preventDefault();
    }
  };
  const follow = (event) => setCaret(event.target.selectionStart);

  const isDirect = Boolean(state.channels[channel]?.is_im);
  const shortcuts = state.shortcuts.filter((one) => one.type === "global");
  const plus = [
    { label: "Upload a file", icon: "file", onSelect: () => chooser.current.click() },
    ...(shortcuts.length ? [{ heading: "Shortcuts" }] : []),
    ...shortcuts.map((one) => ({
      key: one.callback_id,
      label: one.name,
      note: one.description,
      icon: "bolt",
      onSelect: () => session.tell("shortcut", { callback_id: one.callback_id }),
    })),
    ...(state.commands.length && !thread ? [{ heading: "Commands" }] : []),
    ...(thread
      ? []
      : state.commands.map((one) => ({
          key: one.command,
          label: one.command,
          note: one.description,
          icon: "bolt",
          onSelect: () => put(`${one.command} `),
        }))),
  ];
  const optionId = (index) => `${listId}-${index}`;
  return html`<div class="composer-holder">
    ${trouble && html`<div class="trouble" role="alert">${trouble}</div>`}
    <div class="composer" ref=${box} onDragOver=${(event) => event.preventDefault()} onDrop=${(event) => {
      event.preventDefault();
      attach(event.dataTransfer.files);
    }}>
      <textarea ref=${area} rows="1" aria-label=${label} placeholder=${placeholder} value=${text} role="combobox"
        aria-autocomplete="list"
        aria-expanded=${choices.length > 0} aria-controls=${listId} aria-activedescendant=${choices.length ? optionId(active) : undefined}
        onInput=${(event) => {
          write(event.target.value, event.target.selectionStart);
          setActive(0);
          setTrouble("");
        }}
        onKeyDown=${onKeyDown} onKeyUp=${follow} onClick=${follow}
        onPaste=${(event) => {
          if (!event.clipboardData.files.length) return;
          event.preventDefault();
          attach(event.clipboardData.files);
        }}></textarea>
      ${
        files.length > 0 &&
        html`<div class="attached">${files.map(
          (file) => html`<span class="chip"
        key=${file.name}><${Icon} name="file" size=${14} /> ${file.name}
        <button type="button" aria-label=${`Remove ${file.name}`}
          onClick=${() => setFiles(files.filter((one) => one !== file))}><${Icon} name="close"
            size=${12} /></button></span>`,
        )}</div>`
      }
      <div class="composer-bar">
        <${Menu} label="Attach a file or run a shortcut" class="icon-button" trigger=${html`<${Icon} name="plus" />`}
          items=${plus} above />
        <button ref=${smile} type="button" class="icon-button" aria-label="Insert an emoji" title="Insert an emoji"
          onClick=${() => setPicking(!picking)}><${Icon} name="smile" /></button>
        <button type="button" class="icon-button at" aria-label="Mention someone" title="Mention someone"
          onClick=${() => {
            const words = `${text.slice(0, caret)}${/\S$/.test(text.slice(0, caret)) ? " " : ""}@`;
            put(words + text.slice(caret), words.length);
          }}>@</button>
        ${
          thread &&
          html`<label class="also"><input type="checkbox" checked=${broadcast}
          onChange=${(event) => setBroadcast(event.target.checked)} /> ${isDirect ? "Also send as direct message" : "Also send to the channel"}</label>`
        }
        <span class="grow"></span>
        <${IconButton} icon="send" label="Send" class=${classes("send", (text.trim() || files.length) && "ready")}
          onClick=${send} />
      </div>
      <input ref=${chooser} type="file" multiple hidden aria-label="Files to upload" onChange=${(event) => {
        attach(event.target.files);
        event.target.value = "";
      }} />
      ${
        picking &&
        html`<${EmojiPicker} anchor=${smile} onClose=${() => setPicking(false)} onPick=${(name) => {
          setPicking(false);
          const words = `${text.slice(0, caret)}:${name}: `;
          put(words + text.slice(caret), words.length);
        }} />`
      }
      ${
        choices.length > 0 &&
        html`<${Popup} anchor=${box} above matchWidth onClose=${() => setHushed(text)}
        class="listbox completions" onMouseDown=${(event) => event.preventDefault()}>
        <div role="listbox" id=${listId} aria-label="Completions">
          ${choices.map(
            (choice, index) => html`<div role="option" id=${optionId(index)} key=${choice.insert}
            aria-selected=${index === active}
            class=${classes("option", index === active && "active")} onMouseMove=${() => index !== active && setActive(index)} onClick=${() => complete(choice)}>
            ${choice.avatar && html`<${Avatar} user=${choice.avatar} size=${22} />`}${
              choice.icon &&
              html`<${Icon}
              name=${choice.icon} size=${18} />`
            }
            ${choice.char && html`<span class="emoji">${choice.char}</span>`}
            <span class="menu-words across"><span>${choice.words}</span>${choice.note && html`<small>${choice.note}</small>`}</span>
          </div>`,
          )}
        </div>
        <div class="listbox-foot"
          aria-hidden="true"><kbd>↑</kbd><kbd>↓</kbd> choose · <kbd>Enter</kbd> complete · <kbd>Esc</kbd> close</div>
      <//>`
      }
    </div>
  </div>`;
}
