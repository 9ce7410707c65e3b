// The picture on the screen: fitted, zoomed, moved, inverted; and how long it took to come.

import { Pictures } from "./pictures.mjs";

const CLOSEST = 12;
const PATIENCE_MS = 250;

export class Stage {
  #timer;

  // `onTrouble(isThere)`: the picture did not come, or it has come.
  constructor(root, onTrouble) {
    this.root = root;
    this.stage = root.querySelector("[data-stage]");
    this.box = root.querySelector("[data-box]");
    this.wait = root.querySelector("[data-wait]");
    this.onTrouble = onTrouble;
    this.pictures = new Pictures(this.box, this.stage);
    this.isInverted = false;
    this.timings = [];
    this.fit();
    new ResizeObserver(() => this.#layOut()).observe(this.stage);
  }

  get isShown() {
    return "shown" in this.stage.dataset;
  }

  // `since`: when the key was pressed that asked for it (the clock of performance.now).
  async show(entry, since) {
    this.entry = entry;
    const preparing = entry ? this.pictures.prepare(entry) : null;
    this.wait.hidden = Boolean(entry);
    this.box.hidden = !entry;
    this.root.querySelector("[data-synthetic]").hidden = !entry?.film.synthetic;
    delete this.stage.dataset.shown;
    delete this.stage.dataset.preset;
    if (!entry) return;
    this.fit();
    this.pictures.show(entry);
    try {
      await preparing;
    } catch {
      if (this.entry === entry) this.onTrouble(true);
      return;
    }
    if (this.entry === entry) this.#afterPaint(() => this.#shown(entry, since));
  }

  zoom(factor, at = { x: this.stage.clientWidth / 2, y: this.stage.clientHeight / 2 }) {
    const zoom = Math.min(Math.max(this.scale * factor, 1), CLOSEST);
    const ratio = zoom / this.scale;
    this.x = at.x - (at.x - this.x) * ratio;
    this.y = at.y - (at.y - this.y) * ratio;
    this.scale = zoom;
    this.#place();
    clearTimeout(this.#timer);
    const { entry } = this;
    this.#timer = setTimeout(() => entry && this.pictures.sharpen(entry, zoom).catch(() => {}), PATIENCE_MS);
  }

  move(x, y) {
    this.x += x;
    this.y += y;
    this.#place();
  }

  fit() {
    Object.assign(this, { scale: 1, x: 0, y: 0 });
    this.#layOut();
  }

  invert() {
    this.isInverted = !this.isInverted;
    this.box.classList.toggle("is-inverted", this.isInverted);
    return this.isInverted;
  }

  #layOut() {
    const { film } = this.entry ?? {};
    if (film) {
      const { clientWidth, clientHeight } = this.stage;
      const ratio = Math.min(clientWidth / film.width, clientHeight / film.height);
      const [width, height] = [film.width * ratio, film.height * ratio];
      this.left = (clientWidth - width) / 2;
      this.top = (clientHeight - height) / 2;
      Object.assign(this.box.style, { width: `${width}px`, height: `${height}px` });
    }
    this.#place();
  }

  #place() {
    const { clientWidth, clientHeight } = this.stage;
    // The film never leaves the stage.
    this.x = Math.min(0, Math.max(this.x, clientWidth * (1 - this.scale)));
    this.y = Math.min(0, Math.max(this.y, clientHeight * (1 - this.scale)));
    const left = this.x + (this.left ?? 0) * this.scale;
    const top = this.y + (this.top ?? 0) * this.scale;
    this.box.style.transform = `translate(${left}px, ${top}px) scale(${this.scale})`;
    this.stage.dataset.zoom = this.scale.toFixed(3);
  }

  // A message comes after the frame in which the picture is drawn.
  #afterPaint(act) {
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = act;
      channel.port2.postMessage(null);
    });
  }

  #shown(entry, since) {
    if (this.entry !== entry) return;
    if (since !== undefined) {
      this.timings.push(Math.round((performance.now() - since) * 10) / 10);
      this.root.dataset.shownMs = this.timings.at(-1);
      this.root.dataset.timings = this.timings.slice(-500).join(" ");
    }
    entry.shownAt ??= performance.now();
    this.stage.dataset.shown = entry.film.id;
    this.onTrouble(false);
  }
}
