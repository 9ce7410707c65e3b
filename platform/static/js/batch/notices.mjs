// Sentences above the list: why nothing moves, what is missing, what was passed over.

const REASONS = { offline: "offline", busy: "busy", full: "full", signedOut: "signedOut" };

export class Notices {
  #passedOver = { twice: 0, system: 0 };

  constructor({ root, words }) {
    Object.assign(this, { root, words });
    const part = (name) => root.querySelector(`[data-notice=${name}]`);
    this.parts = { line: part("line"), said: part("said"), missing: part("missing"), passed: part("passed") };
    this.actions = root.querySelector("[data-signed-out]");
  }

  line(reason) {
    this.#show(this.parts.line, REASONS[reason] ? this.words.say(REASONS[reason]) : "");
    this.actions.hidden = reason !== "signedOut";
  }

  say(sentence) {
    this.#show(this.parts.said, sentence);
  }

  missing(count) {
    this.#show(this.parts.missing, count ? this.words.say("missingFiles", { count }) : "");
  }

  passedOver(kind) {
    this.#passedOver[kind] += 1;
    const told = Object.entries(this.#passedOver).filter(([, count]) => count > 0);
    this.#show(this.parts.passed, told.map(([name, count]) => this.words.say(`passed_${name}`, { count })).join(" "));
  }

  #show(element, sentence) {
    const text = element.querySelector("[data-text]");
    if (text.textContent !== sentence) text.textContent = sentence;
    element.hidden = sentence === "";
  }
}
