// The cases of this sitting in their order: those read before, the one on the screen, those ahead.

import { ask } from "./outbox.mjs";

// One case, as reading.telling tells it, and what its reader does with it here.
export class Entry {
  constructor(told) {
    Object.assign(this, told);
    this.finding = told.reading?.finding || "";
    this.verdict = told.reading?.verdict || "";
    this.disagreement = told.reading?.disagreement || "";
    const kept = this.finding ? {} : told.draft;
    this.hasDraft = Boolean(kept.note);
    this.note = told.reading?.finding ? told.reading.note : (kept.note ?? "");
    this.problem = "";
    this.isLost = false;
    this.watchedMs = 0;
  }

  // What the reader can do now: finding, waiting (for the model's answer), verdict, done, lost.
  get phase() {
    if (this.isLost) return "lost";
    if (!this.finding) return "finding";
    if (!this.model) return "waiting";
    return this.model.prediction && !this.verdict ? "verdict" : "done";
  }

  get isOpen() {
    return !["done", "waiting"].includes(this.phase);
  }

  get isStored() {
    return Boolean(this.reading?.finding);
  }

  get noteIsUnsaved() {
    return this.note !== (this.isStored ? this.reading.note : "");
  }
}

export class Sitting {
  #isFilling = false;
  #isWanted = false;

  // `onMore()` when cases came, `onEnd(sentence)` when there are none.
  constructor({ config, past, onMore, onEnd }) {
    Object.assign(this, { config, onMore, onEnd });
    this.entries = past.map((told) => new Entry(told));
    this.at = this.entries.length;
    this.passed = new Set();
  }

  get current() {
    return this.entries[this.at];
  }

  get ahead() {
    return this.entries.slice(this.at + 1).filter((entry) => entry.phase === "finding");
  }

  // Held for this reader and not answered yet.
  get held() {
    return this.entries.filter((entry) => entry.phase === "finding" && !entry.isStored);
  }

  get done() {
    return this.entries.filter((entry) => entry.finding).length;
  }

  go(place) {
    this.at = Math.max(0, Math.min(place, this.entries.length));
    return this.current;
  }

  // To the next case that waits for something, else past the last one.
  advance() {
    const next = this.entries.findIndex((entry, place) => place > this.at && (entry.isOpen || entry.problem));
    return this.go(next < 0 ? this.entries.length : next);
  }

  // Skipped, set aside: the case leaves the sitting, and the one after it takes its place.
  drop(entry) {
    this.passed.add(entry.case);
    const place = this.entries.indexOf(entry);
    if (place < 0) return;
    this.entries.splice(place, 1);
    if (place < this.at) this.at -= 1;
  }

  // What was not saved comes next, unless it is on the screen.
  bringBack(entry) {
    if (entry !== this.current) this.drop(entry);
    this.passed.delete(entry.case);
    if (this.entries.includes(entry)) return;
    this.entries.splice(Math.min(this.at + 1, this.entries.length), 0, entry);
  }

  async fill() {
    this.#isWanted = true;
    if (this.#isFilling) return;
    this.#isFilling = true;
    while (this.#isWanted) {
      this.#isWanted = false;
      // What is here already need not be told again.
      this.#take(await ask(this.config.held, { case: this.held.map((entry) => entry.case) }));
    }
    this.#isFilling = false;
  }

  #take(answer) {
    if (!answer?.data.ok) {
      if (answer?.data.sentence) this.onEnd(answer.data.sentence);
      return;
    }
    const known = new Set(this.entries.map((entry) => entry.case));
    const isNew = (told) => !known.has(told.case) && !this.passed.has(told.case);
    const more = answer.data.cases.filter(isNew).map((told) => new Entry(told));
    this.entries.push(...more);
    // One that was left without an answer is still held.
    const left = this.current ? -1 : this.entries.findIndex((entry) => entry.phase === "finding");
    if (left >= 0) this.at = left;
    if (more.length || left >= 0) this.onMore();
    else if (!this.current) this.onEnd(answer.data.sentence ?? "");
  }
}
