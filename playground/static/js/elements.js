// Block Kit's interactive elements: what they look like, the value they carry, the action they send.

import { fromLocalInput, toLocalInput } from "./dates.js";
import { readFile, tooBig } from "./files.js";
import { nameOf } from "./store.js";
import { Select } from "./select.js";
import { InlineText, bare } from "./text.js";
import { Icon, Menu, classes, html, useEffect, useId, usePane, useRef, useState } from "./ui.js";

const clean = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

/** Slack's option as a choice of our select. */
const choiceOf = (option) => ({
  key: option.value,
  words: bare(option.text),
  note: option.description && bare(option.description),
  option,
});

const groupsOf = ({ options, option_groups: optionGroups }) =>
  optionGroups
    ? optionGroups.map((group) => ({ label: bare(group.label), choices: group.options.map(choiceOf) }))
    : [{ choices: (options ?? []).map(choiceOf) }];

function peopleGroups(state) {
  const people = Object.values(state.users).filter((user) => !user.deleted);
  return [
    {
      choices: people.map((user) => ({
        key: user.id,
        words: nameOf(state, user.id),
        note: user.title,
        avatar: user.id,
      })),
    },
  ];
}

function conversationGroups(state, { filter, channelsOnly }) {
  const include = channelsOnly ? ["public"] : (filter?.include ?? ["public", "private", "im"]);
  const kind = (channel) => (channel.is_im ? "im" : channel.is_private ? "private" : "public");
  const shown = Object.values(state.channels).filter(
    (channel) =>
      !channel.is_archived &&
      include.includes(kind(channel)) &&
      !(filter?.exclude_bot_users && state.users[channel.user]?.is_bot),
  );
  return [
    {
      choices: shown.map((channel) =>
        channel.is_im
          ? { key: channel.id, words: nameOf(state, channel.user), avatar: channel.user }
          : { key: channel.id, words: `#${channel.name}` },
      ),
    },
  ];
}

/** How each select type reads its choices and turns them back into a value. */
function selectShape(element, state, load) {
  const kind = element.type.replace("multi_", "");
  const found = (groups, key) =>
    groups.flatMap((group) => group.choices).find((choice) => choice.key === key) ?? { key, words: key };
  if (kind === "static_select" || kind === "external_select") {
    const external = kind === "external_select";
    return {
      groups: external ? [] : groupsOf(element),
      load: external ? load : undefined,
      toChoice: choiceOf,
      toValue: (choice) => choice.option,
    };
  }
  const groups =
    kind === "users_select"
      ? peopleGroups(state)
      : conversationGroups(state, { filter: element.filter, channelsOnly: kind === "channels_select" });
  return { groups, toChoice: (key) => found(groups, key), toValue: (choice) => choice.key };
}

function SelectElement({ element, value, onValue, load, ...rest }) {
  const { state } = usePane();
  const multiple = element.type.startsWith("multi_");
  const { groups, load: fetch, toChoice, toValue } = selectShape(element, state, load);
  const chosen = (multiple ? (value ?? []) : value ? [value] : []).map(toChoice);
  const least = fetch ? (element.min_query_length ?? 3) : 0;
  return html`<${Select} groups=${groups} chosen=${chosen} multiple=${multiple} limit=${element.max_selected_items}
    least=${least}
    load=${
      fetch &&
      (async (query) => {
        const answer = await fetch(query);
        return answer && groupsOf(answer);
      })
    }
    placeholder=${bare(element.placeholder) || "Choose an option"} autofocus=${element.focus_on_load}
    onChange=${(choices) => onValue(multiple ? choices.map(toValue) : choices[0] ? toValue(choices[0]) : null)} ...${rest} />`;
}

function TextInput({ element, value, onValue, onEnter, id, describedBy, invalid, disabled, label }) {
  const area = useRef(null);
  const multiline = Boolean(element.multiline);
  useEffect(() => {
    if (!multiline) return;
    area.current.style.height = "auto";
    area.current.style.height = `${Math.min(area.current.scrollHeight + 2, 320)}px`;
  }, [value, multiline]);
  const type = { email_text_input: "email", url_text_input: "url" }[element.type] ?? "text";
  const shared = {
    id,
    disabled,
    class: "text-input",
    "aria-label": label,
    "aria-describedby": describedBy,
    "aria-invalid": invalid,
    placeholder: bare(element.placeholder),
    value: value ?? "",
    "data-autofocus": element.focus_on_load,
    inputMode: element.type === "number_input" ? "decimal" : undefined,
    onInput: (event) => onValue(event.target.value),
    onKeyDown: (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || !onEnter) return;
      event.preventDefault();
      onEnter();
    },
  };
  const left = element.max_length ? element.max_length - (value ?? "").length : null;
  return html`<span class="text-holder">
    ${
      multiline
        ? html`<textarea ref=${area} rows="4" ...${shared}></textarea>`
        : html`<input ref=${area} type=${type}
      autocomplete="off" ...${shared} />`
    }
    ${
      left !== null &&
      left <= Math.max(20, element.max_length * 0.1) &&
      html`<span
      class=${classes("count", left < 0 && "over")} aria-live="polite">${left}</span>`
    }
  </span>`;
}

/** Plain text in a rich text value: the page has no formatting bar. */
function RichTextInput({ value, onValue, ...rest }) {
  const text = (part) => part.text ?? (part.elements ?? []).map(text).join("");
  const rich = (words) => ({
    type: "rich_text",
    elements: [{ type: "rich_text_section", elements: [{ type: "text", text: words }] }],
  });
  return html`<${TextInput} ...${rest} element=${{ ...rest.element, multiline: true }} value=${value ? text(value) : ""}
    onValue=${(words) => onValue(words ? rich(words) : null)} />`;
}

function FileInput({ element, value, onValue, id, describedBy, disabled, label }) {
  const [trouble, setTrouble] = useState("");
  const chooser = useRef(null);
  const files = value ?? [];
  const most = element.max_files ?? 10;
  const choose = async (event) => {
    const chosen = [...event.target.files];
    event.target.value = "";
    setTrouble(chosen.map(tooBig).find(Boolean) ?? "");
    const read = await Promise.all(chosen.filter((file) => !tooBig(file)).map(readFile));
    onValue([...files, ...read].slice(0, most));
  };
  return html`<div class="file-input">
    ${files.map(
      (file) => html`<span class="chip" key=${file.name}><${Icon} name="file" size=${14} /> ${file.name}
      <button type="button" aria-label=${`Remove ${file.name}`} disabled=${disabled}
        onClick=${() => onValue(files.filter((one) => one !== file))}><${Icon} name="close" size=${12} /></button></span>`,
    )}
    <button type="button" class="button" id=${id} aria-label=${label} aria-describedby=${describedBy}
      disabled=${disabled || files.length >= most} onClick=${() => chooser.current.click()}><${Icon} name="plus"
        size=${16} /> ${most > 1 ? "Add files" : "Add a file"}</button>
    <input ref=${chooser} type="file" hidden multiple=${most > 1} aria-label="Files to add"
      accept=${element.filetypes?.map((type) => `.${type}`).join()} onChange=${choose} />
    ${trouble && html`<div class="input-error" role="alert">${trouble}</div>`}
  </div>`;
}

function Choices({ element, value, onValue, labelledBy, describedBy, invalid, disabled, label }) {
  const name = useId("choices");
  const several = element.type === "checkboxes";
  const chosen = several ? (value ?? []) : value ? [value] : [];
  const has = (option) => chosen.some((one) => one.value === option.value);
  const toggle = (option) => {
    if (!several) onValue(option);
    else onValue(has(option) ? chosen.filter((one) => one.value !== option.value) : [...chosen, option]);
  };
  return html`<div class="choices" role=${several ? "group" : "radiogroup"} aria-labelledby=${labelledBy}
    aria-label=${labelledBy ? undefined : label}
    aria-describedby=${describedBy} aria-invalid=${invalid}>
    ${element.options.map(
      (option, index) => html`<label class="choice" key=${option.value}>
      <input type=${several ? "checkbox" : "radio"} name=${name} checked=${has(option)} disabled=${disabled}
        onChange=${() => toggle(option)}
        data-autofocus=${element.focus_on_load && index === 0} />
      <span><${InlineText} of=${option.text} />${
        option.description &&
        html`<small><${InlineText}
        of=${option.description} /></small>`
      }</span>
    </label>`,
    )}
  </div>`;
}

function Picker({ element, value, onValue, id, describedBy, invalid, disabled, label }) {
  const { tz } = usePane();
  const type = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local" }[element.type];
  const moment = element.type === "datetimepicker";
  const shown = moment ? (value ? toLocalInput(value, tz) : "") : (value ?? "");
  const changed = (event) => {
    const typed = event.target.value;
    onValue(typed ? (moment ? fromLocalInput(typed, tz) : typed) : null);
  };
  return html`<input class="text-input picker" type=${type} id=${id} aria-label=${label} aria-describedby=${describedBy}
    aria-invalid=${invalid}
    disabled=${disabled} value=${shown} onChange=${changed} data-autofocus=${element.focus_on_load} />`;
}

function Button({ element, act, busy, disabled }) {
  const words = bare(element.text);
  const style = classes("button", element.style);
  const content = html`${busy && html`<span class="spinner" aria-hidden="true"></span>`}<span><${InlineText}
    of=${element.text} /></span>`;
  if (element.url && /^https?:\/\//i.test(element.url)) {
    return html`<a class=${style} href=${element.url} target="_blank" rel="noopener noreferrer"
      aria-label=${element.accessibility_label}
      title=${words} onClick=${() => act()}>${content}</a>`;
  }
  return html`<button type="button" class=${style} aria-label=${element.accessibility_label} aria-busy=${busy}
    disabled=${disabled}
    onClick=${() => !busy && act()}>${content}</button>`;
}

function Overflow({ element, act, busy, disabled }) {
  const open = (option) => {
    if (option.url && /^https?:\/\//i.test(option.url)) globalThis.open(option.url, "_blank", "noopener,noreferrer");
    act({ selected_option: option });
  };
  const items = element.options.map((option) => ({
    key: option.value,
    label: bare(option.text),
    note: option.description && bare(option.description),
    onSelect: () => open(option),
  }));
  const trigger = busy
    ? html`<span class="spinner" aria-hidden="true"></span>`
    : html`<${Icon} name="dots"
    size=${18} />`;
  return html`<${Menu} label="More actions" class="button overflow" items=${items} trigger=${trigger} busy=${busy}
    disabled=${disabled} />`;
}

const DRAWN = {
  rich_text_input: RichTextInput,
  file_input: FileInput,
  plain_text_input: TextInput,
  email_text_input: TextInput,
  url_text_input: TextInput,
  number_input: TextInput,
  radio_buttons: Choices,
  checkboxes: Choices,
  datepicker: Picker,
  timepicker: Picker,
  datetimepicker: Picker,
  static_select: SelectElement,
  external_select: SelectElement,
  users_select: SelectElement,
  conversations_select: SelectElement,
  channels_select: SelectElement,
  multi_static_select: SelectElement,
  multi_external_select: SelectElement,
  multi_users_select: SelectElement,
  multi_conversations_select: SelectElement,
  multi_channels_select: SelectElement,
};

const isText = (type) => DRAWN[type] === TextInput || DRAWN[type] === RichTextInput;

/** The object as readable JSON: what is shown for a block or an element that this page cannot draw. */
export function Unknown({ what, object }) {
  return html`<figure class="unknown"><figcaption>${what} “${String(object?.type ?? "without a type")}”</figcaption>
    <pre tabindex="0">${JSON.stringify(object, null, 2)}</pre></figure>`;
}

/**
 * One element. `surface` is what its blocks share: {form, act(block, element, own, before), options(block, element,
 * query), busy, disabled, edited}.
 * `field` carries the ids of the input block around it; `dispatches` says whether a change is sent at once.
 */
export function Element({ block, element, surface, field = {}, dispatches = true }) {
  const { form, disabled } = surface;
  const busy = surface.busy.has(`${block.block_id} ${element.action_id}`);
  const label = field.id ? undefined : bare(element.placeholder) || element.accessibility_label || "Choice";
  if (element.type === "button") {
    return html`<${Button} element=${element} busy=${busy} disabled=${disabled}
      act=${() => surface.act(block, element, clean({ value: element.value }))} />`;
  }
  if (element.type === "overflow") {
    return html`<${Overflow} element=${element} busy=${busy} disabled=${disabled}
      act=${(own) => surface.act(block, element, own)} />`;
  }
  const Drawn = DRAWN[element.type];
  if (!Drawn) return html`<${Unknown} what="Element" object=${element} />`;

  const send = (before) => {
    const { type, ...own } = form.values[block.block_id][element.action_id];
    surface.act(block, element, own, before);
  };
  const onText = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const onValue = (content) => {
    const before = form.value(block, element);
    form.set(block, element, content);
    surface.edited(block);
    if (dispatches && (!isText(element.type) || onText.includes("on_character_entered"))) send(before);
  };
  const onEnter = isText(element.type) && dispatches && onText.includes("on_enter_pressed") ? () => send() : undefined;
  return html`<${Drawn} element=${element} value=${form.value(block, element)} onValue=${onValue} onEnter=${onEnter}
    label=${label}
    load=${(query) => surface.options(block, element, query)} disabled=${disabled} clearable=${block.type === "input" && block.optional} ...${field} />`;
}
