// Lays heat maps (inference/_explanations.html) over the film of the page, one at a time, as strongly
// as the reader wants. Without this script they stay beside the film.

const film = document.querySelector("[data-film]");

// The film keeps its proportions inside its box; a map is stretched over exactly what is seen of it.
function place(layer) {
  const width = Number(film.getAttribute("width"));
  const height = Number(film.getAttribute("height"));
  const scale = Math.min(film.clientWidth / width, film.clientHeight / height);
  Object.assign(layer.style, {
    width: `${width * scale}px`,
    height: `${height * scale}px`,
    left: `${film.offsetLeft + (film.clientWidth - width * scale) / 2}px`,
    top: `${film.offsetTop + (film.clientHeight - height * scale) / 2}px`,
  });
}

function show() {
  for (const layer of film.parentElement.querySelectorAll(".heat-layer")) {
    const choice = document.querySelector(`[name="heat-map"][value="${layer.dataset.heatMap}"]`);
    if (!choice) {
      layer.remove(); // its panel was replaced
      continue;
    }
    layer.hidden = !choice.checked;
    layer.style.opacity = choice.closest("fieldset").querySelector("[data-heat-opacity]").value / 100;
    place(layer);
  }
}

function adopt(piece) {
  for (const controls of piece.querySelectorAll("[data-heat-controls]")) controls.hidden = false;
  for (const map of piece.querySelectorAll(".heat-map [data-heat-map]")) {
    film.parentElement.querySelector(`.heat-layer[data-heat-map="${map.dataset.heatMap}"]`)?.remove();
    map.classList.add("heat-layer");
    film.after(map);
  }
  show();
}

if (film) {
  adopt(document);
  document.addEventListener("htmx:load", (event) => adopt(event.detail.elt));
  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => event.target.closest("[data-heat-controls]") && show());
  }
  // A small film keeps its size when its frame grows, and moves all the same.
  const watcher = new ResizeObserver(show);
  for (const box of [film, film.parentElement]) watcher.observe(box);
}
