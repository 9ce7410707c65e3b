// Asks the server how far its rows are and, of what is stored, how far the predictions are: every
// two seconds at most, only for what changed, and not at all once everything has its outcome.

import { Offline, isBusy, isSignedOut, request, rest } from "./connection.mjs";
import { isPredicting } from "./items.mjs";
import { pause } from "./waiting.mjs";

const EVERY_SECONDS = 2;
const STATES_AT_ONCE = 200;
// A prediction that does not come is asked for less and less often.
const SLOWEST_SECONDS = 30;
const STATES_GROWTH = 1.15;

function isAtServer(item) {
  return item.state === "waiting" || item.state === "checking";
}

export class Watch {
  #isRunning = false;
  #since = "";
  #statesSeconds = EVERY_SECONDS;
  #statesAt = 0;
  #tries = 0;

  // `parts`: items, urls, gate.
  constructor(parts) {
    Object.assign(this, parts);
  }

  // All rows of the batch.
  async loadAll() {
    await this.#rows({});
  }

  wake() {
    if (!this.#isRunning) void this.#run();
  }

  async #run() {
    this.#isRunning = true;
    while (this.#isNeeded()) {
      await pause(EVERY_SECONDS);
      try {
        if (this.items.filter((item) => isAtServer(item) || item.isSending).length) await this.#rows(this.#since ? { changed_since: this.#since } : {});
        await this.#states();
        this.#tries = 0;
      } catch (problem) {
        if (!(problem instanceof Offline)) throw problem;
        this.#tries += 1;
      }
    }
    this.#isRunning = false;
  }

  #isNeeded() {
    return [...this.items.all].some((item) => isAtServer(item) || item.isSending || isPredicting(item));
  }

  // Page after page; what changes meanwhile is told by the next call.
  async #rows(query) {
    let since = "";
    for (let after = -1; after !== null; ) {
      const address = `${this.urls.files()}?${new URLSearchParams({ ...query, after })}`;
      const data = await this.#answer("GET", address);
      for (const row of data.files ?? []) this.items.told(row);
      since ||= data.asked_at ?? "";
      after = data.after ?? null;
    }
    this.#since = since || this.#since;
  }

  async #states() {
    if (!this.urls.states || performance.now() < this.#statesAt) return;
    const open = this.items.filter(isPredicting);
    if (!open.length) return;
    let ended = 0;
    const asked = open.slice(0, STATES_AT_ONCE);
    const states = await this.#answer("POST", this.urls.states, {
      body: new URLSearchParams(asked.map((item) => ["id", item.radiograph])),
    });
    for (const item of asked) {
      // What is not told is gone or hidden by now: nothing is to be waited for.
      this.items.note(item, { prediction: states[item.radiograph] ?? { state: "none", label: "", result: "" } });
      ended += isPredicting(item) ? 0 : 1;
    }
    this.#statesSeconds = ended ? EVERY_SECONDS : Math.min(SLOWEST_SECONDS, this.#statesSeconds * STATES_GROWTH);
    this.#statesAt = performance.now() + (this.#statesSeconds - EVERY_SECONDS) * 1000;
  }

  async #answer(method, address, options) {
    for (;;) {
      const answer = await request(method, address, options);
      if (answer.status === 200) return answer.data;
      if (!isBusy(answer) && !isSignedOut(answer)) return {};
      this.#tries += 1;
      await rest(answer, this.#tries, this.gate);
    }
  }
}
