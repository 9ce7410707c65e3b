// The page of a run asks every second what is new: epochs, stage, time left, lines of the log. When
// the run has ended the page is loaded again, for then it has other buttons; a page that its own form
// is about to replace asks no more.

import { isLeaving } from "../leaving.mjs";
import { change, drawingOf, number, start } from "./charts.mjs";

const PAUSE_MS = 1000;
const PATIENCE_MS = 5000;
const CURVES = ["loss", "accuracy", "auc"];

const room = document.querySelector("[data-run]");
const log = document.querySelector("[data-log]");

start({ isLive: Boolean(room) });
if (log) log.scrollTop = log.scrollHeight;

const lastEpoch = () => drawingOf("loss")?.points.at(-1)?.[0] ?? 0;

function addEpochs(epochs) {
  if (!epochs.length) return;
  for (const name of CURVES) {
    const drawing = drawingOf(name);
    const rows = epochs.map((epoch) => drawing.keys.map((key) => epoch[key]));
    change(name, { points: [...drawing.points, ...rows] });
    document.querySelector(`[data-rows="${name}"]`).append(...rows.map(tableRow));
  }
}

function tableRow(cells) {
  const row = document.createElement("tr");
  cells.forEach((value, place) => {
    const cell = document.createElement("td");
    cell.textContent = place ? number(value) : number(value, 0);
    row.append(cell);
  });
  return row;
}

function addLines(lines) {
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 24;
  for (const { key, at, text } of lines) {
    if (log.querySelector(`[data-key="${CSS.escape(key)}"]`)) continue;
    const line = document.createElement("li");
    const time = document.createElement("time");
    line.dataset.key = key;
    time.textContent = at;
    line.append(time, ` ${text}`);
    log.append(line);
  }
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

function showStage(stage) {
  const stages = [...document.querySelectorAll("[data-stage]")];
  const now = stages.findIndex((each) => each.dataset.stage === stage);
  stages.forEach((each, place) => {
    each.dataset.state = place < now ? "done" : place > now ? "waits" : "now";
    if (place === now) each.setAttribute("aria-current", "step");
    else each.removeAttribute("aria-current");
  });
}

function showProgress({ done, total }) {
  const bar = document.querySelector("[data-progress]");
  if (total) Object.assign(bar, { max: total, value: done });
  else bar.removeAttribute("value");
}

function show(answer) {
  showStage(answer.stage);
  showProgress(answer);
  for (const place of document.querySelectorAll("[data-live]")) {
    place.textContent = answer[place.dataset.live];
  }
  addLines(answer.lines);
  addEpochs(answer.epochs);
}

async function ask() {
  const say = document.querySelector("[data-say]");
  try {
    const answer = await fetch(`${room.dataset.run}?since=${lastEpoch()}`, {
      headers: { accept: "application/json" },
    });
    if (isLeaving()) return setTimeout(ask, PATIENCE_MS);
    // Signed out, or no right any more: the page itself says so.
    if (answer.redirected || answer.status === 403 || answer.status === 404) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    const found = await answer.json();
    say.textContent = "";
    show(found);
    if (!found.is_open) return location.reload();
    return setTimeout(ask, PAUSE_MS);
  } catch {
    say.textContent = room.dataset.failed;
    return setTimeout(ask, PATIENCE_MS);
  }
}

if (room) setTimeout(ask, PAUSE_MS);
