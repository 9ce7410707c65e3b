// One line of the list for each file. Only lines whose file changed are written anew; those out of
// sight are not laid out (content-visibility, batch.css), and very long lists come in portions.

import { phaseOf } from "./items.mjs";

const PORTION = 1000;
const RETRIABLE = new Set(["failed", "cancelled"]);
const CANCELLABLE = new Set(["queued", "preparing", "missing", "uploading", "checking"]);
const ICONS = {
  queued: "hourglass", preparing: "hourglass-split", missing: "question-circle", uploading: "cloud-arrow-up",
  checking: "search", predicting: "cpu", unpacked: "file-zip", done: "check-circle-fill",
  duplicate: "check2-all", failed: "exclamation-octagon-fill", cancelled: "x-circle",
};
const RESULT_ICONS = { positive: "plus-circle-fill", negative: "dash-circle", uncertain: "question-circle" };

export class Rows {
  #elements = new Map();
  #waiting = [];
  #shown = 0;

  // `parts`: list, template, more (a button), words, isOwn, address (of a radiograph), nameOf.
  constructor(parts) {
    Object.assign(this, parts);
    this.more.addEventListener("click", () => this.#portion());
  }

  itemOf(element) {
    return element.closest(".batch-row")?.item;
  }

  update(changed, gone) {
    for (const item of gone) this.#drop(item);
    for (const item of changed) {
      if (!this.#elements.has(item)) this.#make(item);
      this.#write(item, this.#elements.get(item));
    }
    this.more.hidden = this.#waiting.length === 0;
  }

  #make(item) {
    const row = this.template.content.firstElementChild.cloneNode(true);
    const part = (name) => row.querySelector(`[data-part=${name}]`);
    const parts = ["name", "size", "state", "reason", "open", "retry", "cancel", "result", "bar"];
    row.parts = Object.fromEntries(parts.map((name) => [name, part(name)]));
    row.item = item;
    this.#elements.set(item, row);
    if (this.#shown < PORTION) this.#place(row);
    else this.#waiting.push(row);
  }

  #place(row) {
    this.#shown += 1;
    this.list.append(row);
  }

  #portion() {
    const first = this.#waiting[0];
    for (const row of this.#waiting.splice(0, PORTION)) this.list.append(row);
    this.more.hidden = this.#waiting.length === 0;
    first?.querySelector("a:not([hidden]), button:not([hidden])")?.focus();
  }

  #drop(item) {
    const row = this.#elements.get(item);
    if (!row) return;
    this.#elements.delete(item);
    this.#waiting = this.#waiting.filter((each) => each !== row);
    if (row.isConnected) this.#shown -= 1;
    row.remove();
  }

  #write(item, row) {
    const { parts } = row;
    const phase = phaseOf(item);
    const name = this.nameOf(item);
    if (parts.name.textContent !== name) {
      parts.name.textContent = name;
      parts.name.title = name;
      for (const button of [parts.retry, parts.cancel]) button.querySelector("[data-of]").textContent = name;
    }
    parts.size.textContent = this.words.bytes(item.size);
    this.#writeBar(item, parts.bar, phase);
    const text = this.#stateText(item, phase);
    if (row.dataset.phase !== phase || parts.state.lastChild.textContent !== text) {
      row.dataset.phase = phase;
      parts.state.querySelector("i").className = `bi bi-${ICONS[phase]}`;
      parts.state.lastChild.textContent = text;
    }
    this.#writeReason(item, parts.reason, phase);
    this.#writeResult(item, parts);
    parts.retry.hidden = !this.isOwn || !RETRIABLE.has(phase) || item.cannotRetry === true;
    parts.cancel.hidden = !this.isOwn || !CANCELLABLE.has(phase);
  }

  #stateText(item, phase) {
    if (phase === "uploading") {
      const share = Math.floor(((item.sent ?? item.received) / Math.max(item.size, 1)) * 100);
      return this.words.say("uploading", { percent: Math.min(share, 100) });
    }
    return this.words.say(phase);
  }

  #writeBar(item, bar, phase) {
    bar.hidden = phase !== "uploading";
    if (!bar.hidden) bar.value = ((item.sent ?? item.received) / Math.max(item.size, 1)) * 100;
  }

  #writeReason(item, element, phase) {
    const failure = phase === "failed" ? item.problem || item.sentence : "";
    const prediction = item.prediction?.state === "failed" ? item.prediction.label : "";
    const text = failure || prediction || "";
    element.hidden = text === "";
    if (element.textContent !== text) element.textContent = text;
  }

  #writeResult(item, { open, result }) {
    open.hidden = !item.radiograph;
    if (item.radiograph) open.href = this.address(item.radiograph);
    const found = item.prediction?.state === "done" ? item.prediction : null;
    result.hidden = !found;
    if (!found) return;
    result.className = `result result-${found.result}`;
    result.querySelector("i").className = `bi bi-${RESULT_ICONS[found.result] ?? "circle"}`;
    result.lastChild.textContent = found.label;
  }
}
