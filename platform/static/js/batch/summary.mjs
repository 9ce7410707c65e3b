// Above the rows: how many are where, how much has arrived and how long it still takes. Screen
// readers are told seldom, and at the end at once.

import { OPEN_PHASES } from "./items.mjs";

const TOLD_EVERY_MS = 15_000;
const GROUPS = {
  waiting: ["queued", "preparing", "missing"],
  uploading: ["uploading"],
  working: ["checking", "predicting"],
  done: ["done", "duplicate", "unpacked"],
  failed: ["failed"],
  cancelled: ["cancelled"],
};

export class Summary {
  #toldAt = 0;
  #wasOpen = false;

  // `root` holds [data-total=...] for the groups, [data-bar], [data-line], [data-left], [data-live].
  constructor({ root, words, speed }) {
    Object.assign(this, { root, words, speed });
    this.parts = Object.fromEntries(
      ["bar", "line", "left", "live"].map((name) => [name, root.querySelector(`[data-${name}]`)]),
    );
  }

  update({ phases, bytes, count }, isSending) {
    this.root.hidden = count === 0;
    const sums = Object.fromEntries(
      Object.entries(GROUPS).map(([group, names]) => [group, names.reduce((sum, name) => sum + phases[name], 0)]),
    );
    for (const [group, sum] of Object.entries(sums)) this.#total(group, sum);
    this.parts.bar.value = bytes.total ? (bytes.received / bytes.total) * 100 : 100;
    this.parts.line.textContent = this.words.say("arrived", {
      received: this.words.bytes(bytes.received),
      total: this.words.bytes(bytes.total),
    });
    this.parts.left.textContent = this.#timeLeft(bytes, isSending);
    const isOpen = Object.keys(phases).some((phase) => OPEN_PHASES.has(phase) && phases[phase] > 0);
    this.#tell(sums, count, isOpen, isSending);
  }

  #total(group, sum) {
    const element = this.root.querySelector(`[data-total=${group}]`);
    const text = this.words.number(sum);
    if (element.textContent !== text) element.textContent = text;
    element.closest("li").toggleAttribute("data-none", sum === 0);
  }

  #timeLeft(bytes, isSending) {
    const missing = bytes.total - bytes.received;
    const seconds = isSending && missing > 0 ? this.speed.secondsFor(missing) : 0;
    return seconds > 0 ? this.words.say("timeLeft", { time: this.words.duration(seconds) }) : "";
  }

  #tell(sums, count, isOpen, isSending) {
    const isOver = this.#wasOpen && !isOpen;
    this.#wasOpen = isOpen;
    const isTime = isSending && performance.now() - this.#toldAt > TOLD_EVERY_MS;
    if (!isOver && !isTime) return;
    this.#toldAt = performance.now();
    this.parts.live.textContent = this.words.say(isOver ? "allClosed" : "progress", {
      count,
      done: sums.done,
      failed: sums.failed,
    });
  }
}
