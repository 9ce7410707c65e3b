// How long to wait after a failure, and the gate that stops everybody until a person has acted.

const FIRST_SECONDS = 0.5;
const LONGEST_SECONDS = 30;

// Doubles with each try; the random half keeps many pages from coming back at the same moment.
export function backoff(tries) {
  const longest = Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** Math.min(tries, 10));
  return longest / 2 + (Math.random() * longest) / 2;
}

// Ends early when `signal` aborts and, if wanted, when the browser says that it is online again.
export function pause(seconds, { signal, endsOnline = false } = {}) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, seconds * 1000);
    signal?.addEventListener("abort", end, { once: true });
    if (endsOnline) window.addEventListener("online", end);
  });
}

// `show(reason)` is told why things stand still: "", "offline", "busy", "full", "signedOut".
export class Gate {
  #waiting = null;
  #reason = "";

  constructor(show) {
    this.show = show;
  }

  get isClosed() {
    return this.#waiting !== null;
  }

  tell(reason) {
    if (this.isClosed || reason === this.#reason) return;
    this.#reason = reason;
    this.show(reason);
  }

  // Resolves once `open` was called.
  closed(reason) {
    if (!this.#waiting) {
      this.tell(reason);
      let open;
      const promise = new Promise((resolve) => (open = resolve));
      this.#waiting = { promise, open };
    }
    return this.#waiting.promise;
  }

  open() {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.tell("");
    waiting?.open();
  }
}
