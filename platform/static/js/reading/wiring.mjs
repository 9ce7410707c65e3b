// Buttons, fields and dialogs of the reading page.

// `page` as in page.mjs; `actions` of actions.mjs.
export function wire(page, actions) {
  const { panel, sitting, saving, outbox, dialogs, find } = page;

  // After a click of the mouse the keys are the page's again; who came by Tab stays where they are.
  function act(event, deed) {
    if (event.detail > 0) find("stage").focus();
    deed();
  }

  for (const button of document.querySelectorAll("[data-do]")) {
    button.addEventListener("click", (event) => act(event, () => actions[button.dataset.do]()));
  }
  for (const button of panel.findings) {
    button.addEventListener("click", (event) => act(event, () => actions.choose(button.dataset.finding)));
  }
  for (const button of panel.reasons) {
    button.addEventListener("click", (event) => act(event, () => actions.disagree(button.dataset.disagreement)));
  }

  panel.note.addEventListener("input", () => {
    const entry = sitting.current;
    if (!entry) return;
    entry.note = panel.note.value;
    saving.draft(entry);
  });
  panel.note.addEventListener("keydown", (event) => event.key === "Escape" && find("stage").focus());
  find("window").addEventListener("change", () => find("stage").focus());

  dialogs.flag.addEventListener("close", () => {
    const field = dialogs.flag.querySelector("[data-reason]");
    const reason = field.value.trim();
    field.value = "";
    if (dialogs.flag.returnValue === "flag" && reason) actions.setAside(reason);
    dialogs.flag.returnValue = "";
  });
  for (const dialog of Object.values(dialogs)) dialog.addEventListener("close", () => find("stage").focus());

  window.addEventListener("beforeunload", (event) => outbox.size && event.preventDefault());
}
