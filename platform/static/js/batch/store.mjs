// Files that are still on their way, kept in this browser, so that a closed tab loses nothing. Each
// is taken out as soon as the server has it; what nobody came back for goes after some days.

const NAME = "covid-xr-batches";
const FILES = "files";
const DAY_MS = 24 * 3600 * 1000;
const KEPT_DAYS = 3;
const MOST_BYTES = 4 * 1024 ** 3;
const UNKNOWN_BYTES = 256 * 1024 ** 2;

function asked(query) {
  return new Promise((resolve, reject) => {
    query.addEventListener("success", () => resolve(query.result));
    query.addEventListener("error", () => reject(query.error));
  });
}

async function room() {
  // Only secure contexts are told how much room there is.
  const estimate = await navigator.storage?.estimate?.();
  if (!estimate) return UNKNOWN_BYTES;
  return Math.min(MOST_BYTES, (estimate.quota - estimate.usage) / 2);
}

export class Store {
  #base = null;
  #left = 0;

  // A browser that keeps nothing (private windows of some) is no failure: nothing is kept then.
  async open() {
    try {
      const opening = indexedDB.open(NAME, 1);
      opening.addEventListener("upgradeneeded", () => {
        const files = opening.result.createObjectStore(FILES, { keyPath: "id" });
        files.createIndex("batch", "batch");
        files.createIndex("since", "since");
      });
      this.#base = await asked(opening);
      await this.#forgetBefore(Date.now() - KEPT_DAYS * DAY_MS);
      this.#left = await room();
    } catch {
      this.#base = null;
    }
    return this;
  }

  // Whether the file is kept now: there may be no room, or no store.
  async keep(id, batch, owner, file) {
    if (!this.#base || file.size > this.#left) return false;
    this.#left -= file.size;
    try {
      await asked(this.#files("readwrite").put({ id, batch, owner, file, since: Date.now() }));
      return true;
    } catch {
      return false;
    }
  }

  async drop(id) {
    await this.#quietly(() => this.#files("readwrite").delete(id));
  }

  async forget(batch) {
    await this.#quietly(() => this.#removeAll(this.#files("readwrite").index("batch"), batch));
  }

  // [{id, file}] of this person's batch.
  async ofBatch(batch, owner) {
    const rows = await this.#quietly(() => asked(this.#files("readonly").index("batch").getAll(batch)));
    return (rows ?? []).filter((row) => row.owner === owner);
  }

  async #forgetBefore(moment) {
    await this.#removeAll(this.#files("readwrite").index("since"), IDBKeyRange.upperBound(moment));
  }

  async #removeAll(index, range) {
    const files = index.objectStore;
    for (const key of await asked(index.getAllKeys(range))) files.delete(key);
  }

  async #quietly(deed) {
    try {
      return this.#base ? await deed() : undefined;
    } catch {
      return undefined;
    }
  }

  #files(mode) {
    return this.#base.transaction(FILES, mode).objectStore(FILES);
  }
}
