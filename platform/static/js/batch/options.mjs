// What is asked before sending: whose radiographs these are. The batch is made with the first send.

function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Secure contexts only have the short way.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export class Options {
  #key = uuid();

  constructor(form) {
    this.form = form;
    this.error = form.querySelector("[data-error]");
    this.code = form.elements.patient_code;
    this.ruleChanged();
    form.addEventListener("change", () => this.ruleChanged());
  }

  get keepsFiles() {
    return this.form.elements.keep_files.checked;
  }

  ruleChanged() {
    const isOne = this.form.elements.patient_rule.value === "one";
    this.code.closest("[data-code]").hidden = !isOne;
    this.code.required = isOne;
  }

  isValid() {
    return this.form.reportValidity();
  }

  // What makes the batch; sent again it makes the same one.
  wanted() {
    const { patient_rule: rule, patient_code: code, site } = this.form.elements;
    const wanted = { client_key: this.#key, patient_rule: rule.value };
    if (rule.value === "one") wanted.patient_code = code.value.trim();
    if (site) wanted.site = site.value;
    return wanted;
  }

  refused(data) {
    const sentences = Object.values(data.errors ?? {}).flat();
    this.error.textContent = (sentences.length ? sentences : [data.detail ?? ""]).join(" ");
    this.error.hidden = this.error.textContent === "";
    this.error.focus();
  }

  done() {
    this.error.hidden = true;
    this.form.hidden = true;
  }
}
