// The pane beside the conversation that shows one thread.

import { Composer } from "./composer.js";
import { Message, MessageList } from "./messages.js";
import { conversation, replies } from "./store.js";
import { IconButton, html, useEffect, usePane } from "./ui.js";

export function Thread({ channel, ts, marked, onClose, prefill }) {
  const { state, seenThreads } = usePane();
  const root = state.messages[channel]?.find((one) => one.ts === ts);
  const under = replies(state, channel, ts);
  const latest = under.at(-1)?.ts;
  useEffect(() => {
    if (latest) seenThreads.set(`${channel} ${ts}`, latest);
  }, [latest]);
  const place = conversation(state, channel);
  const where = place?.kind === "channel" ? `#${place.title}` : (place?.title ?? "");
  const count = under.filter((one) => !one.ephemeral).length;
  const head = root
    ? html`<${Message} message=${root} inThread tabbable=${!under.length} />
    ${
      count > 0 &&
      html`<div
      class="reply-count"><span>${count} ${count === 1 ? "reply" : "replies"}</span></div>`
    }`
    : null;
  return html`<aside class="thread" aria-label=${`Thread in ${where}`}>
    <header class="view-head"><div class="view-title"><h2>Thread</h2><small>${where}</small></div>
      <${IconButton} icon="close" label="Close thread" onClick=${onClose} /></header>
    <${MessageList} key=${`${channel} ${ts}`} messages=${under} inThread label=${`Replies in the thread in ${where}`}
      head=${head} marked=${marked}
      empty=${root ? null : html`<div class="empty"><h3>This thread is not here any more</h3></div>`} />
    ${
      root &&
      html`<${Composer} key=${`composer ${ts}`} channel=${channel} thread=${ts} draftKey=${`${channel} ${ts}`}
      label=${`Reply in the thread in ${where}`} placeholder="Reply…" prefill=${prefill} autofocus />`
    }
  </aside>`;
}
