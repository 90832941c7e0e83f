// The left column: channels, direct messages and apps, with what is unread.

import { conversation, mentions, nameOf } from "./store.js";
import { Avatar, Icon, Menu, classes, html, usePane, useState } from "./ui.js";

function Entry({ address, here, icon, avatar, words, note, unread, badge, dim }) {
  const { go } = usePane();
  const said = [words, badge ? `${badge} for you` : unread ? `${unread} unread` : "", note].filter(Boolean).join(", ");
  return html`<li><button type="button" class=${classes("entry", unread && "unread", dim && "dim")}
    aria-current=${here ? "page" : undefined} aria-label=${said}
      data-address=${address} onClick=${() => go(address)}>
    ${avatar ? html`<${Avatar} user=${avatar} size=${20} />` : html`<${Icon} name=${icon} size=${17} />`}
    <span class="entry-words">${words}</span>
    ${note && html`<small>${note}</small>`}
    ${badge > 0 && html`<span class="badge" aria-hidden="true">${badge > 99 ? "99+" : badge}</span>`}
  </button></li>`;
}

export function Sidebar({ current }) {
  const { state, me, go } = usePane();
  const [browsing, setBrowsing] = useState(false);
  const all = Object.values(state.channels);
  const byName = (a, b) => a.name.localeCompare(b.name);
  const rooms = all.filter((channel) => !channel.is_im).sort(byName);
  const joined = rooms.filter((channel) => channel.members.includes(me) && !channel.is_archived);
  const others = rooms.filter((channel) => !joined.includes(channel));
  const bot = state.app.bot_user_id;
  const direct = all.filter((channel) => channel.is_im && channel.user !== bot);
  const here = conversation(state, current)?.address;
  if (here?.startsWith("@") && here !== `@${bot}` && !direct.some((channel) => `@${channel.user}` === here))
    direct.push({ id: here, user: here.slice(1) });
  const app = bot && conversation(state, `@${bot}`);

  const room = (channel, dim) => html`<${Entry} key=${channel.id} address=${channel.id} here=${here === channel.id}
    icon=${channel.is_archived ? "archive" : channel.is_private ? "lock" : "hash"}
    words=${channel.name} note=${channel.is_archived ? "archived" : ""} unread=${dim ? 0 : state.unread[channel.id]} badge=${dim ? 0 : mentions(state, channel.id, me)} dim=${dim} />`;
  const known = new Set(direct.map((channel) => channel.user));
  const toMeet = Object.values(state.users).filter(
    (user) => !user.is_bot && !user.deleted && user.id !== me && !known.has(user.id),
  );
  const meet = toMeet.map((user) => ({
    key: user.id,
    label: nameOf(state, user.id),
    note: user.title,
    avatar: user.id,
    onSelect: () => go(`@${user.id}`),
  }));

  return html`<nav class="sidebar" aria-label="Conversations">
    <div class="side-group"><h3>Channels</h3>
      <button type="button" class="side-add" aria-label="Browse other channels" title="Browse other channels"
        aria-expanded=${browsing} onClick=${() => setBrowsing(!browsing)}><${Icon} name="browse"
          size=${16} /></button></div>
    <ul>${joined.map((channel) => room(channel, false))}</ul>
    ${!joined.length && html`<p class="side-empty">No channel yet: browse the others and join one.</p>`}
    ${
      browsing &&
      html`<div class="side-others"><div class="side-note">Other channels</div>
      ${
        others.length
          ? html`<ul>${others.map((channel) => room(channel, true))}</ul>`
          : html`<p
        class="side-empty">You are in every channel you can see.</p>`
      }</div>`
    }
    <div class="side-group"><h3>Direct messages</h3>
      <${Menu} label="New direct message" class="side-add" trigger=${html`<${Icon} name="plus" size=${16} />`}
        items=${meet} disabled=${!meet.length} /></div>
    <ul>${direct.map(
      (channel) => html`<${Entry} key=${channel.user} address=${`@${channel.user}`}
      here=${here === `@${channel.user}`} avatar=${channel.user}
      words=${nameOf(state, channel.user)} unread=${state.unread[channel.id]} badge=${mentions(state, channel.id, me)} />`,
    )}</ul>
    ${!direct.length && html`<p class="side-empty">Press + to write to someone.</p>`}
    <div class="side-group"><h3>Apps</h3></div>
    ${
      app &&
      html`<ul>
      <${Entry} address=${app.address} here=${here === app.address} avatar=${bot} words=${state.app.name}
        note=${state.app.connected ? "" : state.app.seen ? "not connected" : "starting…"}
        unread=${state.unread[app.id]} badge=${app.channel ? mentions(state, app.id, me) : 0} /></ul>`
    }
  </nav>`;
}
