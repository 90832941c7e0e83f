// One person's live session: the feed from the server, the state it leaves, and what that person may do.

import { useEffect, useMemo, useState } from "../vendor/htm-preact-3.1.1.module.js";
import { get, post, Refused } from "./api.js";
import { nowSeconds, setNow } from "./dates.js";
import { Form } from "./form.js";
import { nothingYet, reduce } from "./store.js";

const LONGEST_WAIT = 4000;
const SAME_LINE = 2000; // milliseconds
const open = new Map();
let toastNumber = 0;

class Session {
  constructor(user) {
    this.user = user;
    this.state = nothingYet;
    this.holders = 0;
    this.toasts = [];
    this.lastTold = { text: "", at: 0 };
    this.drafts = new Map();
    this.seenThreads = new Map(); // "channel ts" -> the latest reply this person has seen
    this.forms = new Map();
    this.listeners = new Set();
    this.waits = 250;
    this.appFrames = 0;
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/_page/ws?user=${encodeURIComponent(this.user)}`);
    this.socket.onmessage = (event) => this.receive(JSON.parse(event.data));
    this.socket.onopen = () => {
      this.waits = 250;
      this.refresh();
    };
    this.socket.onclose = () => {
      if (!this.holders) return;
      this.apply({ type: "link", link: "lost" });
      this.retry = setTimeout(() => this.connect(), this.waits);
      this.waits = Math.min(this.waits * 2, LONGEST_WAIT);
    };
  }

  /** Users, commands and shortcuts; the feed brings everything that moves, and what it said meanwhile is newer. */
  async refresh() {
    const before = this.appFrames;
    try {
      const workspace = await get(`workspace?user=${encodeURIComponent(this.user)}`);
      if (this.appFrames !== before) workspace.app.connected = this.state.app.connected;
      this.apply({ type: "workspace", workspace });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.toast("error", error.message);
    }
  }

  close() {
    clearTimeout(this.retry);
    this.socket.close();
  }

  receive(frame) {
    if (frame.type === "notice") {
      this.toast(frame.level, frame.text);
      return;
    }
    if (frame.type === "hello" || frame.type === "clock") setNow(frame.now);
    // This machine slept, or its clocks differ: what is said now cannot be of a later moment.
    if (frame.type === "message" && Number(frame.message.ts) > nowSeconds()) setNow(Number(frame.message.ts));
    if (frame.type === "state" && !this.state.ready) this.rememberThreads(frame.messages);
    this.apply(frame);
    if (frame.type === "app") {
      this.appFrames += 1;
      if (frame.connected) this.refresh();
    }
    if (frame.type === "views" || frame.type === "state") this.forgetForms();
  }

  /** What lies there when the page opens is not news. */
  rememberThreads(messages) {
    for (const message of Object.values(messages).flat()) {
      if (message.thread_ts && message.thread_ts !== message.ts)
        this.seenThreads.set(`${message.channel} ${message.thread_ts}`, message.ts);
    }
  }

  apply(frame) {
    this.state = reduce(this.state, frame);
    this.changed();
  }

  changed() {
    for (const listener of this.listeners) listener();
  }

  /** What was typed and chosen under `key` (a view, a message); kept while it is on the page. */
  form(key, blocks, stored) {
    if (!this.forms.has(key)) this.forms.set(key, new Form(stored));
    const form = this.forms.get(key);
    form.fit(blocks);
    return form;
  }

  forgetForms() {
    const alive = new Set(this.state.views.map((view) => `view ${view.id}`));
    for (const key of this.forms.keys()) {
      if (key.startsWith("view ") && !alive.has(key) && key !== `view ${this.state.home?.id}`) this.forms.delete(key);
    }
  }

  /** Notes that this line stands where the person is looking, so that no toast need repeat it. */
  told(text) {
    this.lastTold = { text, at: Date.now() };
    this.toasts = this.toasts.filter((toast) => toast.text !== text);
    this.changed();
  }

  /** A passing line for the person; the same line twice within two seconds is shown once. */
  toast(level, text) {
    const now = Date.now();
    if ([...this.toasts, this.lastTold].some((known) => known.text === text && now - known.at < SAME_LINE)) return;
    toastNumber += 1;
    const toast = { id: toastNumber, level, text, at: now };
    this.toasts = [...this.toasts.slice(-3), toast];
    this.changed();
    setTimeout(() => this.dropToast(toast.id), level === "error" ? 12_000 : 6000);
  }

  dropToast(id) {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
    this.changed();
  }

  dropEphemeral({ channel, ts }) {
    this.apply({ type: "ephemeral_deleted", channel, ts });
  }

  /** Tells the app that its Home or Messages tab was opened. */
  openTab(tab) {
    return this.tell("home", { tab });
  }

  /** Does something as this person; a refusal is thrown as Refused. */
  act(path, body) {
    return post(path, { user: this.user, ...body });
  }

  /** Does something as this person; a refusal is shown as a toast and answered with null. */
  async tell(path, body) {
    try {
      return await this.act(path, body);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.toast("error", error.message);
      return null;
    }
  }
}

export function acquire(user) {
  if (!open.has(user)) {
    const session = new Session(user);
    open.set(user, session);
  }
  const session = open.get(user);
  session.holders += 1;
  if (session.holders === 1) session.connect();
  return session;
}

export function release(session) {
  session.holders -= 1;
  if (session.holders) return;
  open.delete(session.user);
  session.close();
}

/** The sessions of these people, open as long as the component shows them; it draws again when one changes. */
export function useSessions(users) {
  const key = users.join();
  const [, draw] = useState(0);
  const held = useMemo(() => users.map(acquire), [key]);
  useEffect(() => {
    const listener = () => draw((count) => count + 1);
    for (const session of held) session.listeners.add(listener);
    listener();
    return () => {
      for (const session of held) {
        session.listeners.delete(listener);
        release(session);
      }
    };
  }, [held]);
  return held;
}
