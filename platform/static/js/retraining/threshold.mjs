// Moves the threshold of the confusion matrix: chart, table and rates follow. Without this script
// the page shows the operating point.

import { change, drawingOf, number, percent } from "./charts.mjs";

const NAME = "confusion";

const rates = ([, tp, fn, fp, tn]) => ({
  sensitivity: tp / (tp + fn),
  specificity: tn / (tn + fp),
  ppv: tp / (tp + fp),
  npv: tn / (tn + fn),
  accuracy: (tp + tn) / (tp + fn + fp + tn),
});

export function slide(section) {
  const drawing = drawingOf(NAME);
  if (!section || !drawing) return;
  const slider = section.querySelector("input[type=range]");
  const show = () => {
    const cut = drawing.cuts[Number(slider.value)];
    const [threshold, tp, fn, fp, tn] = cut;
    section.querySelector("[data-value]").value = number(threshold);
    slider.setAttribute("aria-valuetext", number(threshold));
    for (const [cell, count] of [["00", tp], ["01", fn], ["10", fp], ["11", tn]]) {
      section.querySelector(`[data-cell="${cell}"]`).textContent = number(count, 0);
    }
    for (const [name, rate] of Object.entries(rates(cut))) {
      section.querySelector(`[data-rate="${name}"]`).textContent = percent(rate);
    }
    change(NAME, { rows: [[tp, fn], [fp, tn]] });
  };
  slider.addEventListener("input", show);
  section.querySelector("[data-reset]").addEventListener("click", () => {
    slider.value = drawing.start;
    show();
  });
  for (const part of section.querySelectorAll("[data-control]")) part.hidden = false;
  show();
}
