// Files on their way: hashed one by one, announced in groups, sent a few at a time or, small ones,
// together.

import { nextOf, transferTogether } from "./bundle.mjs";
import { insist } from "./connection.mjs";
import { transfer } from "./transfer.mjs";

// The first group is small, so that sending begins at once on a slow line.
const FIRST_GROUP = 5;
const GROUP = 50;

function isToSend(item) {
  return item.state === "receiving" && item.file && !item.isSending && !item.problem;
}

export class Queue {
  #toHash = [];
  #toAnnounce = [];
  #toSend = [];
  #toKeep = [];
  #lanes = new Set();
  #busy = { hashing: false, announcing: false, keeping: false };
  #announced = 0;

  // `parts`: batch, items, hasher, store, speed, gate, urls, words, onProgress.
  constructor(parts) {
    Object.assign(this, parts);
  }

  get active() {
    return this.#lanes.size;
  }

  ask(method, url, options) {
    return insist(method, url, options, this.gate);
  }

  add(items) {
    this.#toHash.push(...items);
    this.go();
  }

  // Rows whose bytes are at hand: chosen again, or kept by the browser.
  send(items) {
    this.#toSend.push(...items);
    this.go();
  }

  // Hashing needs no batch, the rest does.
  go() {
    void this.#workOff("hashing", this.#toHash, () => this.#hashNext());
    if (!this.batch.id) return;
    void this.#workOff("announcing", this.#toAnnounce, () => this.#announceNext());
    void this.#workOff("keeping", this.#toKeep, () => this.#keepNext());
    this.#fillLanes();
  }

  stop(items) {
    for (const item of items) item.stop?.abort();
  }

  // One at a time. Between the last look at the list and the end nothing can be added to it.
  async #workOff(name, list, next) {
    if (this.#busy[name]) return;
    this.#busy[name] = true;
    try {
      while (list.length) await next();
    } finally {
      this.#busy[name] = false;
    }
  }

  async #hashNext() {
    const item = this.#toHash.shift();
    if (!this.items.all.has(item)) return;
    try {
      item.sha256 = await this.hasher.digest(item.file, (share) => this.items.note(item, { share }));
      this.#toAnnounce.push(item);
    } catch {
      this.items.note(item, { problem: this.words.say("unreadable") });
    }
    this.items.note(item, { share: 0 });
    this.go();
  }

  async #announceNext() {
    const group = this.#toAnnounce.splice(0, this.#announced ? GROUP : FIRST_GROUP);
    const wanted = group.filter((item) => this.items.all.has(item) && !item.problem);
    if (wanted.length) await this.#announce(wanted);
    this.#announced += wanted.length;
  }

  async #announce(group) {
    const files = group.map(({ name, size, sha256 }) => ({ name, size, sha256 }));
    const answer = await this.ask("POST", this.urls.files(), { body: { files } });
    const rows = answer.data.files ?? [];
    for (const [place, item] of group.entries()) {
      const row = rows[place];
      if (row?.id) this.#known(this.items.announced(item, row));
      else this.items.note(item, { problem: row?.sentence ?? answer.data.detail ?? `HTTP ${answer.status}` });
    }
    this.onProgress();
    this.go();
  }

  #known(item) {
    if (item.state !== "receiving" || !item.file) return;
    this.#toSend.push(item);
    this.#toKeep.push(item);
  }

  #fillLanes() {
    while (this.#toSend.length && this.#lanes.size < this.speed.lanes()) {
      const items = nextOf(this.#toSend, this.speed.bundleBytes(), isToSend);
      if (items.length) void this.#send(items);
    }
  }

  async #send(items) {
    this.#lanes.add(items);
    for (const item of items) this.items.note(item, { isSending: true, stop: new AbortController() });
    try {
      await (items.length > 1 ? transferTogether(items, this) : transfer(items[0], this));
    } catch {
      // Cancelled here: the server says what became of it.
    } finally {
      this.#lanes.delete(items);
      for (const item of items) this.items.note(item, { isSending: false, sent: undefined });
      if (items.length > 1) this.#toSend.unshift(...items.filter((item) => item.goesAlone));
      this.onProgress();
      this.go();
    }
  }

  // From the end of the queue, which waits longest.
  async #keepNext() {
    const item = this.#toKeep.pop();
    if (item.state !== "receiving" || !this.batch.keepsFiles()) return;
    const kept = await this.store.keep(item.id, this.batch.id, this.batch.owner, item.file);
    this.items.note(item, { isKept: kept });
    if (item.state !== "receiving") await this.store.drop(item.id);
  }
}
