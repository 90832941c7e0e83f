// The page's small parts: preact's names, what a pane tells its children, avatars, icons, popups, menus and dialogs.

import {
  createContext,
  html,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "../vendor/htm-preact-3.1.1.module.js";
import { emojiChar } from "./emoji.js";
import { nameOf } from "./store.js";

export { html, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState };

/**
 * What everything inside a pane may use: {session, state, me, tz, go(address, options), confirm(object), here}.
 * `go` shows a conversation; `confirm` asks with a Slack confirm object and answers true or false.
 */
export const PaneContext = createContext(null);
export const usePane = () => useContext(PaneContext);

let lastId = 0;
export function useId(prefix) {
  return useMemo(() => {
    lastId += 1;
    return `${prefix}-${lastId}`;
  }, []);
}

/** Draws the component again every `milliseconds` while `on`. */
export function useTick(milliseconds, on = true) {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!on) return undefined;
    const timer = setInterval(() => tick((count) => count + 1), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds, on]);
}

export const classes = (...names) => names.filter(Boolean).join(" ");

const ICONS = {
  hash: "M7 3 5.5 17M14.5 3 13 17M3.5 7.5h14M2.5 12.5h14",
  lock: "M5 9h10v8H5zM7 9V6.5a3 3 0 0 1 6 0V9",
  plus: "M10 4v12M4 10h12",
  close: "M5 5l10 10M15 5 5 15",
  back: "M12.5 4.5 7 10l5.5 5.5",
  down: "M5.5 8 10 12.5 14.5 8",
  menu: "M3 5.5h14M3 10h14M3 14.5h14",
  send: "M3 3.5 17.5 10 3 16.5l2-6.5zM5 10h6",
  smile: "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM6.8 11.5a3.6 3.6 0 0 0 6.4 0M7.5 7.8v.4M12.5 7.8v.4",
  reply: "M3 4.5h14v9.5H9l-4 3v-3H3zM6.5 8h7M6.5 10.7h4.5",
  dots: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  pencil: "M4 16l.8-3.5L13.5 3.8l2.7 2.7L7.5 15.2z",
  trash: "M4.5 6h11M8 6V4h4v2M6 6l.8 11h6.4L14 6",
  link: "M8.5 11.5a3 3 0 0 0 4.3 0l2.7-2.7a3 3 0 0 0-4.3-4.3l-1 1M11.5 8.5a3 3 0 0 0-4.3 0l-2.7 2.7a3 3 0 0 0 4.3 4.3l1-1",
  bolt: "M11 2.5 4.5 11H9.5l-.5 6.5L15.5 9H10.5z",
  file: "M5.5 2.5h6l3.5 3.5v11.5h-9.5zM11.5 2.5v3.5H15",
  people:
    "M7.5 9.5a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM2.5 16c.3-3 2.2-4.5 5-4.5s4.7 1.5 5 4.5M13 9.3a2.5 2.5 0 1 0-.5-4.9M14.3 11.6c1.8.5 2.9 1.9 3.2 4.4",
  eye: "M2 10c2-3.5 4.7-5.2 8-5.2s6 1.7 8 5.2c-2 3.5-4.7 5.2-8 5.2S4 13.5 2 10zM10 12.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6z",
  split: "M3 4h14v12H3zM10 4v12",
  moon: "M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3z",
  sun: "M10 13.3a3.3 3.3 0 1 0 0-6.6 3.3 3.3 0 0 0 0 6.6zM10 2v2M10 16v2M2 10h2M16 10h2M4.4 4.4l1.4 1.4M14.2 14.2l1.4 1.4M15.6 4.4l-1.4 1.4M5.8 14.2l-1.4 1.4",
  check: "M4 10.5 8.2 15 16 5.5",
  steps: "M3 16.5h4v-4h4.5v-4H16V4",
  clock: "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM10 5.8V10l2.8 2",
  home: "M3.5 9.5 10 4l6.5 5.5M5.5 8.5V16.5h9V8.5",
  archive: "M3 4.5h14v3.5H3zM4.5 8v8.5h11V8M8.5 11h3",
  browse: "M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM13 13l4 4",
};

export function Icon({ name, size = 20 }) {
  const width = name === "dots" ? 2.6 : 1.6;
  return html`<svg class="icon" width=${size} height=${size} viewBox="0 0 20 20" fill="none" stroke="currentColor"
    stroke-width=${width} stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path
      d=${ICONS[name]} /></svg>`;
}

/** The app's own mark: steps that climb. */
export function Mark({ size = 20 }) {
  return html`<svg class="mark" width=${size} height=${size} viewBox="0 0 24 24" aria-hidden="true">
    <path class="mark-low" d="M3 16h5v5H3z" /><path class="mark-mid" d="M9.5 10h5v11h-5z" /><path class="mark-high"
      d="M16 3h5v18h-5z" /></svg>`;
}

export function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return ((words[0]?.[0] ?? "?") + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase();
}

export function Avatar({ user, size = 36, emoji }) {
  const { state } = usePane();
  const person = state.users[user];
  const style = { width: `${size}px`, height: `${size}px`, fontSize: `${Math.round(size * 0.4)}px` };
  if (emoji && emojiChar(emoji))
    return html`<span class="avatar avatar-emoji" style=${style}
    aria-hidden="true">${emojiChar(emoji)}</span>`;
  if (!person || person.is_bot) {
    return html`<span class="avatar avatar-app" style=${style} aria-hidden="true"><${Mark}
      size=${Math.round(size * 0.62)} /></span>`;
  }
  const background = person.color ? `#${person.color.replace("#", "")}` : undefined;
  return html`<span class="avatar" style=${{ ...style, background }}
    aria-hidden="true">${initials(nameOf(state, user))}</span>`;
}

/** A button that shows an icon alone; `label` is its name and its tooltip. */
export function IconButton({ icon, label, class: className, size, ...rest }) {
  return html`<button type="button" class=${classes("icon-button", className)} aria-label=${label} title=${label}
    ...${rest}>
    <${Icon} name=${icon} size=${size} /></button>`;
}

function place(popup, anchor, above, alignEnd) {
  const box = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popup;
  const roomBelow = innerHeight - box.bottom;
  const up = above ? box.top > height + 8 || box.top > roomBelow : roomBelow < height + 8 && box.top > roomBelow;
  const left = alignEnd ? box.right - width : box.left;
  const top = up ? box.top - height - 4 : box.bottom + 4;
  popup.style.left = `${Math.round(Math.max(8, Math.min(left, innerWidth - width - 8)))}px`;
  popup.style.top = `${Math.round(Math.max(8, Math.min(top, innerHeight - height - 8)))}px`;
}

/** A floating box beside `anchor` (a ref), above everything else; a press elsewhere closes it. */
export function Popup({
  anchor,
  onClose,
  above = false,
  alignEnd = false,
  matchWidth = false,
  class: className,
  children,
  ...rest
}) {
  const own = useRef(null);
  useLayoutEffect(() => {
    const popup = own.current;
    popup.showPopover?.();
    if (matchWidth) popup.style.minWidth = `${anchor.current.offsetWidth}px`;
    const settle = () => anchor.current && place(popup, anchor.current, above, alignEnd);
    settle();
    const watcher = new ResizeObserver(settle);
    watcher.observe(popup);
    const pressed = (event) => {
      if (!popup.contains(event.target) && !anchor.current?.contains(event.target)) onClose(event);
    };
    addEventListener("resize", settle);
    document.addEventListener("scroll", settle, true);
    document.addEventListener("pointerdown", pressed, true);
    return () => {
      watcher.disconnect();
      removeEventListener("resize", settle);
      document.removeEventListener("scroll", settle, true);
      document.removeEventListener("pointerdown", pressed, true);
    };
  }, []);
  return html`<div ref=${own} popover="manual" class=${classes("popup", className)} ...${rest}>${children}</div>`;
}

/** Moves the focus among the elements of `selector` inside `root` with arrows, Home and End. */
export function arrowKeys(event, root, selector) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const edge = { Home: 0, End: -1 }[event.key];
  if (step === undefined && edge === undefined) return;
  const items = [...root.querySelectorAll(selector)];
  if (!items.length) return;
  event.preventDefault();
  const at = items.indexOf(document.activeElement);
  const next = edge === undefined ? items[(at + step + items.length) % items.length] : items.at(edge);
  next.focus();
}

/**
 * A button with a menu. `items`: {label, onSelect, icon?, avatar?, note?, danger?, checked?, href?} or {heading}.
 * `trigger` draws the button's inside.
 */
export function Menu({
  label,
  items,
  trigger,
  class: className,
  above,
  alignEnd = false,
  busy = false,
  disabled = false,
  menuClass,
}) {
  const [open, setOpen] = useState(false);
  const button = useRef(null);
  const list = useRef(null);
  const close = (focus) => {
    setOpen(false);
    if (focus) button.current?.focus();
  };
  useEffect(() => {
    if (open) (list.current.querySelector("[aria-checked=true]") ?? list.current.querySelector(".menu-item"))?.focus();
  }, [open]);
  const onKeyDown = (event) => {
    if (event.key === "Escape" || event.key === "Tab") {
      event.stopPropagation();
      if (event.key === "Escape") event.preventDefault();
      close(true);
    } else {
      arrowKeys(event, list.current, ".menu-item");
    }
  };
  const opener = (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
    }
  };
  return html`<span class="menu-holder">
    <button ref=${button} type="button" class=${className} aria-label=${label} title=${label} aria-haspopup="menu"
      aria-expanded=${open}
      aria-busy=${busy} disabled=${disabled} onClick=${() => setOpen(!open)} onKeyDown=${open ? undefined : opener}>${trigger}</button>
    ${
      open &&
      html`<${Popup} anchor=${button} onClose=${() => close(false)} above=${above} alignEnd=${alignEnd}
      class=${classes("menu", menuClass)}>
      <div ref=${list} role="menu" aria-label=${label} onKeyDown=${onKeyDown}>
        ${items.map((item) =>
          item.heading
            ? html`<div class="menu-heading" role="presentation" key=${`heading ${item.heading}`}>${item.heading}</div>`
            : html`<button type="button" key=${item.key ?? item.label} tabindex="-1"
            class=${classes("menu-item", item.danger && "danger")}
              role=${item.checked === undefined ? "menuitem" : "menuitemradio"} aria-checked=${item.checked}
              onClick=${() => {
                close(true);
                item.onSelect();
              }}>
              ${item.avatar && html`<${Avatar} user=${item.avatar} size=${28} />`}
              ${item.icon && html`<${Icon} name=${item.icon} size=${18} />`}
              <span class="menu-words"><span>${item.label}</span>${item.note && html`<small>${item.note}</small>`}</span>
              ${item.checked && html`<${Icon} name="check" size=${16} />`}
            </button>`,
        )}
      </div>
    <//>`
    }
  </span>`;
}

const FOCUSABLE =
  "a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled), select:not(:disabled), [tabindex='0']";

/**
 * A dialog over its pane: keeps the focus inside, Escape closes it, and the focus returns where it was. `shows` is
 * another value when it shows something else.
 */
export function Dialog({ label, title, onClose, onBack, small = false, footer, children, onSubmit, busy = false, shows }) {
  const box = useRef(null);
  const heading = useId("dialog");
  const begin = () => {
    const first =
      box.current.querySelector("[data-autofocus]") ??
      box.current.querySelector(".dialog-body :is(input, textarea)") ??
      box.current;
    first.focus();
  };
  // Before the next paint: then the part behind becomes inert and forgets what had the focus.
  useLayoutEffect(() => {
    const before = document.activeElement;
    const pane = box.current.closest(".pane");
    begin();
    return () => {
      if (before?.isConnected && before !== document.body) before.focus();
      else pane?.focus();
    };
  }, []);
  // What had the focus may have gone, or be disabled while it is busy: then no key would come here any more.
  useLayoutEffect(() => {
    if (!busy && document.activeElement === document.body) begin();
  }, [shows, busy]);
  const onKeyDown = (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      onClose();
    }
    if (event.key !== "Tab") return;
    const inside = [...box.current.querySelectorAll(FOCUSABLE)].filter(
      (one) => one.tabIndex >= 0 && one.getClientRects().length,
    );
    if (!inside.length) return;
    const leaving = event.shiftKey ? [inside[0], box.current] : [inside.at(-1)];
    if (leaving.includes(document.activeElement)) {
      event.preventDefault();
      (event.shiftKey ? inside.at(-1) : inside[0]).focus();
    }
  };
  const submit = (event) => {
    event.preventDefault();
    onSubmit?.(event);
  };
  return html`<div class="scrim">
    <form ref=${box} class=${classes("dialog", small && "small")} role="dialog" aria-modal="true"
      tabindex="-1" noValidate
      aria-label=${label} aria-labelledby=${label ? undefined : heading} aria-busy=${busy} onKeyDown=${onKeyDown} onSubmit=${submit}>
      <header class="dialog-head">
        ${onBack && html`<${IconButton} icon="back" label="Back" onClick=${onBack} />`}
        <h2 id=${heading}>${title}</h2>
        <${IconButton} icon="close" label="Close" onClick=${() => onClose("x")} />
      </header>
      <div class="dialog-body" tabindex="-1">${children}</div>
      ${footer && html`<footer class="dialog-foot">${footer}</footer>`}
    </form>
  </div>`;
}
