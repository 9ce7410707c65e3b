// Windows of a film by name (images:windows), worked out by the server for the case on the screen.

export class Windows {
  constructor(select, stage, onTrouble) {
    Object.assign(this, { select, stage, onTrouble });
    select.addEventListener("change", () => void this.#choose());
  }

  // Each case begins as it is stored.
  show(entry) {
    this.select.value = entry?.windowName ?? "stored";
  }

  next() {
    this.select.selectedIndex = (this.select.selectedIndex + 1) % this.select.options.length;
    void this.#choose();
  }

  async #choose() {
    const { entry } = this.stage;
    if (!entry) return;
    const name = (entry.windowName = this.select.value);
    try {
      entry.presets ??= await this.#presetsOf(entry.film);
      const choice = name === "stored" ? null : entry.presets[name];
      if (entry.windowName !== name) return;
      await this.stage.pictures.redraw(entry, { choice });
      this.stage.stage.dataset.preset = name;
    } catch {
      this.onTrouble(true);
    }
  }

  async #presetsOf(film) {
    const answer = await fetch(film.windows, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    return (await answer.json()).presets;
  }
}
