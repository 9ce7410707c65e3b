// Sentences come translated from the template (images/views/batch_words.py); here they get their
// figures, in the manner of the page's language.

const MEBIBYTE = 1024 * 1024;
const MINUTE = 60;
const HOUR = 3600;

export class Words {
  constructor(table, language = document.documentElement.lang) {
    this.table = table;
    this.language = language;
    this.plural = new Intl.PluralRules(language);
  }

  // `values.count` chooses between the forms of a sentence that has two.
  say(key, values = {}) {
    const found = this.table[key];
    const text = typeof found === "object" ? (found[this.plural.select(values.count)] ?? found.other) : found;
    return text.replace(/%\((\w+)\)s/g, (_, name) => this.#shown(values[name]));
  }

  number(value, digits = 0) {
    return new Intl.NumberFormat(this.language, { maximumFractionDigits: digits }).format(value);
  }

  bytes(size) {
    if (size >= 1024 * MEBIBYTE) return `${this.number(size / MEBIBYTE / 1024, 1)} GB`;
    if (size >= MEBIBYTE / 10) return `${this.number(size / MEBIBYTE, 1)} MB`;
    return `${this.number(size / 1024, size < 1024 ? 1 : 0)} kB`;
  }

  duration(seconds) {
    if (seconds < MINUTE) return this.say("seconds", { count: Math.max(1, Math.round(seconds)) });
    if (seconds < HOUR) return this.say("minutes", { count: Math.round(seconds / MINUTE) });
    return this.say("hours", { hours: Math.floor(seconds / HOUR), minutes: Math.round((seconds % HOUR) / MINUTE) });
  }

  #shown(value) {
    return typeof value === "number" ? this.number(value) : String(value ?? "");
  }
}
