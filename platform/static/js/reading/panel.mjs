// What stands beside the picture: findings, the model's answer, the note, and what went wrong.

export class Panel {
  constructor(root, words) {
    this.root = root;
    this.words = words;
    this.find = (name) => root.querySelector(`[data-${name}]`);
    this.findings = [...root.querySelectorAll("[data-finding]")];
    this.reasons = [...root.querySelectorAll("[data-disagreement]")];
    this.note = this.find("note");
  }

  findingOf(number) {
    return this.findings.find((button) => button.dataset.key === String(number))?.dataset.finding;
  }

  reasonOf(number) {
    return this.reasons.find((button) => button.dataset.key === String(number))?.dataset.disagreement;
  }

  nameOf(finding) {
    return this.findings.find((button) => button.dataset.finding === finding)?.querySelector("span").textContent ?? "";
  }

  show(entry) {
    this.find("panel").hidden = false;
    this.find("end").hidden = true;
    this.root.dataset.phase = entry.phase;
    this.find("facts").textContent = entry.facts.join(" · ");
    this.#showFindings(entry);
    this.#showModel(entry);
    this.#showProblem(entry);
    if (this.note.value !== entry.note) this.note.value = entry.note;
    const draft = this.find("draft");
    draft.hidden = !entry.hasDraft;
    draft.textContent = entry.hasDraft ? this.words.say("draftBack") : "";
  }

  showEnd(sentence) {
    this.root.dataset.phase = sentence ? "end" : "loading";
    this.find("panel").hidden = true;
    this.find("end").hidden = !sentence;
    this.find("end-words").textContent = sentence;
    this.find("facts").textContent = "";
  }

  count(done) {
    this.find("count").textContent = done ? this.words.say("done", { count: done }) : "";
  }

  // To who hears the page.
  say(sentence) {
    this.find("say").textContent = sentence;
  }

  line(sentence) {
    const line = this.find("line");
    line.textContent = sentence;
    line.hidden = !sentence;
  }

  // What has gone from the screen must not have the focus.
  keepFocus() {
    const focused = document.activeElement;
    if (focused === document.body || (this.root.contains(focused) && !focused.checkVisibility())) this.find("stage").focus();
  }

  #showFindings(entry) {
    const { phase } = entry;
    const isChosen = Boolean(entry.finding);
    this.find("ask").textContent = this.words.say(isChosen ? "yours" : "ask");
    this.find("group='finding'").toggleAttribute("data-active", ["finding", "done"].includes(phase));
    for (const button of this.findings) {
      button.setAttribute("aria-pressed", String(button.dataset.finding === entry.finding));
      button.setAttribute("aria-disabled", String(["waiting", "verdict", "lost"].includes(phase)));
    }
  }

  #showModel(entry) {
    const { phase, model } = entry;
    const box = this.find("model");
    if (model) box.innerHTML = model.html;
    else box.replaceChildren(this.#small(this.words.say(phase === "waiting" ? "coming" : "hidden")));
    this.find("group='model'").toggleAttribute("data-active", phase === "verdict");
    this.find("verdicts").hidden = !["verdict", "done"].includes(phase);
    const isJudged = Boolean(model?.prediction);
    this.find("reasons").hidden = !isJudged;
    this.find("agree").textContent = this.words.say(phase === "verdict" ? "agree" : "goOn");
    for (const button of this.reasons) {
      button.setAttribute("aria-pressed", String(button.dataset.disagreement === entry.disagreement));
      button.setAttribute("aria-disabled", String(phase !== "verdict"));
    }
  }

  #showProblem(entry) {
    const problem = this.find("problem");
    problem.textContent = entry.problem;
    problem.hidden = !entry.problem;
  }

  #small(sentence) {
    const line = document.createElement("p");
    line.className = "reading-small";
    line.textContent = sentence;
    return line;
  }
}
