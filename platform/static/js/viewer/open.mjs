// A link with data-key opens by that key as well, wherever the focus is but in a field.

const link = document.querySelector("a[data-key]");
if (link) {
  document.addEventListener("keydown", (event) => {
    const isPlain = !(event.ctrlKey || event.metaKey || event.altKey);
    const isTyping = event.target.closest?.("input, select, textarea, [contenteditable], dialog[open] *");
    if (isPlain && !isTyping && event.key === link.dataset.key) link.click();
  });
}
