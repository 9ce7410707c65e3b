// Mouse and fingers on the stage: drag moves, wheel and two fingers zoom, a double click fits.

const CLOSER = 1.15;

export function listen(stage) {
  const { stage: element } = stage;
  const pointers = new Map();

  const place = ({ clientX, clientY }) => {
    const { left, top } = element.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  const spread = () => {
    const [one, other] = [...pointers.values()];
    return Math.hypot(one.x - other.x, one.y - other.y);
  };

  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
  });
  element.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const wide = pointers.size === 2 ? spread() : 0;
    const now = place(event);
    pointers.set(event.pointerId, now);
    if (wide) stage.zoom(spread() / wide, now);
    else stage.move(now.x - before.x, now.y - before.y);
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    element.addEventListener(kind, (event) => pointers.delete(event.pointerId));
  }
  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      stage.zoom(event.deltaY < 0 ? CLOSER : 1 / CLOSER, place(event));
    },
    { passive: false },
  );
  element.addEventListener("dblclick", () => stage.fit());
}
