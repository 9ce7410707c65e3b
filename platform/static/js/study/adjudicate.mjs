// The keys of the adjudication: 1 to 6 choose, Enter decides, S passes the case over. The form
// works without this, by Tab, arrows and Enter.

const form = document.querySelector("[data-adjudicate]");
const typing = (place) => place.matches("textarea, select, input:not([type=radio])");

const choose = (key) => {
  const option = form.querySelector(`[data-key="${CSS.escape(key)}"]`);
  option?.focus();
  option?.click();
  return Boolean(option);
};

const decide = () => {
  const isChosen = form.querySelector('[name="finding"]:checked');
  if (isChosen) form.requestSubmit();
  return Boolean(isChosen);
};

const later = () => {
  const link = form.querySelector("[data-later]");
  link?.click();
  return Boolean(link);
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  // A focused link or button has its own Enter.
  const isOwn = event.key === "Enter" && event.target.matches("a, button");
  if (isOwn || event.repeat) return;
  const did =
    (/^[1-6]$/.test(event.key) && choose(event.key)) ||
    (event.key === "Enter" && decide()) ||
    (event.key.toLowerCase() === "s" && later());
  if (did) event.preventDefault();
});
