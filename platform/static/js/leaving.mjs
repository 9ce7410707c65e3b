// A page whose form is on its way is leaving: it must not load itself again because of what it hears
// meanwhile, or the answer to the form, with the sentence that is said only once, would be lost.

let isOnItsWay = false;

/** Whether a form of this page is on its way. */
export const isLeaving = () => isOnItsWay;

export function leave() {
  isOnItsWay = true;
}

// What htmx asks by itself, and what it hears: an answer may want the page to be loaded again.
for (const name of ["htmx:beforeRequest", "htmx:beforeOnLoad"]) {
  document.addEventListener(name, (event) => isOnItsWay && event.preventDefault());
}

// A page that comes back from the history must live again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) isOnItsWay = false;
});
