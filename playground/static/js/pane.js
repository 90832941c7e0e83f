// One person's Slack: the bar with "acting as", the sidebar, a conversation, a thread, dialogs and notices.

import { Composer } from "./composer.js";
import { nowSeconds, timeOfDay } from "./dates.js";
import { Details } from "./details.js";
import { Home } from "./home.js";
import { MessageList } from "./messages.js";
import { Confirm, ViewModal } from "./modal.js";
import { useSessions } from "./session.js";
import { Sidebar } from "./sidebar.js";
import { conversation, flow, nameOf } from "./store.js";
import { Mrkdwn } from "./text.js";
import { Thread } from "./thread.js";
import {
  Avatar,
  Icon,
  IconButton,
  Mark,
  Menu,
  PaneContext,
  classes,
  html,
  useEffect,
  useMemo,
  usePane,
  useRef,
  useState,
  useTick,
} from "./ui.js";

/**
 * Where a person begins: the support channel they work in, else where help is asked for, else any channel of theirs.
 */
function firstPlace(state, me) {
  const mine = Object.values(state.channels).filter(
    (channel) => !channel.is_im && !channel.is_archived && channel.members.includes(me),
  );
  const rank = ({ name }) => (/^support/.test(name) ? 0 : /^it-/.test(name) ? 1 : 2);
  mine.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  return mine[0]?.id ?? null;
}

/** Shown beside the switcher, and in a narrow pane inside it. */
function LocalTime() {
  const { tz } = usePane();
  useTick(10_000);
  const city = tz.split("/").at(-1).replaceAll("_", " ");
  return html`<span class="local-time" title=${`Times are shown in ${tz}`}><${Icon} name="clock"
    size=${15} /> <span>${timeOfDay(nowSeconds(), tz)} in ${city}</span></span>`;
}

function Switcher({ onSwitch }) {
  const { state, me } = usePane();
  const people = Object.values(state.users).filter((user) => !user.is_bot && !user.deleted);
  const items = [
    { heading: "Act as" },
    ...people.map((user) => ({
      key: user.id,
      label: nameOf(state, user.id),
      note: user.title,
      avatar: user.id,
      checked: user.id === me,
      onSelect: () => onSwitch(user.id),
    })),
  ];
  const trigger = html`<${Avatar} user=${me} size=${28} /><span
    class="switcher-words"><small class="acting">Acting as</small><${LocalTime} /><strong>${nameOf(state, me)}</strong></span>
    <span class="switcher-title">${state.users[me]?.title}</span><${Icon} name="down" size=${16} />`;
  return html`<${Menu} label=${`Acting as ${nameOf(state, me)}. Change person`} class="switcher" trigger=${trigger}
    items=${items} menuClass="people" />`;
}

function Banner() {
  const { state } = usePane();
  if (state.link === "lost")
    return html`<div class="banner error" role="status"><span class="spinner"
    aria-hidden="true"></span> The playground does not answer. Trying again…</div>`;
  if (state.app.connected) return null;
  const words = state.app.seen
    ? `${state.app.name} is not connected. Commands and buttons do not work until it is back…`
    : `${state.app.name} is starting…`;
  return html`<div class="banner" role="status"><span class="spinner" aria-hidden="true"></span> ${words}</div>`;
}

function Toasts() {
  const { session } = usePane();
  return html`<div class="toasts" role="region" aria-label="Notices"
    aria-live="polite">${session.toasts.map(
      (toast) => html`<div key=${toast.id} class=${classes("toast", toast.level)}
      role=${toast.level === "error" ? "alert" : "status"}>
    <div class="toast-words"><${Mrkdwn} text=${toast.text} /></div>
    <button type="button" class="icon-button" aria-label="Dismiss notice"
      onClick=${() => session.dropToast(toast.id)}><${Icon} name="close" size=${16} /></button></div>`,
    )}</div>`;
}

function Tabs({ tab, onTab }) {
  const onKeyDown = (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    onTab(tab === "home" ? "messages" : "home");
    event.currentTarget.querySelector("[aria-selected=false]")?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label="App" onKeyDown=${onKeyDown}>
    ${[
      ["home", "Home"],
      ["messages", "Messages"],
    ].map(
      ([name, words]) => html`<button type="button" role="tab"
      key=${name} class="tab" aria-selected=${tab === name}
      tabindex=${tab === name ? 0 : -1} onClick=${() => onTab(name)}>${words}</button>`,
    )}
  </div>`;
}

function emptyWords(place, state) {
  if (place.kind === "app")
    return [
      `This is the beginning of your conversation with ${place.title}`,
      "What the app has to tell you alone arrives here.",
    ];
  if (place.kind === "im")
    return [`This is the beginning of your conversation with ${place.title}`, "Write the first line below."];
  const command = state.commands[0]?.command;
  return [
    `Welcome to #${place.title}`,
    command && place.channel.members.includes(state.app.bot_user_id)
      ? `Nothing here yet. Type ${command} to begin.`
      : "Nothing here yet. Write the first line below.",
  ];
}

function Conversation({ place, tab, onTab, marked, prefill, onDetails, threadOpen }) {
  const { session, state, me } = usePane();
  const { id, kind, channel, title } = place;
  const unread = state.unread[id] ?? 0;
  const messages = useMemo(() => (channel ? flow(state, id) : []), [state.messages[id], state.ephemerals, id]);
  const firstUnread = useMemo(() => {
    const others = messages.filter((one) => one.user !== me && !one.ephemeral);
    return unread ? (others[Math.max(0, others.length - unread)]?.ts ?? null) : null;
  }, [id, me, channel === null]);
  const [visible, setVisible] = useState(document.visibilityState === "visible");
  const showsMessages = kind !== "app" || tab === "messages";
  useEffect(() => {
    const look = () => setVisible(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  useEffect(() => {
    if (unread && visible && showsMessages && channel) session.tell("read", { channel: id });
  }, [unread, visible, showsMessages, id]);
  useEffect(() => {
    if (kind === "app") session.openTab(tab);
  }, [kind, tab, state.link === "live" && state.app.connected]);

  const member = !channel || channel.is_im || channel.members.includes(me);
  const called = kind === "channel" ? `#${title}` : title;
  const [heading, line] = emptyWords(place, state);
  const empty = html`<div class="empty"><span class="empty-mark">${
    kind === "channel"
      ? html`<${Icon}
    name=${channel.is_private ? "lock" : "hash"} size=${32} />`
      : html`<${Avatar} user=${place.user}
      size=${56} />`
  }</span>
    <h3>${heading}</h3><p>${line}</p></div>`;
  const lastMine = messages.findLast((one) => one.user === me && !one.bot_id && !one.ephemeral && one.text);
  const editLast = () => {
    const row = lastMine && document.querySelector(`.pane[data-user="${me}"] .conversation [data-ts="${lastMine.ts}"]`);
    row?.focus();
    row?.dispatchEvent(new KeyboardEvent("keydown", { key: "e", bubbles: true }));
    return Boolean(row);
  };
  return html`<div class=${classes("conversation", threadOpen && "beside-thread")}>
    <header class="view-head">
      <div class="view-title">
        ${
          kind === "channel"
            ? html`<${Icon} name=${channel.is_private ? "lock" : "hash"}
          size=${18} />`
            : html`<${Avatar} user=${place.user} size=${24} />`
        }
        <h2>${title}</h2>
        ${kind === "im" && html`<small>${state.users[place.user]?.title}</small>`}
        ${
          kind === "app" &&
          html`<span class="badge-app">APP</span><span
          class=${classes("dot", state.app.connected && "on")} title=${state.app.connected ? "Connected" : "Not connected"}></span>`
        }
        ${kind === "channel" && channel.topic && html`<small class="topic">${channel.topic}</small>`}
      </div>
      ${
        kind === "channel" &&
        html`<button type="button" class="button small members-button"
        aria-label=${`${channel.members.length} members of #${title}`} onClick=${onDetails}><${Icon} name="people"
          size=${16} /> ${channel.members.length}</button>`
      }
    </header>
    ${kind === "app" && state.app.home_tab && html`<${Tabs} tab=${tab} onTab=${onTab} />`}
    ${
      showsMessages
        ? html`
      <${MessageList} key=${`${me} ${id}`} messages=${messages} label=${`Messages in ${called}`} empty=${empty}
        firstUnread=${firstUnread} marked=${marked} />
      ${
        channel?.is_archived
          ? html`<div class="join-bar"><span>#${title} is archived.</span></div>`
          : member
            ? html`<${Composer} key=${`composer ${me} ${place.address}`} channel=${id} draftKey=${place.address}
          label=${`Message ${called}`} placeholder=${`Message ${called}`} prefill=${prefill} autofocus
            onEditLast=${lastMine && editLast} />`
            : html`<div class="join-bar"><span>You are looking at <strong>#${title}</strong> from outside.</span><button
          type="button" class="button primary" onClick=${() => session.tell("join", { channel: id })}>Join channel</button></div>`
      }`
        : html`<${Home} />`
    }
  </div>`;
}

/** `place`: {user, address, thread, tab, marked, prefill}; `onPlace` gets what changes in it. */
export function Pane({ place, first, onPlace, tools }) {
  const [session] = useSessions([place.user]);
  const { state } = session;
  const me = place.user;
  const [drawer, setDrawer] = useState(false);
  const [asking, setAsking] = useState(null);
  const [details, setDetails] = useState(false);
  const section = useRef(null);
  const ready = state.ready && Object.keys(state.users).length > 0;
  const name = nameOf(state, me);

  const here = ready ? conversation(state, place.address ?? "") : null;
  const own = here && here.user !== me ? here : null;
  useEffect(() => {
    if (!ready || own) return;
    const address = firstPlace(state, me);
    if (address) onPlace({ address, thread: null, tab: null, marked: null });
  }, [ready, own === null, me]);
  useEffect(() => {
    setDetails(false);
    setDrawer(false);
  }, [me]);
  useEffect(() => {
    if (place.prefill) setDrawer(false);
  }, [place.prefill?.number]);

  const context = {
    session,
    state,
    me,
    tz: state.users[me]?.tz ?? "UTC",
    here: own?.id ?? null,
    seenThreads: session.seenThreads,
    go(address, { thread = null, tab = null, ts = null } = {}) {
      setDrawer(false);
      const target = conversation(state, address)?.address ?? address;
      const under = thread ?? (ts ? state.messages[address]?.find((one) => one.ts === ts)?.thread_ts : null);
      onPlace({
        address: target,
        thread: under === undefined ? null : under,
        tab: tab ?? (target.startsWith("@") && (under || ts) ? "messages" : null),
        marked: ts,
      });
    },
    confirm: (ask) => new Promise((resolve) => setAsking({ ask, resolve })),
  };
  const unreadApp = own?.kind === "app" && (state.unread[own.id] ?? 0) > 0;
  const tab = !state.app.home_tab
    ? "messages"
    : (place.tab ?? (own?.kind === "app" && (unreadApp || flow(state, own.id).length) ? "messages" : "home"));
  useEffect(() => {
    // The tab the app opened on stays until the person changes it, whatever arrives meanwhile.
    if (own?.kind === "app" && !place.tab) onPlace({ tab });
  }, [own?.kind, place.tab]);

  const view = state.views.at(-1);
  const covered = Boolean(view || asking || (details && own?.channel));
  const onKeyDown = (event) => {
    if (event.key !== "Escape") return;
    if (drawer) setDrawer(false);
    else if (place.thread) {
      onPlace({ thread: null });
      section.current.focus();
    }
  };
  const answer = (yes) => {
    asking.resolve(yes);
    setAsking(null);
  };
  return html`<${PaneContext.Provider} value=${context}>
    <section ref=${section} class=${classes("pane", drawer && "drawer-open", place.thread && "with-thread")}
      aria-label=${`Acting as ${name}`} data-user=${me} tabindex="-1"
        onKeyDown=${onKeyDown}>
      <div class="pane-body" inert=${covered}>
        <header class="bar">
          <${IconButton} icon="menu" label="Conversations" class="drawer-button" aria-expanded=${drawer}
            onClick=${() => setDrawer(!drawer)} />
          ${first && html`<span class="brand"><${Mark} size=${22} /><strong>${state.team.name}</strong></span>`}
          ${ready && html`<${Switcher} onSwitch=${(user) => onPlace({ user })} />`}
          ${ready && html`<${LocalTime} />`}
          <span class="grow"></span>
          ${tools}
        </header>
        <${Banner} />
        <div class="columns">
          ${
            ready &&
            html`<${Sidebar} current=${place.address ?? ""} />
            <div class="drawer-shade" onClick=${() => setDrawer(false)}></div>`
          }
          ${
            own
              ? html`<${Conversation} key=${`${me} ${own.address}`} place=${own} tab=${tab}
            onTab=${(next) => onPlace({ tab: next })} marked=${place.thread ? null : place.marked}
              prefill=${place.prefill} onDetails=${() => setDetails(true)} threadOpen=${Boolean(place.thread)} />`
              : html`<div class="conversation waiting" role="status">${
                  ready
                    ? html`<div
              class="empty"><h3>No conversation open</h3><p>Choose one on the left.</p></div>`
                    : html`<span
                class="spinner" aria-label="Loading"></span>`
                }</div>`
          }
          ${
            own &&
            place.thread &&
            html`<${Thread} channel=${own.id} ts=${place.thread} marked=${place.marked}
            prefill=${place.prefill} onClose=${() => onPlace({ thread: null })} />`
          }
        </div>
      </div>
      ${
        details &&
        own?.channel &&
        !own.user &&
        html`<div class="layer" inert=${Boolean(view || asking)}><${Details}
        channel=${own.channel} onClose=${() => setDetails(false)} /></div>`
      }
      ${
        view &&
        html`<div class="layer" inert=${Boolean(asking)} key=${view.id}><${ViewModal} view=${view}
        depth=${state.views.length} /></div>`
      }
      ${asking && html`<div class="layer"><${Confirm} ask=${asking.ask} onAnswer=${answer} /></div>`}
      <${Toasts} />
    </section>
  <//>`;
}
