// The dialog about a channel: who is in it, and joining, inviting, removing, leaving, archiving.

import { nameOf } from "./store.js";
import { Select } from "./select.js";
import { Avatar, Dialog, Icon, html, usePane } from "./ui.js";

export function Details({ channel, onClose }) {
  const { state, session, me, go, confirm } = usePane();
  const inside = channel.members.includes(me);
  const outside = Object.values(state.users).filter((user) => !user.deleted && !channel.members.includes(user.id));
  const choices = outside.map((user) => ({
    key: user.id,
    words: nameOf(state, user.id),
    note: user.is_bot ? "App" : user.title,
    avatar: user.id,
  }));
  const tell = (path, body) => session.tell(path, { channel: channel.id, ...body });
  const archive = async () => {
    const ask = {
      title: `Archive #${channel.name}?`,
      text: "Nobody can write here until it is brought back.",
      confirm: "Archive",
      deny: "Cancel",
      style: "danger",
    };
    if (channel.is_archived || (await confirm(ask))) tell("archive", { archived: !channel.is_archived });
  };
  const title = html`<span class="with-icon"><${Icon} name=${channel.is_private ? "lock" : "hash"}
    size=${18} /> ${channel.name}</span>`;
  return html`<${Dialog} title=${title} label=${`About #${channel.name}`} onClose=${onClose}>
    ${channel.topic && html`<p class="muted">${channel.topic}</p>`}
    ${
      inside &&
      !channel.is_archived &&
      html`<div class="input-block"><label class="input-label"
      for="add-people">Add people or the app</label>
      <${Select} id="add-people" groups=${[{ choices }]} chosen=${[]} placeholder="Search by name"
        onChange=${([choice]) => choice && tell("invite", { member: choice.key })} /></div>`
    }
    <h3 class="small-heading">${channel.members.length} ${channel.members.length === 1 ? "member" : "members"}</h3>
    <ul class="members">${channel.members.map(
      (id) => html`<li key=${id}>
      <${Avatar} user=${id} size=${28} />
      <button type="button" class="link-button" onClick=${() => {
        onClose();
        if (id !== me) go(`@${id}`);
      }}>${nameOf(state, id)}${id === me ? " (you)" : ""}</button>
      <small>${state.users[id]?.is_bot ? "App" : state.users[id]?.title}</small>
      ${
        inside &&
        id !== me &&
        !channel.is_archived &&
        html`<button type="button" class="button small"
        aria-label=${`Remove ${nameOf(state, id)}`} onClick=${() => tell("kick", { member: id })}>Remove</button>`
      }
    </li>`,
    )}</ul>
    <div class="dialog-actions">
      ${
        inside &&
        !channel.is_archived &&
        html`<button type="button" class="button" onClick=${() => {
          onClose();
          tell("leave");
        }}>Leave channel</button>`
      }
      ${
        !inside &&
        !channel.is_archived &&
        html`<button type="button" class="button primary"
        onClick=${() => tell("join")}>Join channel</button>`
      }
      <button type="button" class=${channel.is_archived ? "button" : "button danger"}
        onClick=${archive}>${channel.is_archived ? "Bring back from the archive" : "Archive channel"}</button>
    </div>
  <//>`;
}
