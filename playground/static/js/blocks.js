// Block Kit's layout blocks, drawn as Slack draws them; an unknown one is shown as readable JSON.

import { Element, Unknown } from "./elements.js";
import { InlineText, Markdown, RichText, Text, bare } from "./text.js";
import { classes, html, useId, usePane, useRef, useState } from "./ui.js";

const sameOrigin = (url) => {
  try {
    const { origin, protocol } = new URL(url, location.href);
    return origin === location.origin || protocol === "data:";
  } catch {
    return false;
  }
};

/** An image of this workspace; one from elsewhere is named, not fetched: the page asks nobody but its own server. */
export function Picture({ url, alt, class: className }) {
  const [broken, setBroken] = useState(false);
  if (!url || !sameOrigin(url) || broken) {
    return html`<span class=${classes("picture-away", className)} role="img" aria-label=${alt}
      title=${url}>${alt || "Image"}</span>`;
  }
  return html`<img class=${className} src=${url} alt=${alt ?? ""} loading="lazy" onError=${() => setBroken(true)} />`;
}

function Section({ block, surface }) {
  const { text, fields, accessory } = block;
  return html`<div class=${classes("section", accessory && "with-accessory")}>
    <div class="section-words">
      ${text && html`<${Text} of=${text} />`}
      ${
        fields &&
        html`<div class="fields">${fields.map(
          (field) => html`<div class="field"><${Text}
        of=${field} /></div>`,
        )}</div>`
      }
    </div>
    ${
      accessory &&
      html`<div class="accessory">${
        accessory.type === "image"
          ? html`<${Picture} url=${accessory.image_url} alt=${accessory.alt_text} class="accessory-image" />`
          : html`<${Element} block=${block} element=${accessory} surface=${surface} />`
      }</div>`
    }
  </div>`;
}

function Input({ block, surface }) {
  const id = useId("input");
  const { element, hint, optional } = block;
  const error = surface.errors[block.block_id];
  const grouped = element.type === "radio_buttons" || element.type === "checkboxes";
  const dispatches = Boolean(block.dispatch_action);
  const says = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  const field = { id, describedBy: says, invalid: Boolean(error), labelledBy: grouped ? `${id}-label` : undefined };
  const label = html`<${InlineText} of=${block.label} />${optional && html`<span class="optional"> (optional)</span>`}`;
  return html`<div class=${classes("input-block", error && "has-error")} data-block-id=${block.block_id}>
    ${
      grouped
        ? html`<div class="input-label" id=${`${id}-label`}>${label}</div>`
        : html`<label class="input-label"
      for=${id}>${label}</label>`
    }
    <${Element} block=${block} element=${element} surface=${surface} field=${field} dispatches=${dispatches} />
    ${error && html`<div class="input-error" id=${`${id}-error`} role="alert">${error}</div>`}
    ${hint && html`<div class="input-hint" id=${`${id}-hint`}><${InlineText} of=${hint} /></div>`}
  </div>`;
}

function Table({ block }) {
  const cell = (one) =>
    one.type === "rich_text"
      ? html`<${RichText}
    elements=${one.elements} />`
      : (one.text ?? String(one.value ?? ""));
  const shape = (column) => {
    const setting = block.column_settings?.[column];
    return classes(setting?.align && `align-${setting.align}`, setting?.is_wrapped && "wrapped");
  };
  const [head = [], ...rows] = block.rows;
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label="Table"><table>
    <thead><tr>${head.map((one, column) => html`<th scope="col" class=${shape(column)}>${cell(one)}</th>`)}</tr></thead>
    <tbody>${rows.map(
      (row) =>
        html`<tr>${row.map(
          (one, column) => html`<td
      class=${shape(column)}>${cell(one)}</td>`,
        )}</tr>`,
    )}</tbody>
  </table></div>`;
}

function ImageBlock({ block }) {
  const url = block.image_url ?? block.slack_file?.url;
  return html`<figure class="image-block">
    ${block.title && html`<figcaption><${InlineText} of=${block.title} /></figcaption>`}
    <${Picture} url=${url} alt=${block.alt_text} class="image-large" />
  </figure>`;
}

function Block({ block, surface }) {
  switch (block.type) {
    case "section":
      return html`<${Section} block=${block} surface=${surface} />`;
    case "header":
      return html`<div class=${`header-block level-${block.level ?? 1}`} role="heading"
      aria-level=${(block.level ?? 1) + 2}><${InlineText} of=${block.text} /></div>`;
    case "divider":
      return html`<hr />`;
    case "context":
      return html`<div class="context">${block.elements.map((element) =>
        element.type === "image"
          ? html`<${Picture} url=${element.image_url} alt=${element.alt_text} class="context-image" />`
          : html`<${Text} of=${element} />`,
      )}</div>`;
    case "actions":
      return html`<div class="actions">${block.elements.map(
        (element) => html`<${Element}
      key=${element.action_id} block=${block} element=${element} surface=${surface} />`,
      )}</div>`;
    case "input":
      return html`<${Input} block=${block} surface=${surface} />`;
    case "image":
      return html`<${ImageBlock} block=${block} />`;
    case "rich_text":
      return html`<${RichText} elements=${block.elements} />`;
    case "markdown":
      return html`<${Markdown} text=${block.text} />`;
    case "table":
      return html`<${Table} block=${block} />`;
    default:
      return html`<${Unknown} what="Block" object=${block} />`;
  }
}

const NO_ERRORS = {};

/**
 * A list of blocks with working inputs. `container` is what the server needs to find them; `formKey` is where their
 * values are kept.
 */
export function Blocks({ blocks, container, formKey, stored, errors = NO_ERRORS, onEdit, disabled = false }) {
  const { session, confirm } = usePane();
  const [, draw] = useState(0);
  const busy = useRef(new Set()).current;
  const form = session.form(formKey, blocks, stored);
  const again = () => draw((count) => count + 1);

  const surface = {
    form,
    errors,
    busy,
    disabled,
    edited(block) {
      onEdit?.(block);
      again();
    },
    /** Sends the element's action; `before` is the value to return to when the person says no to the confirmation. */
    async act(block, element, own, before) {
      if (element.confirm && !(await confirm(element.confirm))) {
        if (before !== undefined) form.set(block, element, before);
        again();
        return;
      }
      const key = `${block.block_id} ${element.action_id}`;
      busy.add(key);
      again();
      await session.tell("action", {
        container,
        block_id: block.block_id,
        action_id: element.action_id,
        ...own,
        state: { values: form.values },
      });
      busy.delete(key);
      again();
    },
    options: (block, element, value) =>
      session.tell("options", { container, block_id: block.block_id, action_id: element.action_id, value }),
  };
  return html`<div class="blocks">${blocks.map(
    (block, index) => html`<div class=${`block block-${block.type}`}
    key=${block.block_id ?? index}>
    <${Block} block=${block} surface=${surface} /></div>`,
  )}</div>`;
}

/** The blocks' words in one line, for a thread's summary or a reply's quotation. */
export function gist(message, limit = 120) {
  const words = bare({ type: "mrkdwn", text: message.text ?? "" })
    .replace(/\s+/g, " ")
    .trim();
  return words.length > limit ? `${words.slice(0, limit - 1)}…` : words || "a message";
}
