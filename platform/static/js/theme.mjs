// Light, dark or as the device says. An explicit choice is kept in a cookie, so that the server
// renders the next page in it and nothing flashes.

const root = document.documentElement;
const device = window.matchMedia("(prefers-color-scheme: dark)");
const YEAR = 365 * 24 * 3600;

function choice() {
  return document.cookie.match(/(?:^|; )theme=(light|dark)(?:;|$)/)?.[1] ?? "auto";
}

function keep(theme) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const age = theme === "auto" ? 0 : YEAR;
  document.cookie = `theme=${theme}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
}

function show() {
  const chosen = choice();
  const dark = chosen === "dark" || (chosen === "auto" && device.matches);
  root.dataset.bsTheme = dark ? "dark" : "light";
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen));
  }
}

function start() {
  for (const group of document.querySelectorAll("[data-theme-switch]")) group.hidden = false;
  show();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice]");
  if (!button) return;
  keep(button.dataset.themeChoice);
  show();
});

device.addEventListener("change", show);
show();
// The module may run before or after the page is parsed, as the browser honours blocking=render.
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
