// What did not come is asked for again, now and then and as soon as there is a connection.

const LOOK_AGAIN_MS = 20_000;

export function keepLooking({ sitting, stage }) {
  function look() {
    if (document.visibilityState !== "visible") return;
    if (!sitting.current) void sitting.fill();
    else if (!stage.isShown) void stage.show(sitting.current);
  }
  setInterval(look, LOOK_AGAIN_MS);
  window.addEventListener("online", look);
}
