// Window and level: presets, the two sliders and the arrow keys. The server renders what is chosen.

const PATIENCE_MS = 200;
const STEP = 0.02;

export class WindowControls {
  #timer;

  constructor(root, onChange) {
    this.preset = root.querySelector("[data-preset]");
    this.sliders = [...root.querySelectorAll("[data-window]")];
    this.outputs = [...root.querySelectorAll("[data-output]")];
    this.onChange = onChange;
    this.preset.addEventListener("change", () => this.choose(this.preset.value));
    for (const slider of this.sliders) {
      slider.addEventListener("input", () => this.#own({ [slider.dataset.window]: Number(slider.value) }));
    }
  }

  async load(film) {
    const answer = await fetch(film.windows, { credentials: "same-origin" });
    if (!answer.ok) return;
    ({ presets: this.presets } = await answer.json());
    this.window = this.presets.stored;
    this.#fitSliders();
    this.#tell();
  }

  get name() {
    return this.preset.value;
  }

  // null: as it is stored, which the server knows without being told.
  get chosen() {
    return this.name === "stored" ? null : this.window;
  }

  choose(name) {
    if (!this.presets?.[name]) return;
    this.preset.value = name;
    this.window = this.presets[name];
    this.#tell();
    this.onChange();
  }

  next() {
    const names = [...this.preset.options].filter((option) => !option.hidden).map((option) => option.value);
    this.choose(names[(names.indexOf(this.name) + 1) % names.length]);
  }

  // `part` is centre or width; `steps` may be negative.
  nudge(part, steps) {
    if (!this.presets) return;
    this.#own({ [part]: this.window[part] + steps * STEP * this.presets.full.width });
  }

  #own(changes) {
    if (!this.presets) return;
    const slider = (part) => this.sliders.find((each) => each.dataset.window === part);
    this.window = { ...this.window };
    for (const [part, value] of Object.entries(changes)) {
      const { min, max } = slider(part);
      this.window[part] = Math.round(Math.min(Math.max(value, min), max));
    }
    const own = [...this.preset.options].find((option) => option.value === "own");
    own.hidden = false;
    this.preset.value = "own";
    this.#tell();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.onChange(), PATIENCE_MS);
  }

  #fitSliders() {
    const { centre, width } = this.presets.full;
    const step = Math.max(1, Math.round(width / 256));
    for (const slider of this.sliders) {
      const ofCentre = slider.dataset.window === "centre";
      slider.min = ofCentre ? Math.floor(centre - width) : 1;
      slider.max = Math.ceil(ofCentre ? centre + width : 2 * Math.max(width, this.window.width));
      slider.step = step;
      slider.disabled = false;
    }
  }

  #tell() {
    const tongue = document.documentElement.lang;
    for (const slider of this.sliders) slider.value = this.window[slider.dataset.window];
    for (const output of this.outputs) {
      output.value = Math.round(this.window[output.dataset.output]).toLocaleString(tongue);
    }
  }
}
