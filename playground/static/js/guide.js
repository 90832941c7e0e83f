// The guided first minute: five steps that tick themselves off as they happen in the workspace.

import { useSessions } from "./session.js";
import { Icon, IconButton, Mark, classes, html, useRef } from "./ui.js";

const REPORTER = "U0MAYA";
const HELP = "C0ITHELP";

const read = new WeakMap(); // a message that changes comes as another object
function words(message) {
  if (!read.has(message)) read.set(message, `${message.text} ${JSON.stringify(message.blocks ?? "")}`);
  return read.get(message);
}
const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;
const issueOf = (message) => Number(/\bISS-(\d+)/.exec(words(message))?.[1] ?? 0);
const buttons = (message) =>
  (message.blocks ?? []).filter((block) => block.type === "actions").flatMap((block) => block.elements);
const offers = (message, label) => buttons(message).some((element) => element.text?.text === label);

/** What is about issues that came after the moment `since`: cards and receipts, and all that is said under them. */
function after(since, messages) {
  const issues = new Map(); // a root's place -> its issue
  const begun = new Map(); // an issue -> when it came
  for (const message of messages) {
    const issue = message.bot_id && !isReply(message) ? issueOf(message) : 0;
    if (!issue) continue;
    issues.set(`${message.channel} ${message.ts}`, issue);
    if (!begun.has(issue)) begun.set(issue, message.ts);
  }
  return messages.filter(
    (message) => (begun.get(issues.get(`${message.channel} ${message.thread_ts ?? message.ts}`)) ?? message.ts) > since,
  );
}

/** Everything that all people see together, with the questions that the steps ask of it; the rest as in the guide. */
function look(states, acting, everybody, since) {
  const messages = new Map();
  const channels = {};
  for (const state of states) {
    Object.assign(channels, state.channels);
    for (const list of Object.values(state.messages))
      for (const message of list) messages.set(`${message.channel} ${message.ts}`, message);
  }
  const [{ users, app }] = states;
  const isDirect = (message) => Boolean(channels[message.channel]?.is_im);
  const ever = [...messages.values()].sort((a, b) => (a.ts < b.ts ? -1 : 1));
  const all = after(since, ever);
  const bot = all.filter((message) => message.bot_id);
  const people = all.filter((message) => !message.bot_id && isReply(message) && message.text);
  const roots = bot.filter((message) => !isReply(message) && issueOf(message));
  const cards = roots.filter((message) => !isDirect(message)).sort((a, b) => issueOf(a) - issueOf(b));
  const newest = cards.length ? issueOf(cards.at(-1)) : 0;
  const relayed = (direct) =>
    bot.some(
      (message) =>
        isReply(message) &&
        isDirect(message) === direct &&
        people.some(
          (said) => said.channel !== message.channel && said.ts < message.ts && words(message).includes(said.text),
        ),
    );
  const human = (id) => users[id] && !users[id].is_bot && !users[id].deleted;

  return {
    app: app.name,
    bot: app.bot_user_id,
    newest,
    last: ever.at(-1)?.ts ?? "",
    asked: states.some((state) => state.me === REPORTER && state.views.length > 0),
    tiers: new Set(cards.map((message) => message.channel)).size,
    open: cards.findLast((message) => offers(message, "Claim")) ?? null,
    live: cards.findLast((message) => offers(message, "Resolve")) ?? null,
    // While an issue goes from tier to tier, its old card has lost its buttons and the new one is not there yet.
    settled: cards.some((message) => issueOf(message) === newest && buttons(message).length > 0),
    says: (pattern) => bot.some((message) => pattern.test(words(message))),
    toReporter: () => relayed(true),
    toStaff: () => relayed(false),
    first: (id) => (everybody.find((user) => user.id === id)?.real_name ?? id).split(" ")[0],
    channel: (card) => `#${channels[card.channel]?.name}`,
    /** Who to be in front of that card: whoever claimed it, else a member of its channel, best one who is acted as. */
    holder(card) {
      const claimant = /claimed by <@(\w+)>/i.exec(words(card))?.[1];
      const members = (channels[card.channel]?.members ?? []).filter(human);
      return claimant ?? members.find((id) => acting.includes(id)) ?? members[0] ?? REPORTER;
    },
    /** Whose issue it is, and their receipt: the first that the app told anybody alone about it. */
    receipt(card) {
      const found = roots.find((message) => isDirect(message) && issueOf(message) === issueOf(card));
      const who = found && channels[found.channel].members.find((id) => id !== app.bot_user_id);
      return { who: who ?? REPORTER, ts: found?.ts ?? null };
    },
  };
}

const toCard = {
  button: (world, card) => `Go to the card as ${world.first(world.holder(card))}`,
  go: (world, card) => [{ user: world.holder(card), address: card.channel }],
};

const sideBySide = (inThreads) => ({
  button(world, card) {
    const both = `${world.first(world.receipt(card).who)} and ${world.first(world.holder(card))}`;
    return inThreads ? `Open the threads of ${both}` : `Put ${both} side by side`;
  },
  go(world, card) {
    const { who, ts } = world.receipt(card);
    return [
      { user: who, address: `@${world.bot}`, tab: "messages", thread: inThreads ? ts : null },
      { user: world.holder(card), address: card.channel, thread: inThreads ? card.ts : null },
    ];
  },
});

const FILL_IN = "Fill in the form and send it.";
const report = (words) => () => [{ user: REPORTER, address: HELP, prefill: `/issue ${words}` }];

/** Whether a pane shows this place already. A thread lies on a narrow one, and its end is far from the card. */
const shows = (pane, { user, address, tab, thread = null }) =>
  pane.user === user && pane.address === address && (!tab || pane.tab === tab) && pane.thread === thread;

/**
 * `card` finds the card a step is about; `go` answers the places to open: one, or two side by side. `held`: somebody
 * must have the issue.
 */
const STEPS = [
  {
    title: "Report an issue",
    hint: (world) =>
      world.asked
        ? FILL_IN
        : "Send /issue with a few words, as anyone, in any channel. A form opens; submit it.",
    button: (world) => `Write it as ${world.first(REPORTER)}`,
    go: report("VPN is down in Berlin"),
    done: (world) => world.tiers > 0,
  },
  {
    title: "Watch it escalate",
    card: (world) => world.open,
    hint: (world, card) =>
      `${world.first(world.receipt(card).who)} has a new direct message from ${world.app}, and ${world.channel(card)} has a card. Do nothing: unclaimed, it goes to the next tier by itself.`,
    ...sideBySide(false),
    done: (world) => world.tiers > 1,
  },
  {
    title: "Claim it",
    card: (world) => world.open,
    hint: (world, card) =>
      `It waits in ${world.channel(card)} now. Press Claim on the card: from then on everybody can see who has the issue.`,
    ...toCard,
    done: (world) => world.says(/\bclaimed by\b|\bis on it\b/i),
  },
  {
    title: "Talk both ways",
    held: true,
    card: (world) => world.live,
    hint: () =>
      "Answer in the card’s thread, then write under the receipt: each side reads the other, nobody leaves their place.",
    ...sideBySide(true),
    done: (world) => world.toReporter() && world.toStaff(),
  },
  {
    title: "Resolve it",
    card: (world) => world.live,
    hint: () => "Press Resolve on the card and say what fixed it. The receipt changes at the same moment.",
    ...toCard,
    // Not "resolved" alone: a card that waits for its reporter says when it counts as resolved without an answer.
    done: (world) => world.says(/\bresolved by\b/i),
  },
];

/** The claim lapsed or was given back: what happened stays ticked, but this comes first. */
const AGAIN = {
  hint: (world, card) =>
    `Nobody has ISS-${issueOf(card)} now: it waits in ${world.channel(card)}. Press Claim on its card, then go on.`,
  ...toCard,
};

const ANOTHER = {
  hint: (world) =>
    world.asked
      ? FILL_IN
      : world.live
      ? `ISS-${world.newest} was claimed in time. Report another one, and leave that one alone.`
      : `ISS-${world.newest} is over already. Report another one for this step.`,
  button: (world) => `Report another as ${world.first(REPORTER)}`,
  go: report("The printer on the second floor is jammed"),
};

/** What leads to the step's places, for as long as they are not all on the page or a form lies on them. */
function GoButton({ now, world, card, panes, direct }) {
  const places = now.go(world, card);
  const written = places.some(({ prefill }) => prefill);
  const there = written ? world.asked : places.every((place) => panes.some((pane) => shows(pane, place)));
  return there
    ? null
    : html`<button type="button" class="button guide-go" onClick=${() => direct(places)}>${now.button(world, card)}</button>`;
}

/**
 * `users` are all people; `panes` the places on the page; `since` the moment after which issues count.
 * `direct(places)` shows one or two places; `onRestart(moment)` begins anew.
 */
export function Guide({ users, panes, since, direct, onRestart, onDismiss }) {
  const acting = panes.map((pane) => pane.user);
  // All of them, for a private channel is seen by its members alone, and an issue may end up in one. Those whose panes
  // are open come first: they shall not wait for the others to connect.
  const people = users.filter((user) => !user.is_bot && !user.deleted).map((user) => user.id);
  const states = useSessions([...new Set([...acting, ...people])]).map((session) => session.state);
  // `card` is that of the last drawing, for as long as the next one is on its way.
  const run = useRef(null);
  if (run.current?.since !== since) run.current = { since, ticked: new Set(), card: null };
  const { ticked } = run.current;
  const world = look(states, acting, users, since);
  // Once reached, a step stays ticked.
  for (const step of STEPS) if (!ticked.has(step) && step.done(world)) ticked.add(step);
  const step = STEPS.find((one) => !ticked.has(one));
  let card = step?.card?.(world) ?? null;
  if (step?.card && !card && !world.settled) card = run.current.card;
  run.current.card = card;
  const now = step?.card && !card ? ANOTHER : step?.held && offers(card, "Claim") ? AGAIN : step;
  const at = STEPS.indexOf(step);
  return html`<section class="guide" aria-label="Guided first minute">
    <div class="guide-title"><${Mark} size=${20} /><strong>First minute</strong></div>
    <ol class="guide-steps">${STEPS.map((one, index) => {
      const done = ticked.has(one);
      return html`<li key=${one.title} class=${classes(done && "done", one === step && "now")}
        aria-current=${one === step ? "step" : undefined}>
      <span class="guide-number">${done ? html`<${Icon} name="check" size=${13} />` : index + 1}</span>
      <span>${one.title}</span>${done && html`<span class="hidden">, done</span>`}</li>`;
    })}</ol>
    <div class="guide-now" role="status">
      ${
        step
          ? html`<span class="guide-count">Step ${at + 1} of ${STEPS.length}: ${step.title}.</span> <span
        class="guide-hint">${now.hint(world, card)}</span>`
          : html`<span
          class="guide-hint"><strong>That is all of it.</strong> Reported, escalated by the clock, claimed, talked over and resolved.</span>`
      }
    </div>
    ${
      step
        ? html`<${GoButton} now=${now} world=${world} card=${card} panes=${panes} direct=${direct} />`
        : html`<button type="button" class="button guide-go" onClick=${() => onRestart(world.last)}>Start again</button>
      <button type="button" class="button guide-go" onClick=${onDismiss}>Finish</button>`
    }
    <${IconButton} icon="close" label="Close the guide" size=${16} onClick=${onDismiss} />
  </section>`;
}

/** Whether this workspace has the person the guide begins with. */
export const guideFits = (users) => users.some((user) => user.id === REPORTER);
