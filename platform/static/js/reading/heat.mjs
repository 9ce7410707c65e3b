// Heat maps of the model's answer (inference/_explanations.html) over the picture, one at a time.
/* global htmx */

export class Heat {
  constructor(root) {
    this.piece = root.querySelector("[data-maps]");
    this.box = root.querySelector("[data-box]");
    this.button = root.querySelector("[data-do=heat]");
    this.piece.addEventListener("change", () => this.#lay());
    this.piece.addEventListener("input", () => this.#lay());
    document.addEventListener("htmx:load", (event) => this.piece.contains(event.detail.elt) && this.#adopt());
  }

  // Of another case, or of none.
  clear() {
    this.model = null;
    this.piece.hidden = true;
    this.piece.replaceChildren();
    this.#take();
  }

  toggle(model) {
    if (this.model !== model) {
      this.clear();
      this.model = model;
      this.piece.hidden = false;
      // Inside an element of its own, which the piece replaces and which goes with the case.
      const place = this.piece.appendChild(document.createElement("div"));
      Object.assign(this, { isWanted: true, isAskedFor: false });
      htmx.ajax("GET", model.maps, { target: place, swap: "innerHTML" });
      return;
    }
    const maps = [...this.piece.querySelectorAll("[name=heat-map]")];
    const isShown = maps.some((map) => map.checked && map.value);
    const wanted = isShown ? maps.find((map) => !map.value) : maps.find((map) => map.value);
    if (wanted) wanted.checked = true;
    this.#lay();
  }

  // The newest map at once, or the first one is asked for.
  #adopt() {
    if (!this.model) return;
    for (const controls of this.piece.querySelectorAll("[data-heat-controls]")) controls.hidden = false;
    const first = this.piece.querySelector('[name=heat-map]:not([value=""])');
    if (this.isWanted && first) {
      first.checked = true;
      this.isWanted = false;
    } else if (this.isWanted && !this.isAskedFor) {
      this.isAskedFor = true;
      this.piece.querySelector("button[name=method]")?.click();
    }
    this.#lay();
  }

  #lay() {
    this.#take();
    const choice = this.piece.querySelector("[name=heat-map]:checked");
    const map = choice?.value && this.piece.querySelector(`[data-heat-map="${choice.value}"]`);
    this.button.setAttribute("aria-pressed", String(Boolean(map)));
    if (!map) return;
    const layer = map.cloneNode();
    layer.className = "reading-heat";
    layer.style.opacity = this.piece.querySelector("[data-heat-opacity]").value / 100;
    this.box.append(layer);
  }

  #take() {
    this.box.querySelector(".reading-heat")?.remove();
    this.button.setAttribute("aria-pressed", "false");
  }
}
