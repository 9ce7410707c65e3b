// Charts of the room of the models, drawn by ECharts in the colours and the language of the page.
// Nothing here writes HTML: labels and tips are drawn, as the content security policy wants it.

import * as echarts from "../../vendor/echarts-6.1.0/echarts.esm.min.js";
import spanish from "../../vendor/echarts-6.1.0/langES.js";
import { optionOf } from "./options.mjs";

const language = document.documentElement.lang.startsWith("en") ? "EN" : "ES";
echarts.registerLocale("ES", spanish);

const still = window.matchMedia("(prefers-reduced-motion: reduce)");
const shown = new Map();

export const colours = () => {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(`--cx-${name}`).trim();
  return {
    ink: token("ink"), soft: token("ink-soft"), line: token("line"), strong: token("line-strong"),
    surface: token("surface"), first: token("accent"), second: token("second"),
    third: token("uncertain"), sunken: token("sunken"), fill: token("accent-soft"),
    font: getComputedStyle(document.body).fontFamily,
  };
};

const numbers = new Map();

export function number(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  if (!numbers.has(digits)) {
    const form = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    numbers.set(digits, new Intl.NumberFormat(document.documentElement.lang, form));
  }
  return numbers.get(digits).format(value);
}

export const percent = (share) =>
  Number.isFinite(share) ? `${number(100 * share, 1)}\u00a0%` : "–";

function draw(entry) {
  const isWide = entry.place.clientWidth > 520;
  const option = optionOf(entry.drawing, { colours: colours(), number, percent, isWide });
  option.animation = !still.matches && !entry.isLive;
  entry.chart.setOption(option, { notMerge: true });
}

// Drawn when it is near the window: a page of ten charts is there at once.
const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      begin(shown.get(target.dataset.chart));
    }
  },
  { rootMargin: "400px" },
);

// A row of a forest needs room of its own.
const heightOf = (drawing) =>
  drawing.kind === "forest" ? `${100 + drawing.groups.length * 68}px` : "";

function begin(entry) {
  if (entry.chart) return;
  entry.place.style.height = heightOf(entry.drawing);
  entry.chart = echarts.init(entry.place, null, { renderer: "canvas", locale: language });
  draw(entry);
  entry.place.dataset.drawn = "";
  new ResizeObserver(() => {
    entry.chart.resize();
    draw(entry);
  }).observe(entry.place);
}

export function start({ isLive = false } = {}) {
  for (const place of document.querySelectorAll("[data-chart]")) {
    const drawing = JSON.parse(document.getElementById(place.dataset.from).textContent);
    shown.set(place.dataset.chart, { place, drawing, isLive, chart: null });
    near.observe(place);
  }
  for (const button of document.querySelectorAll("[data-png]")) button.hidden = false;
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
}

function again() {
  for (const entry of shown.values()) if (entry.chart) draw(entry);
}

// The drawing of a chart is changed and shown again.
export function change(name, facts) {
  const entry = shown.get(name);
  if (!entry) return;
  Object.assign(entry.drawing, facts);
  if (entry.chart) draw(entry);
}

export const drawingOf = (name) => shown.get(name)?.drawing;

function save(name) {
  const entry = shown.get(name);
  begin(entry);
  const link = document.createElement("a");
  link.href = entry.chart.getDataURL({
    type: "png", pixelRatio: 2, backgroundColor: colours().surface,
  });
  link.download = `${name}.png`;
  link.click();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-png]");
  if (button) save(button.dataset.png);
});
