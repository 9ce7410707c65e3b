// Another film of the same patient beside the first one, moved together with it or alone.

import { Film } from "./film.mjs";

export class Prior {
  constructor(first, priors, root, { preset, onTrouble }) {
    this.first = first;
    this.priors = priors;
    this.presetName = preset;
    this.onTrouble = onTrouble;
    this.pane = root.querySelector("[data-prior-pane]");
    this.controls = root.querySelector("[data-prior-controls]");
    this.select = root.querySelector("[data-prior]");
    this.together = root.querySelector("[data-together]");
    this.button = root.querySelector("[data-do=prior]");
    this.presets = new Map();
    this.select?.addEventListener("change", () => this.refresh());
    this.together?.addEventListener("change", () => this.#follow(this.first, this.film));
  }

  get isShown() {
    return !this.pane.hidden;
  }

  toggle() {
    if (!this.priors.length) return;
    this.pane.hidden = this.isShown;
    this.controls.hidden = !this.isShown;
    this.button.setAttribute("aria-pressed", this.isShown);
    if (this.isShown) this.#open();
    // The stages have another width now; OpenSeadragon notices it with the next frame.
    requestAnimationFrame(() => requestAnimationFrame(() => this.first.fit()));
  }

  // The same preset by its name: stored values of two films have no unit in common.
  async refresh() {
    if (!this.film) return;
    const prior = this.priors.find((each) => each.id === this.select.value);
    this.pane.querySelector("[data-prior-caption]").textContent = [prior.day, prior.view].filter(Boolean).join(" · ");
    const name = this.presetName();
    this.film.show(prior, name === "stored" ? null : ((await this.#presetsOf(prior))[name] ?? null));
  }

  paint(changes) {
    this.film?.paint(changes);
  }

  #open() {
    if (!this.film) {
      this.film = new Film(this.pane.querySelector("[data-stage=prior]"), this.onTrouble);
      const films = [this.first, this.film];
      for (const [one, other] of [films, films.toReversed()]) {
        one.viewer.addHandler("viewport-change", () => this.#follow(one, other));
      }
    }
    this.refresh();
  }

  #follow(from, to) {
    if (this.busy || !this.isShown || !to || !this.together.checked) return;
    this.busy = true;
    to.viewer.viewport.zoomTo(from.viewer.viewport.getZoom(true), null, true);
    to.viewer.viewport.panTo(from.viewer.viewport.getCenter(true), true);
    this.busy = false;
  }

  async #presetsOf(prior) {
    if (!this.presets.has(prior.id)) {
      const answer = await fetch(prior.windows, { credentials: "same-origin" });
      this.presets.set(prior.id, answer.ok ? (await answer.json()).presets : {});
    }
    return this.presets.get(prior.id);
  }
}
