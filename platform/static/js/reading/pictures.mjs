// Pictures of cases, loaded and decoded before they are wanted. The server draws each size
// (images:window) and each window; answers may be kept by no cache, so they are kept here.

export class Pictures {
  constructor(box, stage) {
    Object.assign(this, { box, stage });
    this.kept = new Map();
  }

  // Begins to load; resolves to the picture once it can be shown at once. Rejects where it fails.
  prepare(entry) {
    const found = this.kept.get(entry);
    if (found) return found.ready;
    const picture = new Image();
    picture.alt = "";
    picture.draggable = false;
    picture.className = "reading-picture";
    picture.src = this.address(entry.film, this.#side(entry.film));
    this.box.append(picture);
    const ready = picture.decode().then(() => picture);
    ready.catch(() => this.forget(entry));
    this.kept.set(entry, { picture, ready });
    return ready;
  }

  // Hides all others. They stay in the page, drawn over by this one, so that they stay decoded.
  show(entry) {
    for (const [other, { picture }] of this.kept) picture.classList.toggle("is-shown", other === entry);
  }

  forget(entry) {
    this.kept.get(entry)?.picture.remove();
    this.kept.delete(entry);
  }

  // No more pictures than those around the one on the screen.
  keepOnly(entries) {
    const wanted = new Set(entries);
    for (const entry of [...this.kept.keys()]) if (!wanted.has(entry)) this.forget(entry);
  }

  // Another window, or more pixels: what was shown stays until all of the new one is there.
  async redraw(entry, { choice = entry.window, side } = {}) {
    const kept = this.kept.get(entry);
    if (!kept) return;
    entry.window = choice;
    const next = new Image();
    next.src = this.address(entry.film, side ?? kept.side ?? this.#side(entry.film), choice);
    await next.decode();
    kept.side = side ?? kept.side;
    kept.picture.src = next.src;
    await kept.picture.decode();
  }

  // More pixels than are loaded, where a film has them and the screen would show them.
  async sharpen(entry, zoom) {
    const kept = this.kept.get(entry);
    const side = this.#side(entry.film, zoom);
    if (kept && side > (kept.side ?? this.#side(entry.film))) await this.redraw(entry, { side });
  }

  address(film, side, choice = null) {
    const isWhole = side >= Math.max(film.width, film.height);
    if (isWhole && !choice && film.picture) return film.picture;
    const asked = new URLSearchParams(choice ?? {});
    if (!isWhole && side < 8192) asked.set("side", side);
    return `${film.window}?${asked}`;
  }

  #side(film, zoom = 1) {
    const scale = Math.min(this.stage.clientWidth / film.width, this.stage.clientHeight / film.height);
    const wanted = Math.max(film.width, film.height) * scale * zoom * devicePixelRatio;
    return film.sides.find((side) => side >= wanted * 0.9) ?? film.sides.at(-1);
  }
}
