// The form of the test result, which lives on a page of its own (images:truth), in a dialog here.

const PARTS = "main .alert, main form[method=post]";

export class Truth {
  constructor(dialog, { onStored, onTrouble }) {
    Object.assign(this, { dialog, onStored, onTrouble });
    this.piece = dialog.querySelector("[data-truth-piece]");
    this.piece.addEventListener("submit", (event) => {
      event.preventDefault();
      const body = new FormData(event.target, event.submitter);
      void this.#ask({ method: "POST", body });
    });
    this.piece.addEventListener("click", (event) => {
      // "Cancel" leads to the radiograph's page; here it closes the dialog.
      if (!event.target.closest("a")) return;
      event.preventDefault();
      this.dialog.close();
    });
  }

  open(address) {
    this.address = address;
    this.piece.replaceChildren();
    this.dialog.showModal();
    void this.#ask({});
  }

  async #ask(options) {
    const { address } = this;
    let page;
    try {
      const answer = await fetch(address, { credentials: "same-origin", ...options });
      const isStored = options.method === "POST" && answer.ok && answer.redirected;
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (isStored && !page.querySelector("[name=login]")) {
        this.dialog.close();
        this.onStored();
        return;
      }
    } catch {
      this.onTrouble();
      return;
    }
    if (address !== this.address) return;
    this.piece.replaceChildren(...[...page.querySelectorAll(PARTS)].map((part) => document.importNode(part, true)));
    if (!this.piece.children.length) this.onTrouble();
    this.piece.querySelector("input:not([type=hidden]), select")?.focus();
  }
}
