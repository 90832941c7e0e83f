// The searchable select behind every Slack menu element: one or several choices, fixed or fetched as one types.

import { Avatar, Icon, Popup, classes, html, useEffect, useId, useRef, useState } from "./ui.js";

const FETCH_DELAY = 200;

/** Fetches groups of choices for the query as one types; null while there is nothing to show yet. */
function useFetched(load, query, open, least) {
  const [fetched, setFetched] = useState(null);
  useEffect(() => {
    if (!load || !open || query.length < least) {
      setFetched(null);
      return undefined;
    }
    let stale = false;
    const timer = setTimeout(
      async () => {
        const groups = await load(query);
        if (!stale) setFetched(groups ?? []);
      },
      query ? FETCH_DELAY : 0,
    );
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [query, open]);
  return fetched;
}

/**
 * `groups`: [{label?, choices: [{key, words, note?, avatar?, ...}]}]; `chosen`: list of choices; `onChange` gets the
 * new list.
 * `load(query)` answers groups and replaces the search in `groups`.
 */
export function Select({
  groups,
  chosen,
  onChange,
  multiple = false,
  limit,
  placeholder,
  load,
  least = 0,
  id,
  label,
  describedBy,
  invalid,
  clearable,
  disabled,
  autofocus,
}) {
  const [open, setOpen] = useState(false);
  const [query, setQuery] = useState(null);
  const [active, setActive] = useState(0);
  const box = useRef(null);
  const input = useRef(null);
  const listId = useId("list");
  const fetched = useFetched(load, query ?? "", open, least);

  const wanted = (query ?? "").trim().toLowerCase();
  const shown = (load ? (fetched ?? []) : groups)
    .map((group) => ({
      ...group,
      choices:
        load || !wanted ? group.choices : group.choices.filter((choice) => choice.words.toLowerCase().includes(wanted)),
    }))
    .filter((group) => group.choices.length);
  const flat = shown.flatMap((group) => group.choices);
  const isChosen = (choice) => chosen.some((one) => one.key === choice.key);
  const full = multiple && limit && chosen.length >= limit;

  const show = () => {
    if (open || disabled) return;
    setOpen(true);
    const at = multiple ? -1 : flat.findIndex(isChosen);
    setActive(Math.max(0, at));
  };
  const hide = () => {
    setOpen(false);
    setQuery(null);
  };
  const pick = (choice) => {
    if (!multiple) {
      onChange([choice]);
      hide();
    } else if (isChosen(choice)) {
      onChange(chosen.filter((one) => one.key !== choice.key));
    } else if (!full) {
      onChange([...chosen, choice]);
      setQuery(null);
    }
    input.current?.focus();
  };
  const onKeyDown = (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) show();
      else setActive((active + (event.key === "ArrowDown" ? 1 : -1) + flat.length) % (flat.length || 1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (!open) show();
      else if (flat[active]) pick(flat[active]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      hide();
    } else if (event.key === "Tab") {
      hide();
    } else if (event.key === "Backspace" && multiple && !query && chosen.length) {
      onChange(chosen.slice(0, -1));
    }
  };
  const optionId = (index) => `${listId}-${index}`;
  useEffect(() => {
    if (open) document.getElementById(optionId(active))?.scrollIntoView({ block: "nearest" });
  }, [active, open]);

  const hint =
    (query ?? "").length < least
      ? `Type ${least} character${least === 1 ? "" : "s"} to search.`
      : load && fetched === null
        ? "Searching…"
        : "Nothing found.";
  let index = -1;
  const single = multiple ? null : chosen[0];
  return html`<span class=${classes("select", multiple && "multiple", invalid && "invalid", disabled && "disabled")}
    ref=${box}
      onClick=${() => input.current.focus()}>
    ${
      multiple &&
      chosen.map(
        (choice) => html`<span class="chip" key=${choice.key}>
      ${choice.avatar && html`<${Avatar} user=${choice.avatar} size=${18} />`}${choice.words}
      <button type="button" aria-label=${`Remove ${choice.words}`}
        onClick=${() => onChange(chosen.filter((one) => one.key !== choice.key))}>
        <${Icon} name="close" size=${12} /></button></span>`,
      )
    }
    ${single?.avatar && query === null && html`<${Avatar} user=${single.avatar} size=${20} />`}
    <input ref=${input} id=${id} type="text" role="combobox" autocomplete="off" spellcheck=${false} disabled=${disabled}
      aria-label=${label} aria-expanded=${open} aria-controls=${listId} aria-autocomplete="list" aria-invalid=${invalid}
      aria-describedby=${describedBy} aria-activedescendant=${open && flat.length ? optionId(active) : undefined} data-autofocus=${autofocus}
      placeholder=${multiple && chosen.length ? "" : placeholder} value=${query ?? single?.words ?? ""}
      size=${Math.max(4, (query ?? single?.words ?? (chosen.length ? "" : placeholder) ?? "").length)}
      onClick=${show} onKeyDown=${onKeyDown}
      onBlur=${(event) => {
        if (!box.current?.contains(event.relatedTarget)) hide();
      }}
      onInput=${(event) => {
        setQuery(event.target.value);
        setActive(0);
        setOpen(true);
      }} />
    ${
      clearable &&
      single &&
      html`<button type="button" class="select-clear" aria-label="Clear" onClick=${(event) => {
        event.stopPropagation();
        onChange([]);
      }}><${Icon} name="close" size=${14} /></button>`
    }
    <span class="select-arrow" onMouseDown=${(event) => {
      event.preventDefault();
      if (open) hide();
      else show();
    }}><${Icon} name="down" size=${16} /></span>
    ${
      open &&
      html`<${Popup} anchor=${box} onClose=${hide} matchWidth class="listbox"
      onMouseDown=${(event) => event.preventDefault()}>
      <div role="listbox" id=${listId} aria-label=${label ?? placeholder ?? "Choices"} aria-multiselectable=${multiple}>
        ${shown.map(
          (group) => html`<div role="group" key=${group.label ?? ""} aria-label=${group.label}>
          ${group.label && html`<div class="menu-heading" role="presentation">${group.label}</div>`}
          ${group.choices.map((choice) => {
            index += 1;
            const own = index;
            return html`<div role="option" id=${optionId(own)} key=${choice.key} aria-selected=${isChosen(choice)}
              class=${classes("option", own === active && "active")} onMouseMove=${() => own !== active && setActive(own)}
              onClick=${(event) => {
                event.stopPropagation();
                pick(choice);
              }}>
              ${choice.avatar && html`<${Avatar} user=${choice.avatar} size=${22} />`}
              <span class="menu-words"><span>${choice.words}</span>${choice.note && html`<small>${choice.note}</small>`}</span>
              ${isChosen(choice) && html`<${Icon} name="check" size=${16} />`}
            </div>`;
          })}
        </div>`,
        )}
        ${!flat.length && html`<div class="listbox-hint" role="status">${hint}</div>`}
      </div>
    <//>`
    }
  </span>`;
}
