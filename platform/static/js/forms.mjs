// Two small courtesies of forms. A form that is on its way cannot be sent twice (the server refuses
// doubles by itself; this spares the person the error); [data-stays] is for forms that answer with
// a download, whose page stays. And [data-confirm] asks before it acts.

import { leave } from "./leaving.mjs";

function busy(button, isBusy) {
  button.disabled = isBusy;
  button.toggleAttribute("data-busy", isBusy);
  button.querySelector(".spinner-border")?.remove();
  if (!isBusy) return;
  const wheel = document.createElement("span");
  wheel.className = "spinner-border spinner-border-sm me-2";
  wheel.setAttribute("aria-hidden", "true");
  button.prepend(wheel);
}

function send(button) {
  busy(button, true);
  leave();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    return;
  }
  const isByHtmx = form.matches("[hx-post], [hx-get]");
  if (form.method !== "post" || isByHtmx || !event.submitter || "stays" in form.dataset) return;
  // After this turn of the loop, or the button's own name and value would not be sent.
  setTimeout(() => event.defaultPrevented || send(event.submitter));
});

// A page that comes back from the history must be usable again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("[data-busy]")) busy(button, false);
});
