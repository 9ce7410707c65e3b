// What was answered, on its way to the server: one after the other, so that a correction never
// overtakes its answer. Nothing is dropped: without a connection it waits here and is tried again.

import { Offline, isBusy, request } from "../batch/connection.mjs";
import { backoff, pause } from "../batch/waiting.mjs";

// After the sign-in page of another tab was used, this one goes on by itself.
const SIGNED_OUT_SECONDS = 4;

// One try. {status, data}, or null without a connection.
export async function ask(url, body = {}) {
  try {
    return await request("POST", url, { body: encoded(body) });
  } catch (problem) {
    if (problem instanceof Offline) return null;
    throw problem;
  }
}

export function encoded(body) {
  const pairs = Object.entries(body).flatMap(([name, value]) => [value].flat().map((each) => [name, each ?? ""]));
  return new URLSearchParams(pairs);
}

// The page of signing in comes instead of JSON; a token of an ended session is refused without a code.
const isSignedOut = ({ status, data }) => status === 401 || (status === 403 && !data.code) || (status === 200 && !data.ok);

export class Outbox {
  #jobs = [];
  #isBusy = false;

  // `onTrouble(reason, waiting)`: "", "offline", "busy" or "signedOut", and how many jobs wait;
  // `onSize(waiting)` whenever that changes.
  constructor({ onTrouble, onSize }) {
    Object.assign(this, { onTrouble, onSize, trouble: "" });
  }

  get size() {
    return this.#jobs.length;
  }

  // `url()` and `body()` are asked when its turn has come; an empty url means that what it was
  // about was refused. `done(data)`, `refused(data)`.
  put(job) {
    this.#jobs.push(job);
    this.onSize(this.size);
    if (this.trouble) this.#tell(this.trouble);
    void this.#workOff();
  }

  async #workOff() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (this.#jobs.length) {
      const job = this.#jobs[0];
      const url = job.url();
      const answer = url ? await this.#insist(url, job.body?.() ?? {}) : null;
      this.#jobs.shift();
      this.onSize(this.size);
      if (answer?.data.ok) job.done?.(answer.data);
      else if (answer) job.refused(answer.data);
    }
    this.#isBusy = false;
  }

  // Tries until there is an answer that means something.
  async #insist(url, body) {
    for (let tries = 0; ; tries += 1) {
      const answer = await ask(url, body);
      if (answer && !isBusy(answer) && !isSignedOut(answer)) {
        this.#tell("");
        return answer;
      }
      const isOut = answer && isSignedOut(answer);
      this.#tell(isOut ? "signedOut" : answer ? "busy" : "offline");
      await pause(isOut ? SIGNED_OUT_SECONDS : backoff(tries), { endsOnline: answer === null });
    }
  }

  #tell(reason) {
    if (!reason && !this.trouble) return;
    this.trouble = reason;
    this.onTrouble(reason, this.size);
  }
}
