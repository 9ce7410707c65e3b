// What keys and buttons do with the picture alone.

const CLOSER = 1.4;

export function looking(page) {
  const { sitting, stage, heat } = page;
  return {
    heat() {
      const model = sitting.current?.model;
      if (!model) page.say("noMap");
      else if (!model.maps) page.say("noMaps");
      else heat.toggle(model);
    },
    invert() {
      const isInverted = stage.invert();
      page.find("do=invert").setAttribute("aria-pressed", String(isInverted));
      page.say(isInverted ? "inverted" : "asIs");
    },
    fit: () => stage.fit(),
    "zoom-in": () => stage.zoom(CLOSER),
    "zoom-out": () => stage.zoom(1 / CLOSER),
    window: () => page.windows.next(),
  };
}
