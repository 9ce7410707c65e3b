// The form that starts a training: a whole network brings its own extractor, so that field goes.
// A second click on the button does nothing while the first is on its way.

const form = document.querySelector("[data-start-form]");

if (form) {
  const architecture = form.querySelector("[name=architecture]");
  const extractor = form.querySelector("[data-extractor]");
  const [fast] = architecture.querySelectorAll("optgroup");
  const show = () => {
    extractor.hidden = !fast.contains(architecture.selectedOptions[0]);
  };
  architecture.addEventListener("change", show);
  show();
}
