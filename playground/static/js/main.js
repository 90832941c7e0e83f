// The whole page: one or two panes, the guide, the theme, and the address that names them.

import { render } from "../vendor/htm-preact-3.1.1.module.js";
import { Refused, get } from "./api.js";
import { Guide, guideFits } from "./guide.js";
import { Pane } from "./pane.js";
import { Icon, IconButton, html, useEffect, useRef, useState } from "./ui.js";

const asked = new URLSearchParams(location.search);

const memory = {
  get(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage is switched off: the page simply forgets
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      // as above
    }
  },
};

const systemTheme = () => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

function useTheme() {
  const [chosen, choose] = useState(asked.get("theme") ?? memory.get("theme"));
  useEffect(() => {
    if (chosen) document.documentElement.dataset.theme = chosen;
  }, [chosen]);
  const now = chosen ?? systemTheme();
  const toggle = () => {
    const next = now === "dark" ? "light" : "dark";
    memory.set("theme", next);
    choose(next);
  };
  return [now, toggle];
}

/**
 * The panes that the address asks for: ?user=U1 or ?split=U1,U2, with &channel= and &thread= (one each, by comma).
 * A message's link ends here as #/CHANNEL/TS, with /THREAD_TS when it is a reply.
 */
function panesAsked(users) {
  const people = users.filter((user) => !user.is_bot && !user.deleted).map((user) => user.id);
  const wanted = (asked.get("split") ?? asked.get("user") ?? "")
    .split(",")
    .filter((id) => people.includes(id))
    .slice(0, 2);
  if (!wanted.length) wanted.push(people[0]);
  const channels = (asked.get("channel") ?? "").split(",");
  const threads = (asked.get("thread") ?? "").split(",");
  const [, linked, ts, under] = location.hash.split("/");
  const panes = wanted.map((user, index) => ({
    user,
    address: channels[index] || null,
    thread: threads[index] || null,
    tab: null,
    marked: null,
    prefill: null,
  }));
  if (linked && ts) panes[0] = { ...panes[0], address: linked, marked: ts, thread: under ?? null, tab: "messages" };
  return panes;
}

function writeAddress(panes) {
  const query = new URLSearchParams();
  query.set(panes.length > 1 ? "split" : "user", panes.map((pane) => pane.user).join());
  const channels = panes.map((pane) => pane.address ?? "").join();
  const threads = panes.map((pane) => pane.thread ?? "").join();
  if (channels.replaceAll(",", "")) query.set("channel", channels);
  if (threads.replaceAll(",", "")) query.set("thread", threads);
  for (const kept of ["guide", "theme"]) if (asked.has(kept)) query.set(kept, asked.get(kept));
  history.replaceState(null, "", `?${query.toString().replaceAll("%2C", ",").replaceAll("%40", "@")}`);
}

let prefills = 0;

function App({ users }) {
  const [panes, setPanes] = useState(() => panesAsked(users));
  const [guide, setGuide] = useState(
    guideFits(users) && asked.get("guide") !== "off" && memory.get("guide") !== "hidden",
  );
  const [since, setSince] = useState(memory.get("guide since") ?? "");
  const [theme, toggleTheme] = useTheme();
  const lastPlaces = useRef(new Map()).current;
  useEffect(() => {
    writeAddress(panes);
    for (const { user, address } of panes) if (address) lastPlaces.set(user, address);
  }, [panes]);

  const begin = (user, place = {}) => ({
    user,
    address: lastPlaces.get(user) ?? null,
    thread: null,
    tab: null,
    marked: null,
    prefill: null,
    ...place,
  });
  const change = (index, part) =>
    setPanes((before) =>
      before.map((pane, at) => {
        if (at !== index) return pane;
        return part.user && part.user !== pane.user ? begin(part.user) : { ...pane, ...part };
      }),
    );
  const split = () => {
    const [first] = panes;
    const other =
      users.find(
        (user) => user.id !== first.user && !user.is_bot && !user.deleted && /support/i.test(user.title ?? ""),
      ) ?? users.find((user) => user.id !== first.user && !user.is_bot);
    setPanes([first, begin(other.id)]);
  };
  const close = (index) => {
    setPanes(panes.filter((_, at) => at !== index));
  };
  const showGuide = (shown) => {
    memory.set("guide", shown ? "shown" : "hidden");
    setGuide(shown);
  };
  const restartGuide = (moment) => {
    memory.set("guide since", moment);
    setSince(moment);
  };
  /**
   * Opens the places the guide names: two make a split view; one goes where its person already is, else to the
   * right-hand side.
   */
  const direct = (places) => {
    const made = places.map(({ prefill, ...place }) => {
      prefills += 1;
      return begin(place.user, {
        ...place,
        prefill: prefill ? { key: place.address, text: prefill, number: prefills } : null,
      });
    });
    if (made.length > 1) {
      setPanes(made);
      return;
    }
    const known = panes.findIndex((pane) => pane.user === made[0].user);
    const index = known >= 0 ? known : panes.length > 1 ? 1 : 0;
    setPanes(panes.map((pane, at) => (at === index ? made[0] : pane)));
  };

  const tools = html`
    ${
      !guide &&
      guideFits(users) &&
      html`<button type="button" class="tool" onClick=${() => showGuide(true)}
      title="Show the guided first minute" aria-label="Guide"><${Icon} name="steps" size=${18} /><span>Guide</span></button>`
    }
    ${
      panes.length === 1 &&
      html`<button type="button" class="tool" onClick=${split} title="Two people side by side"
      aria-label="Split view"><${Icon} name="split" size=${18} /><span>Split view</span></button>`
    }
    <${IconButton} icon=${theme === "dark" ? "sun" : "moon"} size=${18}
      label=${theme === "dark" ? "Light colours" : "Dark colours"} class="tool" onClick=${toggleTheme} />`;
  return html`<main class=${panes.length > 1 ? "page split" : "page"}>
    ${
      guide &&
      html`<${Guide} users=${users} panes=${panes} since=${since} direct=${direct}
      onRestart=${restartGuide} onDismiss=${() => showGuide(false)} />`
    }
    <div class="panes">${panes.map(
      (place, index) => html`<${Pane} key=${`${index} ${place.user}`} place=${place}
      first=${index === 0}
      onPlace=${(part) => change(index, part)}
      tools=${html`${index === 0 && tools}${
        panes.length > 1 &&
        html`<${IconButton} icon="close" size=${18}
        label="Close this side" class="tool" onClick=${() => close(index)} />`
      }`} />`,
    )}</div>
  </main>`;
}

async function begin() {
  const root = document.getElementById("page");
  for (;;) {
    try {
      const { users } = await get("workspace");
      root.replaceChildren();
      render(html`<${App} users=${users} />`, root);
      return;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      root.replaceChildren(`${error.message} Trying again…`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

begin();
