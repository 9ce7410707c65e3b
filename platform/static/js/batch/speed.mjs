// How fast the line is: how large the next part is, how many files go at once, what is left.

const KIBIBYTE = 1024;
// A part that is lost with its connection costs so much time at most.
const PART_SECONDS = 2;
const SMALLEST_PART = 32 * KIBIBYTE;
const LARGEST_PART = 4 * KIBIBYTE * KIBIBYTE;
const FIRST_PART = 64 * KIBIBYTE;
// A short part says more about the delay of the line than about its width.
const TELLING_BYTES = 16 * KIBIBYTE;
const NEWEST_WEIGHS = 0.3;
// Bytes per second of the whole line from which on so many files go at once.
const LANES = [
  [128 * KIBIBYTE, 1],
  [512 * KIBIBYTE, 2],
  [2048 * KIBIBYTE, 3],
];
const MOST_LANES = 4;
// A bundle that is lost with its connection is lost whole, and costs so much time at most.
const BUNDLE_SECONDS = 0.2;
// Below it the delay of the line hides its width: small files alone would never show it.
const SMALLEST_BUNDLE = 48 * KIBIBYTE;
const WINDOW_MS = 30_000;

export class Speed {
  #rate = 0; // of one connection
  #line = 0; // of all of them together
  #past = [];

  // `bytes` went in `seconds` while `lanes` files were on their way.
  note(bytes, seconds, lanes) {
    this.#past.push([performance.now(), bytes]);
    if (bytes < TELLING_BYTES && this.#rate) return;
    const rate = bytes / Math.max(seconds, 0.001);
    const mixed = (old, fresh) => (old ? old + NEWEST_WEIGHS * (fresh - old) : fresh);
    this.#rate = mixed(this.#rate, rate);
    this.#line = mixed(this.#line, rate * Math.max(1, lanes));
  }

  partBytes() {
    if (!this.#rate) return FIRST_PART;
    const wanted = Math.floor((this.#rate * PART_SECONDS) / KIBIBYTE) * KIBIBYTE;
    return Math.min(LARGEST_PART, Math.max(SMALLEST_PART, wanted));
  }

  // 0 while the line is unknown.
  bundleBytes() {
    if (!this.#rate) return 0;
    return Math.min(LARGEST_PART, Math.max(SMALLEST_BUNDLE, this.#rate * BUNDLE_SECONDS));
  }

  lanes() {
    if (!this.#line) return 1;
    return LANES.find(([below]) => this.#line < below)?.[1] ?? MOST_LANES;
  }

  // Seconds for so many bytes, by what arrived lately (standstills count); 0 while it is unknown.
  secondsFor(bytes) {
    const from = performance.now() - WINDOW_MS;
    while (this.#past.length && this.#past[0][0] < from) this.#past.shift();
    if (!this.#past.length) return 0;
    const arrived = this.#past.reduce((sum, [, each]) => sum + each, 0);
    const took = (performance.now() - this.#past[0][0]) / 1000;
    return took < 1 ? bytes / Math.max(this.#line, 1) : bytes / (arrived / took);
  }
}
