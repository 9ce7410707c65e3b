// Lays the heat maps of the panel (inference/_explanations.html) over the film, one at a time. The
// panel's own controls say which and how strongly; the key and the button switch it on and off.
/* global OpenSeadragon */

export class Heat {
  #last;

  constructor(film, button) {
    this.film = film;
    this.button = button;
    this.maps = new Map();
    this.adopt(document);
    document.addEventListener("htmx:load", (event) => this.adopt(event.detail.elt));
    for (const kind of ["input", "change"]) {
      document.addEventListener(kind, (event) => event.target.closest("[data-heat-controls]") && this.show());
    }
  }

  adopt(piece) {
    for (const controls of piece.querySelectorAll("[data-heat-controls]")) controls.hidden = false;
    for (const map of piece.querySelectorAll(".heat-map [data-heat-map]")) {
      this.#forget(map.dataset.heatMap);
      map.classList.add("viewer-heat");
      this.maps.set(map.dataset.heatMap, map);
      const { width, height } = this.film.film;
      // A film is one unit wide; its map covers all of it, whatever its own proportions are.
      this.film.viewer.addOverlay({ element: map, location: new OpenSeadragon.Rect(0, 0, 1, height / width) });
    }
    this.show();
  }

  show() {
    for (const [key, map] of this.maps) {
      const choice = choiceOf(key);
      if (!choice) {
        this.#forget(key); // its panel was replaced
        continue;
      }
      map.classList.toggle("d-none", !choice.checked);
      map.style.opacity = choice.closest("fieldset").querySelector("[data-heat-opacity]").value / 100;
      if (choice.checked) this.#last = key;
    }
    const isShown = [...this.maps.keys()].some((key) => choiceOf(key)?.checked);
    this.button.hidden = !this.maps.size && !firstRequest();
    this.button.setAttribute("aria-pressed", isShown);
  }

  toggle() {
    if (!this.maps.size) {
      firstRequest()?.click(); // it is drawn, and comes over the film by itself
      return;
    }
    const wanted = this.button.getAttribute("aria-pressed") === "true" ? "" : (this.#last ?? [...this.maps.keys()][0]);
    choiceOf(wanted).checked = true;
    this.show();
  }

  #forget(key) {
    const map = this.maps.get(key);
    if (!map) return;
    this.film.viewer.removeOverlay(map);
    this.maps.delete(key);
  }
}

const choiceOf = (key) => document.querySelector(`[name="heat-map"][value="${key}"]`);
const firstRequest = () => document.querySelector(".heat-maps button[name=method]");
