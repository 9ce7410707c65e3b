// Where files come from: dropped files and folders, the file dialogs, the camera of a phone. Uppy
// takes them in, walks through dropped folders and knows a file again that is chosen twice.

const SYSTEM_FILE = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)$|(^|\/)__MACOSX\//i;
// Uppy copies its whole list for each file that is added: many at once would stop the page.
const PORTION = 100;

function pathOf(file) {
  return file.webkitRelativePath || file.relativePath || file.name;
}

function nameOf(entry) {
  return entry.meta?.relativePath || pathOf(entry.data);
}

function portionsOf(Uppy) {
  return class extends Uppy {
    addFiles(files) {
      for (let at = 0; at < files.length; at += PORTION) super.addFiles(files.slice(at, at + PORTION));
    }
  };
}

export class Chooser {
  #uppy = null;
  #early = [];
  #known = new Set();

  // `onFiles([{file, name, pick}])`; `onPassedOver(kind)`, "twice" or "system", for each file.
  constructor({ address, target, inputs, onFiles, onPassedOver }) {
    Object.assign(this, { onFiles, onPassedOver });
    for (const input of inputs) {
      input.addEventListener("change", () => {
        this.#take([...input.files]);
        input.value = ""; // the same file may be chosen again
      });
    }
    this.ready = this.#load(address, target);
  }

  // The same file may be chosen again once it is not in the list any more.
  release(item) {
    this.#known.delete(item.pick);
  }

  async #load(address, target) {
    const { Uppy, DropTarget } = await import(address);
    const isWanted = (entry) => !this.#known.has(entry.id) && !SYSTEM_FILE.test(nameOf(entry));
    const uppy = new (portionsOf(Uppy))({ onBeforeFileAdded: isWanted });
    uppy.use(DropTarget, { target });
    uppy.on("restriction-failed", (entry) => this.onPassedOver(SYSTEM_FILE.test(nameOf(entry)) ? "system" : "twice"));
    uppy.on("files-added", (entries) => {
      for (const { id } of entries) this.#known.add(id);
      this.onFiles(entries.map((entry) => ({ file: entry.data, name: nameOf(entry), pick: entry.id })));
      uppy.removeFiles(entries.map(({ id }) => id));
    });
    this.#uppy = uppy;
    this.#take(this.#early.splice(0));
  }

  #take(files) {
    if (!this.#uppy) {
      this.#early.push(...files);
      return;
    }
    this.#uppy.addFiles(
      files.map((file) => ({
        source: "page", name: file.name, type: file.type, data: file, meta: { relativePath: pathOf(file) },
      })),
    );
  }
}
