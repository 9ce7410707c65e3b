// The worklist: Enter begins to read, wherever the focus is but on something that Enter means already.

const start = document.querySelector("[data-start]");

document.addEventListener("keydown", (event) => {
  const isPlain = event.key === "Enter" && !(event.ctrlKey || event.metaKey || event.altKey || event.repeat);
  if (isPlain && !event.target.closest?.("a, button, input, select, textarea, summary, [contenteditable], dialog[open] *")) {
    start.click();
  }
});
