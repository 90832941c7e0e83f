// The guided first minute: five steps that tick themselves off as they happen in the workspace.

import { useSessions } from "./session.js";
import { Icon, IconButton, Mark, classes, html, useRef } from "./ui.js";

const REPORTER = { user: "U0MAYA", name: "Maya" };
const FIRST = { user: "U0ANA", name: "Ana", channel: "C0L1" };
const SECOND = { user: "U0CHEN", name: "Chen", channel: "C0L2" };
const TIERS = ["C0L1", "C0L2", "C0L3"];

const words = (message) => `${message.text} ${JSON.stringify(message.blocks ?? "")}`;
const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;

/** Everything the watched people see, with the questions that the steps ask of it. */
function look(states) {
  const messages = new Map();
  const direct = new Set();
  for (const state of states) {
    for (const channel of Object.values(state.channels)) if (channel.is_im) direct.add(channel.id);
    for (const list of Object.values(state.messages))
      for (const message of list) messages.set(`${message.channel} ${message.ts}`, message);
  }
  const all = [...messages.values()].sort((a, b) => (a.ts < b.ts ? -1 : 1));
  const bot = all.filter((message) => message.bot_id);
  const people = all.filter((message) => !message.bot_id && isReply(message) && message.text);
  const cards = (channel) => bot.filter((message) => message.channel === channel && !isReply(message));
  const relayed = (into) =>
    bot.some(
      (message) =>
        isReply(message) &&
        into(message.channel) &&
        people.some(
          (said) => said.channel !== message.channel && said.ts < message.ts && words(message).includes(said.text),
        ),
    );
  return {
    cards,
    says: (pattern) => bot.some((message) => pattern.test(words(message))),
    toReporter: relayed((channel) => direct.has(channel)),
    toStaff: relayed((channel) => TIERS.includes(channel)),
    card: () => TIERS.flatMap(cards).sort((a, b) => (a.ts < b.ts ? 1 : -1))[0] ?? null,
    receipt: () => bot.filter((message) => direct.has(message.channel) && !isReply(message)).at(-1) ?? null,
  };
}

const second = { user: SECOND.user, address: SECOND.channel };

/** `go(world, bot)` answers the places to open: one, or two side by side. */
export const STEPS = [
  {
    title: "Report an issue",
    hint: "Send /issue with a few words, as anyone, in any channel. A form opens; submit it.",
    button: `Write it as ${REPORTER.name}`,
    go: () => [{ user: REPORTER.user, address: "C0ITHELP", prefill: "/issue VPN is down in Berlin" }],
    done: (world) => world.cards(FIRST.channel).length > 0,
  },
  {
    title: "Watch it escalate",
    hint: "Do nothing. Nobody in #support-l1 takes it, so the clock brings it to #support-l2.",
    button: `Watch as ${SECOND.name} in #support-l2`,
    go: () => [second],
    done: (world) => world.cards(SECOND.channel).length > 0,
  },
  {
    title: "Claim it",
    hint: "Press Claim on the card. From then on everybody can see who has the issue.",
    button: `Go to the card as ${SECOND.name}`,
    go: () => [second],
    done: (world) => world.says(/claimed by/i),
  },
  {
    title: "Talk both ways",
    hint: "Answer in the card’s thread, then write under the receipt: each side reads the other, nobody leaves their place.",
    button: `Put ${REPORTER.name} and ${SECOND.name} side by side`,
    go: (world, bot) => [
      { user: REPORTER.user, address: `@${bot}`, tab: "messages", thread: world.receipt()?.ts ?? null },
      { ...second, address: world.card()?.channel ?? second.address, thread: world.card()?.ts ?? null },
    ],
    done: (world) => world.toReporter && world.toStaff,
  },
  {
    title: "Resolve it",
    hint: "Press Resolve on the card and say what fixed it. The receipt changes at the same moment.",
    button: `Go to the card as ${SECOND.name}`,
    go: (world) => [{ ...second, address: world.card()?.channel ?? second.address }],
    // Not "resolved" alone: a card that waits for its reporter says when it counts as resolved without an answer.
    done: (world) => world.says(/\bresolved by\b/i),
  },
];

/** `direct(places)` shows one or two places; `watched` are the people of the open panes. */
export function Guide({ watched, direct, onDismiss }) {
  const people = [...new Set([REPORTER.user, FIRST.user, SECOND.user, ...watched])].sort();
  const states = useSessions(people).map((session) => session.state);
  const furthest = useRef(0);
  const world = look(states);
  // A card says "claimed by" only while it is claimed: a step once reached stays ticked, and so do those before it.
  for (let step = furthest.current; step < STEPS.length; step += 1)
    if (STEPS[step].done(world)) furthest.current = step + 1;
  const at = furthest.current;
  const step = STEPS[at];
  const bot = states[0].app.bot_user_id;
  return html`<section class="guide" aria-label="Guided first minute">
    <div class="guide-title"><${Mark} size=${20} /><strong>First minute</strong></div>
    <ol class="guide-steps">${STEPS.map(
      ({ title }, index) => html`<li key=${title}
      class=${classes(index < at && "done", index === at && "now")} aria-current=${index === at ? "step" : undefined}>
      <span class="guide-number">${index < at ? html`<${Icon} name="check" size=${13} />` : index + 1}</span>
      <span>${title}</span>${index < at && html`<span class="hidden">, done</span>`}</li>`,
    )}</ol>
    <div class="guide-now" role="status">
      ${
        step
          ? html`<span class="guide-count">Step ${at + 1} of ${STEPS.length}: ${step.title}.</span> <span
        class="guide-hint">${step.hint}</span>`
          : html`<span
          class="guide-hint"><strong>That is all of it.</strong> Reported, escalated by the clock, claimed, talked over and resolved.</span>`
      }
    </div>
    ${
      step
        ? html`<button type="button" class="button guide-go"
      onClick=${() => direct(step.go(world, bot))}>${step.button}</button>`
        : html`<button type="button" class="button guide-go" onClick=${onDismiss}>Finish</button>`
    }
    <${IconButton} icon="close" label="Close the guide" size=${16} onClick=${onDismiss} />
  </section>`;
}

/** Whether this workspace has the people the guide speaks of. */
export const guideFits = (users) =>
  [REPORTER, FIRST, SECOND].every((person) => users.some((user) => user.id === person.user));
