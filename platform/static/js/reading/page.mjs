// The reading page (reading/read.html): one case after the other.

import { Words } from "../batch/words.mjs";
import { actionsOf } from "./actions.mjs";
import { keepLooking } from "./again.mjs";
import { listen as listenToFingers } from "./gestures.mjs";
import { Heat } from "./heat.mjs";
import { keepHolds } from "./holds.mjs";
import { listen as listenToKeys } from "./keys.mjs";
import { Outbox } from "./outbox.mjs";
import { Panel } from "./panel.mjs";
import { Saving } from "./saving.mjs";
import { Sitting } from "./sitting.mjs";
import { Stage } from "./stage.mjs";
import { Truth } from "./truth.mjs";
import { Windows } from "./windows.mjs";
import { wire } from "./wiring.mjs";

const BEHIND = 3;

const told = (id) => JSON.parse(document.getElementById(id).textContent);
const root = document.querySelector("[data-reading]");
const find = (name) => root.querySelector(`[data-${name}]`);
const dialogOf = (name) => document.querySelector(`[data-dialog=${name}]`);
root.hidden = false;

const config = told("reading-config");
const words = new Words(told("reading-words"));
const panel = new Panel(root, words);
const say = (key, values) => panel.say(words.say(key, values));
const noPicture = (isMissing) => {
  const sentence = words.say("noPicture");
  if (isMissing) panel.line(sentence);
  else if (find("line").textContent === sentence) panel.line("");
};
const stage = new Stage(root, noPicture);
const heat = new Heat(root);
const windows = new Windows(find("window"), stage, noPicture);
let ended = "";
// The key that asked for a case that was not here yet.
let wanted;

const outbox = new Outbox({
  onTrouble: (reason, count) => {
    panel.line(reason ? words.say(reason, { count }) : "");
    if (reason) return;
    say("lineBack");
    void sitting.fill();
  },
  onSize: (count) => (count ? (root.dataset.unsaved = count) : delete root.dataset.unsaved),
});
const sitting = new Sitting({
  config,
  past: told("reading-past"),
  onMore: () => {
    ended = "";
    if (!stage.entry) show(wanted);
    prepare();
  },
  onEnd: (sentence) => {
    ended = sentence;
    wanted = undefined;
    if (!sitting.current) show();
  },
});
const saving = new Saving({
  outbox, sitting, config, words,
  nameOf: (finding) => panel.nameOf(finding),
  onSaved: (entry) => {
    if (entry === sitting.current) {
      refresh();
      if (entry.finding) tellAnswer(entry);
    }
    void sitting.fill();
  },
  onRefused: (entry, why) => {
    entry.problem = entry.isLost ? why : words.say("refused", { why });
    sitting.bringBack(entry);
    panel.line(entry === sitting.current ? "" : entry.problem);
    if (sitting.current && stage.entry === sitting.current) refresh();
    else show();
    panel.say(entry.problem);
  },
});
const dialogs = { help: dialogOf("help"), flag: dialogOf("flag"), truth: dialogOf("truth") };
const truth = new Truth(dialogs.truth, {
  onStored: () => say("truthStored"),
  onTrouble: () => panel.line(words.say("truthTrouble")),
});
const page = { sitting, stage, panel, saving, heat, truth, dialogs, config, outbox, windows, find, show, refresh, say, tellAnswer };
const actions = actionsOf(page);

function refresh() {
  const entry = sitting.current;
  if (entry) panel.show(entry);
  panel.count(sitting.done);
  panel.keepFocus();
}

function show(since) {
  const entry = sitting.current;
  wanted = entry ? undefined : since;
  if (stage.entry !== entry) heat.clear();
  void stage.show(entry, since);
  windows.show(entry);
  if (entry) {
    const values = { number: sitting.at + 1, facts: entry.facts.join(", "), finding: panel.nameOf(entry.finding) };
    say(entry.finding ? "shownAgain" : "shown", values);
  } else {
    panel.showEnd(ended);
    panel.say(ended || words.say("loading"));
  }
  refresh();
  prepare();
  if (sitting.ahead.length < 2) void sitting.fill();
}

// The pictures of what comes next, and of what was just there.
function prepare() {
  const from = Math.max(0, sitting.at - BEHIND);
  stage.pictures.keepOnly(sitting.entries.slice(from, sitting.at + BEHIND + 1));
  for (const entry of sitting.ahead.slice(0, BEHIND)) stage.pictures.prepare(entry).catch(() => {});
  root.dataset.ready = sitting.ahead.length;
}

function tellAnswer(entry) {
  const finding = panel.nameOf(entry.finding);
  if (entry.model) say("answered", { finding, model: entry.model.says });
  else say("answeredAlone", { finding });
}

wire(page, actions);
listenToKeys(actions);
listenToFingers(stage);
keepHolds({
  sitting, config,
  onLost: (key, sentence) => {
    const entry = sitting.entries.find((each) => each.case === key);
    if (!entry || entry.finding) return;
    if (entry !== sitting.current) sitting.drop(entry);
    else {
      Object.assign(entry, { isLost: true, problem: sentence });
      refresh();
    }
  },
});
keepLooking({ sitting, stage });
show();
find("stage").focus();
