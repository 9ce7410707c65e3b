// Ticks of the list: all of the page at once, and how many there are. Without this the ticks and
// the form work all the same.

const form = document.getElementById("bulk");

if (form) {
  const all = form.querySelector("[data-tick-all]");
  const shown = form.querySelector("[data-ticked]");
  const scope = form.querySelector("[data-scope]");
  const rows = () => [...document.querySelectorAll('input[name="key"][form="bulk"]')];

  const tell = () => {
    const ticked = rows().filter((row) => row.checked).length;
    shown.textContent = ticked ? `${ticked} / ${rows().length}` : "";
    all.checked = ticked > 0 && ticked === rows().length;
    all.indeterminate = ticked > 0 && !all.checked;
  };

  for (const part of form.querySelectorAll("[data-tick-all], [data-tick-all-words]")) {
    part.hidden = false;
  }
  all.addEventListener("change", () => {
    for (const row of rows()) row.checked = all.checked;
    tell();
  });
  document.addEventListener("change", (event) => {
    if (event.target.name !== "key") return;
    scope.value = "ticked";
    tell();
  });
  // A page that comes back from the history keeps its ticks.
  window.addEventListener("pageshow", tell);
}
