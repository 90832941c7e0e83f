// What one person sees, as a pure function of the frames received.

export const nothingYet = {
  link: "connecting", // "connecting" | "live" | "lost"
  ready: false,
  me: null,
  team: { name: "" },
  app: { connected: false, name: "the app" },
  users: {},
  channels: {},
  usergroups: [],
  commands: [],
  shortcuts: [],
  messages: {},
  ephemerals: [],
  views: [],
  home: null,
  unread: {},
  moved: {}, // former channel id -> its id now
};

const byId = (list) => Object.fromEntries(list.map((item) => [item.id, item]));

function upsert(messages, message) {
  const at = messages.findIndex((one) => one.ts === message.ts && one.channel === message.channel);
  if (at >= 0) return messages.map((one, index) => (index === at ? message : one));
  const after = messages.findLastIndex((one) => one.ts < message.ts);
  return [...messages.slice(0, after + 1), message, ...messages.slice(after + 1)];
}

/** `seen`: the app was connected before, so that it is not starting but lost. */
const withSeen = (state, app) => ({ ...app, seen: Boolean(state.app.seen || app.seen || app.connected) });

/** The same with another id for a conversation, as when a channel becomes a shared one: its name is still its own. */
function readdressed(state, before, after) {
  const under = (all) => {
    const { [before]: moved, ...rest } = all;
    return moved === undefined ? rest : { ...rest, [after]: moved };
  };
  const placed = (message) => (message.channel === before ? { ...message, channel: after } : message);
  const messages = under(state.messages);
  const { [before]: _, ...channels } = state.channels;
  return {
    ...state,
    channels,
    messages: { ...messages, [after]: (messages[after] ?? []).map(placed) },
    ephemerals: state.ephemerals.map(placed),
    unread: under(state.unread),
    moved: { ...state.moved, [before]: after },
  };
}

/** The next state; unknown frames change nothing. */
export function reduce(state, frame) {
  switch (frame.type) {
    case "hello":
      return { ...state, me: frame.user };
    case "link":
      return { ...state, link: frame.link };
    case "workspace": {
      const { team, app, users, usergroups, commands, shortcuts } = frame.workspace;
      return { ...state, team, app: withSeen(state, app), users: byId(users), usergroups, commands, shortcuts };
    }
    case "state":
      return {
        ...state,
        link: "live",
        ready: true,
        channels: byId(frame.channels),
        messages: frame.messages,
        ephemerals: frame.ephemerals ?? [],
        views: frame.views ?? [],
        home: frame.home ?? null,
        unread: frame.unread ?? {},
      };
    case "message": {
      const { channel } = frame.message;
      return {
        ...state,
        messages: { ...state.messages, [channel]: upsert(state.messages[channel] ?? [], frame.message) },
      };
    }
    case "deleted": {
      const kept = (state.messages[frame.channel] ?? []).filter((one) => one.ts !== frame.ts);
      return { ...state, messages: { ...state.messages, [frame.channel]: kept } };
    }
    case "ephemeral":
      return { ...state, ephemerals: upsert(state.ephemerals, { ...frame.message, ephemeral: true }) };
    case "ephemeral_deleted":
      return {
        ...state,
        ephemerals: state.ephemerals.filter((one) => one.ts !== frame.ts || one.channel !== frame.channel),
      };
    case "views":
      return { ...state, views: frame.views };
    case "home":
      return { ...state, home: frame.view };
    case "channel": {
      const former = Object.values(state.channels).find(
        (one) => one.id !== frame.channel.id && !one.is_im && one.name === frame.channel.name,
      );
      if (former) return reduce(readdressed(state, former.id, frame.channel.id), frame);
      const channels = { ...state.channels, [frame.channel.id]: frame.channel };
      if (frame.channel.is_private && !frame.channel.members.includes(state.me)) delete channels[frame.channel.id];
      return { ...state, channels };
    }
    case "user":
      return { ...state, users: { ...state.users, [frame.user.id]: frame.user } };
    case "app":
      return {
        ...state,
        app: withSeen(state, { ...state.app, connected: frame.connected, name: frame.name || state.app.name }),
      };
    case "unread":
      return { ...state, unread: { ...state.unread, [frame.channel]: frame.count } };
    default:
      return state;
  }
}

/** The name people read for a user id. */
export const nameOf = (state, id) => state.users[id]?.real_name || state.users[id]?.name || id;

/** The direct conversation with that person, once it exists. */
export const directWith = (state, id) =>
  Object.values(state.channels).find((channel) => channel.is_im && channel.user === id);

/**
 * What stands behind an address of the page: a channel id, or "@U1" for a conversation that may not have begun.
 * `kind` is channel, im or app; `channel` is null before the first message.
 */
export function conversation(state, address) {
  const found = address.startsWith("@") ? directWith(state, address.slice(1)) : state.channels[state.moved[address] ?? address];
  const other = found?.is_im ? found.user : address.startsWith("@") ? address.slice(1) : null;
  if (other) {
    const kind = other === state.app.bot_user_id ? "app" : "im";
    return {
      address: `@${other}`,
      id: found?.id ?? `@${other}`,
      kind,
      channel: found ?? null,
      user: other,
      title: nameOf(state, other),
    };
  }
  if (!found) return null;
  return { address: found.id, id: found.id, kind: "channel", channel: found, user: null, title: found.name };
}

/**
 * Messages of a conversation's own flow: no thread replies, but those also sent to the channel; ephemerals included.
 */
export function flow(state, channelId) {
  const own = (state.messages[channelId] ?? []).filter(
    (one) => !one.thread_ts || one.thread_ts === one.ts || one.subtype === "thread_broadcast",
  );
  const whispers = state.ephemerals.filter((one) => one.channel === channelId && !one.thread_ts);
  return whispers.reduce(upsert, own);
}

/** The replies under a message, oldest first, ephemerals included. */
export function replies(state, channelId, threadTs) {
  const mine = (one) => one.channel === channelId && one.thread_ts === threadTs && one.ts !== threadTs;
  return state.ephemerals.filter(mine).reduce(upsert, (state.messages[channelId] ?? []).filter(mine));
}

/**
 * How many of the unread messages are addressed to this person: those that mention them, and all in a direct
 * conversation.
 */
export function mentions(state, channelId, me) {
  const count = state.unread[channelId] ?? 0;
  if (!count || state.channels[channelId]?.is_im) return count;
  const others = (state.messages[channelId] ?? []).filter((one) => one.user !== me);
  return others.slice(-count).filter((one) => one.mentions_me).length;
}
