// Boxes around writing (images/writing_review.html): drawn, moved and sized by mouse, finger and keys.
// Without this script the numbers of the form are typed.

import { Box } from "./box.mjs";
import { LEAST, middle, moved, sized, spanning } from "./geometry.mjs";

class Review {
  constructor(form) {
    this.form = form;
    this.svg = form.querySelector("[data-writing-film]");
    this.rows = form.querySelector("[data-box-rows]");
    this.total = form.querySelector("[name=box-TOTAL_FORMS]");
    const { width, height } = this.svg.viewBox.baseVal;
    this.film = { width, height };
    this.boxes = [];
    for (const plain of this.svg.querySelectorAll(".writing-box")) plain.remove();
    for (const row of this.rows.querySelectorAll("[data-box-row]")) this.#adopt(row);
    this.svg.classList.add("is-ready");
    form.querySelector("[data-writing-plain]").hidden = true;
    form.querySelector("[data-writing-hint]").hidden = false;
    const add = form.querySelector("[data-add-box]");
    add.hidden = false;
    add.addEventListener("click", () => this.add(middle(this.film)).group.focus());
    this.svg.addEventListener("pointerdown", (event) => this.#begin(event));
    new ResizeObserver(() => this.boxes.forEach((box) => box.draw())).observe(this.svg);
  }

  #adopt(row) {
    if (Box.isIn(row) && !row.querySelector("[data-box-away]").checked) this.#keep(row);
    else row.hidden = true;
  }

  #keep(row) {
    const box = new Box(row, this);
    this.boxes.push(box);
    this.#number();
    return box;
  }

  #number() {
    this.boxes.forEach((box, place) => box.name(`${this.form.dataset.boxName} ${place + 1}`));
  }

  unitsPerPixel() {
    return 1 / (this.svg.getScreenCTM()?.a || 1);
  }

  add(place) {
    const number = Number(this.total.value);
    this.rows.insertAdjacentHTML(
      "beforeend",
      this.form.querySelector("[data-box-template]").innerHTML.replaceAll("__prefix__", number),
    );
    this.total.value = number + 1;
    const box = this.#keep(this.rows.lastElementChild);
    box.place = place;
    return box;
  }

  forget(box) {
    this.boxes = this.boxes.filter((each) => each !== box);
    this.#number();
    (this.boxes[0]?.group ?? this.form.querySelector("[data-add-box]")).focus();
  }

  #point(event) {
    const place = new DOMPoint(event.clientX, event.clientY);
    return place.matrixTransform(this.svg.getScreenCTM().inverse());
  }

  #begin(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    event.preventDefault();
    const from = this.#point(event);
    const box = this.boxes.find((each) => each.group.contains(event.target));
    const drag = box ? this.#changing(box, event.target, from) : this.#drawing(from);
    const move = (next) => drag(this.#point(next));
    const stop = new AbortController();
    this.svg.setPointerCapture(event.pointerId);
    this.svg.addEventListener("pointermove", move, { signal: stop.signal });
    for (const end of ["pointerup", "pointercancel"]) {
      this.svg.addEventListener(end, () => stop.abort(), { signal: stop.signal });
    }
  }

  #changing(box, target, from) {
    const before = box.place;
    const change = target === box.handle ? sized : moved;
    box.group.focus();
    return (to) => (box.place = change(before, to.x - from.x, to.y - from.y, this.film));
  }

  // A press without a drag draws nothing.
  #drawing(from) {
    let box;
    return (to) => {
      if (!box && Math.hypot(to.x - from.x, to.y - from.y) < Math.max(LEAST, 6 * this.unitsPerPixel())) return;
      const place = spanning(from, to, this.film);
      if (box) box.place = place;
      else (box = this.add(place)).group.focus();
    };
  }
}

const form = document.querySelector("[data-writing]");
if (form) new Review(form);
