// What becomes of a case, put into the outbox. The screen goes on at once; what the server refuses
// brings the case back with the reason.

import { ask } from "./outbox.mjs";

const DRAFT_MS = 800;

export class Saving {
  #timer;

  // `onSaved(entry)` when the server's answer changed what is known of a case; `onRefused(entry, why)`.
  constructor({ outbox, sitting, config, words, nameOf, onSaved, onRefused }) {
    Object.assign(this, { outbox, sitting, config, words, nameOf, onSaved, onRefused });
  }

  finding(entry) {
    const { finding, note } = entry;
    const seconds = (entry.watchedMs / 1000).toFixed(1);
    // Whether it is an answer or a correction is known once all before it was sent.
    this.#put(entry, () => (entry.isStored ? this.#ofReading(entry, "correct") : this.#ofCase(entry, "answer")), {
      body: () => ({ finding, note, seconds, expected: entry.reading?.id }),
      done: (data) => this.#stated(entry, data),
      refused: (data) => this.#restore(entry, data),
    });
  }

  // A note that was written after the finding; true where there was one to be sent.
  note(entry) {
    if (!entry.finding || !entry.noteIsUnsaved || entry.sentNote === entry.note) return false;
    entry.sentNote = entry.note;
    this.finding(entry);
    if (entry.verdict) this.verdict(entry);
    return true;
  }

  verdict(entry) {
    const { verdict, disagreement } = entry;
    this.#put(entry, () => this.#ofReading(entry, "verdict"), {
      body: () => ({ verdict, disagreement, prediction: entry.model.prediction }),
      done: (data) => (entry.reading = data.reading),
      refused: () => Object.assign(entry, { verdict: "", disagreement: "" }),
    });
  }

  undo(entry) {
    this.#put(entry, () => this.#ofReading(entry, "undo"), {
      done: (data) => (entry.reading = data.reading),
      refused: (data) => this.#restore(entry, data),
    });
  }

  skip(entry, done) {
    this.#put(entry, () => this.#ofCase(entry, "skip"), { done });
  }

  flag(entry, reason) {
    this.#put(entry, () => this.#ofCase(entry, "flag"), { body: () => ({ reason }) });
  }

  // Kept on the server as well while it is typed, for when the hold runs out or the tab closes.
  draft(entry) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (entry.finding) return;
      void ask(this.#ofCase(entry, "draft"), { finding: "", note: entry.note });
    }, DRAFT_MS);
  }

  #ofCase(entry, name) {
    return this.config[name].replace(this.config.nobody, entry.case);
  }

  #ofReading(entry, name) {
    return entry.isStored ? this.config[name].replace(this.config.nobody, entry.reading.id) : "";
  }

  #put(entry, url, { body, done, refused }) {
    this.outbox.put({
      url,
      body,
      done: (data) => {
        done?.(data);
        this.onSaved(entry);
      },
      refused: (data) => {
        refused?.(data);
        // Nothing of it is stored, and it is not this reader's any more.
        entry.isLost = !entry.isStored && data.code !== "changed-meanwhile";
        this.onRefused(entry, this.#why(data));
      },
    });
  }

  #stated(entry, { reading, model }) {
    entry.reading = reading;
    entry.model = model;
  }

  // What stands on the server is what the page shows then.
  #restore(entry, { reading }) {
    if (reading === undefined) reading = entry.reading;
    entry.reading = reading;
    entry.finding = reading?.finding ?? "";
    entry.verdict = reading?.verdict ?? "";
    entry.disagreement = reading?.disagreement ?? "";
  }

  #why(data) {
    const sentence = data.sentence ?? this.words.say("gone");
    if (data.code !== "changed-meanwhile") return sentence;
    const finding = this.nameOf(data.reading?.finding);
    return `${sentence} ${finding ? this.words.say("stands", { finding }) : this.words.say("nothingStands")}`;
  }
}
