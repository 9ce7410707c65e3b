// The viewer's page (images/viewer.html): without this script it shows the plain picture.

import { Film } from "./film.mjs";
import { Heat } from "./heat.mjs";
import { listen } from "./keys.mjs";
import { Prior } from "./prior.mjs";
import { WindowControls } from "./window.mjs";

const CLOSER = 1.4;
const MOVED = 0.1;

const root = document.querySelector("[data-viewer]");
const told = (id) => JSON.parse(document.getElementById(id).textContent);
const find = (selector) => root.querySelector(selector);

const trouble = find("[data-viewer-alert]");
function onTrouble(isThere) {
  trouble.textContent = isThere ? root.dataset.failed : "";
  trouble.hidden = !isThere;
}

for (const part of root.querySelectorAll("[data-viewer-bar], [data-viewer-controls]")) part.hidden = false;

const film = new Film(find("[data-stage=film]"), onTrouble);
film.show(told("viewer-film"), null);
const windows = new WindowControls(root, () => {
  film.show(film.film, windows.chosen);
  if (prior.isShown && windows.name !== "own") prior.refresh();
});
const prior = new Prior(film, told("viewer-priors"), root, { preset: () => windows.name, onTrouble });
const heat = new Heat(film, find("[data-do=heat]"));
const help = document.querySelector("[data-viewer-help]");
const sliders = [...root.querySelectorAll("[data-filter]")];

function paint(changes) {
  film.paint(changes);
  prior.paint(film.filter);
  find("[data-do=invert]").setAttribute("aria-pressed", film.filter.invert);
}

const actions = {
  "zoom-in": () => film.zoom(CLOSER),
  "zoom-out": () => film.zoom(1 / CLOSER),
  fit: () => film.fit(),
  "one-to-one": () => film.oneToOne(),
  move: (x, y) => film.move(x * MOVED, y * MOVED),
  invert: () => paint({ invert: !film.filter.invert }),
  window: () => windows.next(),
  nudge: (part, steps) => windows.nudge(part, steps),
  heat: () => heat.toggle(),
  prior: () => prior.toggle(),
  help: () => help.showModal(),
  reset: () => {
    for (const slider of sliders) slider.value = 100;
    film.unpaint();
    paint({});
    windows.choose("stored");
    film.fit();
  },
};

for (const button of root.querySelectorAll("[data-do]")) {
  button.addEventListener("click", () => actions[button.dataset.do]());
}
for (const slider of sliders) {
  slider.addEventListener("input", () => paint({ [slider.dataset.filter]: Number(slider.value) }));
}
listen(actions);
windows.load(film.film);
