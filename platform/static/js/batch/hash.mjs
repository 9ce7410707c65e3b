// The SHA-256 of files, found in a worker so that the page stays quick.

export class Unreadable extends Error {}

export class Hasher {
  #worker;
  #number = 0;
  #open = new Map();

  constructor(address) {
    this.#worker = new Worker(address, { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => this.#told(data));
  }

  // 64 hex digits; `onShare` is told how much is done, 0..1. Rejects with Unreadable.
  digest(file, onShare) {
    this.#number += 1;
    const number = this.#number;
    return new Promise((resolve, reject) => {
      this.#open.set(number, { resolve, reject, onShare });
      this.#worker.postMessage({ number, file });
    });
  }

  #told({ number, sha256, share, failed }) {
    const open = this.#open.get(number);
    if (share !== undefined) {
      open.onShare?.(share);
      return;
    }
    this.#open.delete(number);
    if (failed) open.reject(new Unreadable(failed));
    else open.resolve(sha256);
  }
}
