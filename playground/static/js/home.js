// The app's Home tab.

import { Blocks } from "./blocks.js";
import { html, usePane } from "./ui.js";

export function Home() {
  const { state } = usePane();
  const { home, app } = state;
  return html`<div class="home" role="tabpanel" aria-label="Home" tabindex="-1">
    <div class="home-page">${
      home?.blocks?.length
        ? html`<${Blocks} blocks=${home.blocks} container=${{ type: "view", view_id: home.id }}
        formKey=${`view ${home.id}`} stored=${home.state?.values} />`
        : html`<div
        class="empty"><h3>Nothing on the Home tab yet</h3><p>${app.connected ? "It appears here as soon as the app draws it." : `${app.name} is ${app.seen ? "not connected" : "starting…"}`}</p></div>`
    }
    </div>
  </div>`;
}
