// The files of this page: those chosen here, those the server knows, and which of them are the same.

const FINAL_PREDICTIONS = new Set(["done", "failed", "none"]);
const AT_THE_SERVER = new Set(["waiting", "checking"]);
const CLOSED = new Set(["failed", "cancelled"]);
// All that a row can say, in the order of its life.
export const PHASES = [
  "queued", "preparing", "missing", "uploading", "checking", "predicting", "unpacked", "done", "duplicate", "failed",
  "cancelled",
];
export const OPEN_PHASES = new Set(PHASES.slice(0, 6));

export function isPredicting(item) {
  return item.state === "done" && item.radiograph && !FINAL_PREDICTIONS.has(item.prediction?.state);
}

export function phaseOf(item) {
  if (item.problem) return "failed";
  if (!item.id) return item.share > 0 ? "preparing" : "queued";
  if (CLOSED.has(item.state)) return item.state;
  if (AT_THE_SERVER.has(item.state)) return "checking";
  if (item.state === "done") return donePhase(item);
  if (item.isSending) return "uploading";
  return item.file ? "queued" : "missing";
}

function donePhase(item) {
  if (item.outcome === "expanded") return "unpacked";
  if (isPredicting(item)) return "predicting";
  return item.outcome === "duplicate" ? "duplicate" : "done";
}

export class Items {
  #byId = new Map();
  #changed = new Set();
  #timer = 0;
  all = new Set();

  // `show(changed, gone)` is called at most some ten times a second.
  constructor(show) {
    this.show = show;
    this.gone = new Set();
  }

  get(id) {
    return this.#byId.get(id);
  }

  // A file chosen here, of which the server knows nothing yet.
  choose(file, name, pick) {
    const item = { name, size: file.size, file, pick, received: 0, state: "" };
    this.all.add(item);
    this.touch(item);
    return item;
  }

  note(item, facts) {
    Object.assign(item, facts);
    this.touch(item);
  }

  touch(item) {
    this.#changed.add(item);
    this.#timer ||= setTimeout(() => this.#flush(), 80);
  }

  // The server's row of a file chosen here. The row that another item stands for already gets the
  // file: so a folder that is chosen again finds its way.
  announced(item, row) {
    const known = this.#byId.get(row.id);
    if (!known || known === item) {
      this.#byId.set(row.id, item);
      this.note(item, { ...row, name: row.name || item.name });
      return item;
    }
    this.remove(item);
    known.file ??= item.file;
    known.pick ??= item.pick;
    known.sha256 ??= item.sha256;
    this.#merge(known, row);
    return known;
  }

  // A row that the server told unasked.
  told(row) {
    const known = this.#byId.get(row.id);
    if (known) {
      this.#merge(known, row);
      return known;
    }
    const item = { ...row };
    this.#byId.set(row.id, item);
    this.all.add(item);
    this.touch(item);
    return item;
  }

  remove(item) {
    this.all.delete(item);
    this.gone.add(item);
    this.touch(item);
  }

  filter(wanted) {
    return [...this.all].filter(wanted);
  }

  // {phase: how many}, and bytes: {received, total} of what is or was to be sent from here.
  totals() {
    const phases = Object.fromEntries(PHASES.map((phase) => [phase, 0]));
    const bytes = { received: 0, total: 0 };
    for (const item of this.all) {
      const phase = phaseOf(item);
      phases[phase] += 1;
      if (item.container || phase === "failed" || phase === "cancelled") continue;
      bytes.total += item.size;
      bytes.received += phase === "uploading" ? Math.min(item.sent ?? item.received, item.size) : arrivedBytes(item);
    }
    return { phases, bytes, count: this.all.size };
  }

  // What comes from the server may be older than what a running transfer knows.
  #merge(item, row) {
    const isBehind = row.state === "receiving" && AT_THE_SERVER.has(item.state);
    if (isBehind) return;
    const received = item.isSending ? Math.max(item.received ?? 0, row.received ?? 0) : row.received;
    const lostItsRadiograph = item.radiograph !== row.radiograph;
    this.note(item, { ...row, received, name: row.name || item.name });
    if (lostItsRadiograph) item.prediction = undefined;
  }

  #flush() {
    this.#timer = 0;
    const changed = [...this.#changed];
    const gone = [...this.gone];
    this.#changed.clear();
    this.gone.clear();
    this.show(changed.filter((item) => this.all.has(item)), gone);
  }
}

function arrivedBytes(item) {
  return item.state === "receiving" || !item.id ? (item.received ?? 0) : item.size;
}
