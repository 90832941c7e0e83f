// The modal on top of a person's stack of views, and the small dialogs of the page itself.

import { Refused } from "./api.js";
import { Blocks } from "./blocks.js";
import { InlineText, Text, bare } from "./text.js";
import { Dialog, html, useEffect, usePane, useRef, useState } from "./ui.js";

/** Slack's modal for the top view of the stack. */
export function ViewModal({ view, depth }) {
  const { session } = usePane();
  const [errors, setErrors] = useState({});
  const [trouble, setTrouble] = useState("");
  const [sending, setSending] = useState(false);
  const body = useRef(null);
  useEffect(() => setErrors(view.errors ?? {}), [view.errors]);
  useEffect(() => {
    if (Object.keys(errors).length) body.current?.querySelector(".has-error :is(input:not([hidden]), textarea, button)")?.focus();
  }, [errors]);

  const close = (all) => session.tell("close", { view_id: view.id, ...(all && depth > 1 ? { all: true } : {}) });
  const submit = async () => {
    if (sending || !view.submit) return;
    const form = session.form(`view ${view.id}`, view.blocks);
    const found = form.problems();
    setErrors(found);
    setTrouble("");
    if (Object.keys(found).length) return;
    setSending(true);
    try {
      await session.act("submit", { view_id: view.id, values: form.values });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setErrors(error.errors);
      if (Object.keys(error.errors).length) return;
      setTrouble(error.message);
      session.told(error.message);
    } finally {
      setSending(false);
    }
  };
  const edited = (block) => {
    if (errors[block.block_id])
      setErrors(Object.fromEntries(Object.entries(errors).filter(([id]) => id !== block.block_id)));
  };
  const footer = html`
    <button type="button" class="button" onClick=${() => close(false)}>${
      view.close
        ? html`<${InlineText}
      of=${view.close} />`
        : view.submit
          ? "Cancel"
          : "Close"
    }</button>
    ${
      view.submit &&
      html`<button type="submit" class="button primary" aria-busy=${sending} disabled=${sending}>
      ${sending && html`<span class="spinner" aria-hidden="true"></span>`}<span><${InlineText}
        of=${view.submit} /></span></button>`
    }`;
  return html`<${Dialog} title=${html`<${InlineText} of=${view.title} />`} busy=${sending} shows=${view} onSubmit=${submit}
    footer=${footer}
      onClose=${(how) => close(how === "x")} onBack=${depth > 1 ? () => close(false) : null}>
    <div ref=${body}>
      ${trouble && html`<div class="trouble" role="alert">${trouble}</div>`}
      <${Blocks} blocks=${view.blocks} container=${{ type: "view", view_id: view.id }} formKey=${`view ${view.id}`}
        stored=${view.state?.values}
        errors=${errors} onEdit=${edited} disabled=${sending} />
    </div>
  <//>`;
}

/** Slack's confirm dialog: `ask` is {title, text, confirm, deny, style} of text objects or strings. */
export function Confirm({ ask, onAnswer }) {
  const text = (part) => (typeof part === "string" ? part : html`<${Text} of=${part} />`);
  const footer = html`
    <button type="button" class="button" onClick=${() => onAnswer(false)}>${bare(ask.deny) || "Cancel"}</button>
    <button type="submit"
      class=${`button ${ask.style === "danger" ? "danger-solid" : "primary"}`} data-autofocus>${bare(ask.confirm) || "Yes"}</button>`;
  return html`<${Dialog} small title=${bare(ask.title)} footer=${footer} onClose=${() => onAnswer(false)}
    onSubmit=${() => onAnswer(true)}>
    <div class="confirm-text">${text(ask.text)}</div><//>`;
}
