// One film on one stage: OpenSeadragon over the sizes that the server renders (images:window).
/* global OpenSeadragon */

const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;
const UNCHANGED = { brightness: 100, contrast: 100, invert: false };

// OpenSeadragon adds an inline style sheet, which the content security policy refuses, unless it finds
// one of its own. An element of that name and no namespace is found, and is no style sheet.
const found = document.createElementNS(null, "style");
found.setAttribute("data-openseadragon-mobile-css", "");
document.head.append(found);

export class Film {
  #drawn = 0;

  constructor(stage, onTrouble) {
    this.stage = stage;
    this.filter = { ...UNCHANGED };
    this.viewer = OpenSeadragon({
      element: stage,
      drawer: "canvas",
      showNavigationControl: false,
      animationTime: CALM ? 0 : 0.5,
      immediateRender: CALM,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
      maxZoomPixelRatio: 8,
      minZoomImageRatio: 0.6,
      visibilityRatio: 0.4,
    });
    // The page has its own keys (keys.mjs), wherever the focus is.
    this.viewer.addHandler("canvas-key", (event) => (event.preventDefaultAction = true));
    for (const kind of ["tile-load-failed", "add-item-failed"]) {
      this.viewer.addHandler(kind, () => onTrouble(true));
    }
    this.viewer.addHandler("tile-loaded", () => onTrouble(false));
    this.viewer.addHandler("viewport-change", () => {
      stage.dataset.zoom = this.viewer.viewport.getZoom().toFixed(4);
    });
  }

  // `film` as images.views.viewer tells it; `choice` is {centre, width} or null: as it is stored.
  show(film, choice) {
    const isOther = this.film?.id !== film.id;
    this.film = film;
    const number = ++this.#drawn;
    this.viewer.addTiledImage({
      tileSource: { type: "legacy-image-pyramid", levels: levels(film, choice) },
      success: ({ item }) => {
        if (isOther) this.fit(true);
        item.addHandler("fully-loaded-change", ({ fullyLoaded }) => {
          if (fullyLoaded && number === this.#drawn) this.#settle(item, choice);
        });
      },
    });
    this.paint({});
  }

  // What was shown before stays until all of the new picture is there.
  #settle(item, choice) {
    const { world } = this.viewer;
    for (let place = world.getItemCount() - 1; place >= 0; place--) {
      if (world.getItemAt(place) !== item) world.removeItem(world.getItemAt(place));
    }
    this.stage.querySelector(".viewer-plain")?.remove();
    this.stage.dataset.shown = choice ? `${choice.centre} ${choice.width}` : "stored";
  }

  fit(atOnce = CALM) {
    this.viewer.viewport?.goHome(atOnce);
  }

  oneToOne() {
    const shown = this.viewer.world.getItemAt(0);
    if (!shown) return;
    this.viewer.viewport.zoomTo(shown.imageToViewportZoom(1 / devicePixelRatio), null, CALM);
  }

  zoom(factor) {
    this.viewer.viewport.zoomBy(factor, null, CALM);
    this.viewer.viewport.applyConstraints();
  }

  // Shares of what is seen.
  move(x, y) {
    const { viewport } = this.viewer;
    const seen = viewport.getBounds();
    viewport.panBy(new OpenSeadragon.Point(x * seen.width, y * seen.height), CALM);
    viewport.applyConstraints();
  }

  // Only what the screen shows: the film itself and the heat map over it are not touched.
  paint(changes) {
    Object.assign(this.filter, changes);
    const { brightness, contrast, invert } = this.filter;
    const words = [`brightness(${brightness}%)`, `contrast(${contrast}%)`, invert ? "invert(1)" : ""];
    this.viewer.drawer.canvas.style.filter = words.join(" ").trim();
  }

  unpaint() {
    this.paint(UNCHANGED);
  }
}

function levels(film, choice) {
  const long = Math.max(film.width, film.height);
  return film.sides.map((side) => {
    const asked = new URLSearchParams(choice ?? {});
    if (side < long) asked.set("side", side);
    return {
      url: `${film.window}?${asked}`,
      width: Math.round((film.width * side) / long),
      height: Math.round((film.height * side) / long),
    };
  });
}
