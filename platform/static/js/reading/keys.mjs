// Keys of the reading page. Typing into a field, and dialogs, keep their meaning.

const TYPING = "input, select, textarea, [contenteditable], dialog[open] *";
// Held down they would answer case after case.
const REPEATS = new Set(["+", "=", "-"]);

// `actions`: what each name does, by the names of data-do; `number(n, event)` for 1 to 9.
export function listen(actions) {
  const table = {
    Enter: "enter", n: "next", ArrowRight: "next", p: "previous", ArrowLeft: "previous", u: "undo", s: "skip",
    g: "flag", t: "truth", h: "heat", i: "invert", f: "fit", w: "window", "+": "zoom-in", "=": "zoom-in",
    "-": "zoom-out", e: "note", "?": "help",
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.repeat && !REPEATS.has(event.key))) return;
    if (event.target.closest?.(TYPING)) return;
    // Enter on a button is that button's.
    if (event.key === "Enter" && event.target.closest?.("a, button, summary")) return;
    if (/^[1-9]$/.test(event.key)) {
      event.preventDefault();
      actions.number(Number(event.key), event.timeStamp);
    } else if (Object.hasOwn(table, event.key)) {
      event.preventDefault();
      actions[table[event.key]](event.timeStamp);
    }
  });
}
