// One box: its row of numbers in the form and its rectangle on the film, always equal.

import { LEAST, moved, sized, within } from "./geometry.mjs";

const SVG = "http://www.w3.org/2000/svg";
const SIDES = ["left", "top", "width", "height"];
const HANDLE_PX = 18;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
// Of the film's longer side, for one press of an arrow.
const STEP = 0.005;

function drawn(name, kind, parent) {
  const shape = document.createElementNS(SVG, name);
  shape.setAttribute("class", kind);
  parent.append(shape);
  return shape;
}

export class Box {
  constructor(row, review) {
    this.row = row;
    this.review = review;
    this.inputs = Object.fromEntries(SIDES.map((side) => [side, row.querySelector(`[name$="-${side}"]`)]));
    this.away = row.querySelector("[data-box-away]");
    this.group = drawn("g", "", review.svg);
    this.group.tabIndex = 0;
    this.group.setAttribute("role", "button");
    this.rectangle = drawn("rect", "writing-box", this.group);
    this.handle = drawn("rect", "writing-handle", this.group);
    row.hidden = false;
    row.addEventListener("input", () => this.draw());
    this.away.addEventListener("change", () => this.away.checked && this.remove());
    this.group.addEventListener("keydown", (event) => this.#key(event));
    this.draw();
  }

  static isIn(row) {
    return Number(row.querySelector('[name$="-width"]').value) >= 1;
  }

  get place() {
    return Object.fromEntries(SIDES.map((side) => [side, Number(this.inputs[side].value) || 0]));
  }

  set place(box) {
    for (const side of SIDES) this.inputs[side].value = box[side];
    this.draw();
  }

  draw() {
    const { left, top, width, height } = within(this.place, this.review.film);
    const handle = Math.max(LEAST, HANDLE_PX * this.review.unitsPerPixel());
    const set = (shape, values) => {
      for (const [name, value] of Object.entries(values)) shape.setAttribute(name, value);
    };
    set(this.rectangle, { x: left, y: top, width, height });
    set(this.handle, { x: left + width - handle / 2, y: top + height - handle / 2, width: handle, height: handle });
  }

  name(words) {
    this.group.setAttribute("aria-label", words);
    this.row.querySelector("legend").textContent = words;
  }

  remove() {
    this.away.checked = true;
    this.row.hidden = true;
    this.group.remove();
    this.review.forget(this);
  }

  #key(event) {
    const { film } = this.review;
    const step = Math.max(1, Math.round(STEP * Math.max(film.width, film.height)));
    if (event.key === "Delete" || event.key === "Backspace") this.remove();
    else if (ARROWS[event.key]) {
      const [x, y] = ARROWS[event.key].map((way) => way * step);
      this.place = (event.shiftKey ? sized : moved)(this.place, x, y, film);
    } else return;
    event.preventDefault();
  }
}
