// What a person does to files that are in the list already: try again, give up.

import { phaseOf } from "./items.mjs";

const OPEN_HERE = new Set(["queued", "preparing", "uploading", "missing", "checking"]);

export class Verbs {
  // `parts`: items, queue, watch, store, chooser, urls, notices, words.
  constructor(parts) {
    Object.assign(this, parts);
  }

  async retry(item) {
    if (item.problem) {
      this.#again(item);
      return;
    }
    const answer = await this.#ask(this.urls.retry(item));
    if (!answer) return;
    this.#resume([this.items.told(answer.data)]);
  }

  // All that failed for a reason that may be over by now; the server knows which these are.
  async retryFailed() {
    for (const item of this.items.filter((each) => each.problem)) this.#again(item);
    if (!this.urls.isKnown()) return;
    const answer = await this.#ask(this.urls.retryFailed());
    if (!answer) return;
    if (answer.data.retried === 0) this.notices.say(this.words.say("nothingToRetry"));
    await this.watch.loadAll();
    this.#resume(this.items.filter((item) => item.state === "receiving"));
  }

  async cancel(item) {
    item.stop?.abort();
    this.chooser.release(item);
    if (!item.id) {
      this.items.remove(item);
      return;
    }
    const answer = await this.#ask(this.urls.cancel(item));
    if (answer) this.items.told(answer.data);
  }

  async cancelAll() {
    this.queue.stop(this.items.all);
    for (const item of this.items.filter((each) => !each.id)) this.items.remove(item);
    const answer = await this.#ask(this.urls.cancelAll());
    if (!answer) return false;
    await this.store.forget(this.queue.batch.id);
    return true;
  }

  // Files that closing the tab now would lose.
  unkept() {
    return this.items.filter((item) => item.file && !item.isKept && ["queued", "preparing", "uploading"].includes(phaseOf(item)));
  }

  isOpen() {
    return [...this.items.all].some((item) => OPEN_HERE.has(phaseOf(item)));
  }

  #again(item) {
    this.items.note(item, { problem: "" });
    if (!item.id) this.queue.add([item]);
    else this.#resume([item]);
  }

  #resume(items) {
    this.queue.send(items.filter((item) => item.state === "receiving" && item.file));
    this.watch.wake();
  }

  // null, and the sentence shown, where the server says no.
  async #ask(address) {
    const answer = await this.queue.ask("POST", address, { body: {} });
    if (answer.status < 300) return answer;
    this.notices.say(answer.data.detail ?? `HTTP ${answer.status}`);
    return null;
  }
}
