// Shows the chosen files below a .dropzone: name, size and, where the browser can draw it, the
// picture. Files never leave the page here; the server alone decides what a file is.

const MEBIBYTE = 1024 * 1024;
const SHOWN = 24;

function sizeOf(file) {
  const number = (value, digits) =>
    new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: digits }).format(value);
  return file.size >= MEBIBYTE / 10 ? `${number(file.size / MEBIBYTE, 1)} MB` : `${number(file.size / 1024, 0)} kB`;
}

function iconFor() {
  const icon = document.createElement("i");
  icon.className = "bi bi-file-earmark-medical";
  icon.setAttribute("aria-hidden", "true");
  return icon;
}

function pictureOf(file) {
  if (!/^image\/(png|jpeg)$/.test(file.type)) return iconFor();
  const picture = new Image();
  const address = URL.createObjectURL(file);
  picture.alt = "";
  picture.addEventListener("load", () => URL.revokeObjectURL(address));
  picture.addEventListener("error", () => {
    URL.revokeObjectURL(address);
    picture.replaceWith(iconFor());
  });
  picture.src = address;
  return picture;
}

function text(className, words) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = words;
  return element;
}

function row(file, zone) {
  const item = document.createElement("li");
  const tooLarge = file.size > Number(zone.dataset.maxBytes || Infinity);
  const name = text("chosen-name", file.name);
  name.title = file.name;
  item.append(pictureOf(file), name, text("chosen-size", sizeOf(file)));
  if (tooLarge) {
    item.classList.add("is-refused");
    item.lastChild.append(` · ${zone.dataset.tooLarge}`);
  }
  return item;
}

function show(zone, input) {
  const files = [...input.files];
  const limit = Number(zone.dataset.maxBytes || Infinity);
  const list = document.getElementById(zone.dataset.list);
  list.replaceChildren(...files.slice(0, SHOWN).map((file) => row(file, zone)));
  if (files.length > SHOWN) {
    const more = document.createElement("li");
    more.append(iconFor(), text("chosen-name", `+ ${files.length - SHOWN}`));
    list.append(more);
  }
  input.setCustomValidity(files.some((file) => file.size > limit) ? zone.dataset.tooLarge : "");
}

document.addEventListener("change", (event) => {
  const zone = event.target.closest?.("[data-dropzone]");
  if (zone && event.target.type === "file") show(zone, event.target);
});

for (const [kind, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
  document.addEventListener(kind, (event) => {
    event.target.closest?.("[data-dropzone]")?.classList.toggle("is-over", over);
  });
}
