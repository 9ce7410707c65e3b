// Keys of the viewer. Typing into a field, and a slider's own arrows, keep their meaning.

const TYPING = "input:not([type=checkbox]), select, textarea, [contenteditable], dialog[open] *";

// `actions`: what each name does; the names are those of data-do, and of the table.
export function listen(actions) {
  const table = {
    "+": () => actions["zoom-in"](),
    "=": () => actions["zoom-in"](),
    "-": () => actions["zoom-out"](),
    0: () => actions.fit(),
    1: () => actions["one-to-one"](),
    i: () => actions.invert(),
    w: () => actions.window(),
    h: () => actions.heat(),
    p: () => actions.prior(),
    r: () => actions.reset(),
    "?": () => actions.help(),
    ArrowUp: (event) => (event.shiftKey ? actions.move(0, -1) : actions.nudge("centre", 1)),
    ArrowDown: (event) => (event.shiftKey ? actions.move(0, 1) : actions.nudge("centre", -1)),
    ArrowLeft: (event) => (event.shiftKey ? actions.move(-1, 0) : actions.nudge("width", -1)),
    ArrowRight: (event) => (event.shiftKey ? actions.move(1, 0) : actions.nudge("width", 1)),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(TYPING)) return;
    const act = table[event.key];
    if (!act) return;
    event.preventDefault();
    act(event);
  });
}
