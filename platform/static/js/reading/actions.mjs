// What keys and buttons of the reading page do.

import { looking } from "./looking.mjs";

// `page`: show(since), say(key, values), sitting, stage, panel, saving, heat, truth, dialogs, config.
export function actionsOf(page) {
  const { sitting, stage, panel, saving, dialogs } = page;
  const now = () => performance.now();

  function choose(finding, since = now()) {
    const entry = sitting.current;
    if (!entry || !["finding", "done"].includes(entry.phase)) return;
    // Nobody answers what they have not seen.
    if (!stage.isShown) {
      page.say("pictureComing");
      return;
    }
    if (entry.phase === "done" && entry.finding === finding) return;
    watch(entry, since);
    Object.assign(entry, { finding, verdict: "", disagreement: "", problem: "", hasDraft: false, sentNote: entry.note });
    saving.finding(entry);
    page.refresh();
    page.tellAnswer(entry);
  }

  function judge(verdict, disagreement, since) {
    const entry = sitting.current;
    if (entry?.phase !== "verdict") return;
    Object.assign(entry, { verdict, disagreement, problem: "" });
    // A note that was written meanwhile takes the verdict along.
    if (!saving.note(entry)) saving.verdict(entry);
    leave();
    sitting.advance();
    page.show(since);
  }

  function leave() {
    const entry = sitting.current;
    if (!entry) return;
    entry.problem = "";
    watch(entry);
    saving.note(entry);
  }

  // Only the time for which a case was on the screen counts.
  function watch(entry, until = now()) {
    entry.watchedMs += entry.shownAt === undefined ? 0 : until - entry.shownAt;
    entry.shownAt = undefined;
  }

  function goOn(since) {
    leave();
    sitting.advance();
    page.show(since);
  }

  function step(place, since) {
    leave();
    sitting.go(place);
    page.show(since);
  }

  function pass(entry, words, since) {
    sitting.drop(entry);
    page.show(since);
    page.say(words);
  }

  const actions = {
    choose,
    disagree: (reason, since = now()) => judge("disagrees", reason, since),
    agree: (since = now()) => actions.enter(since),
    number(number, since = now()) {
      const phase = sitting.current?.phase;
      if (phase === "waiting") page.say("stillWaiting");
      else if (phase === "verdict" && panel.reasonOf(number)) actions.disagree(panel.reasonOf(number), since);
      else if (phase === "verdict") page.say("noReason");
      else if (panel.findingOf(number)) choose(panel.findingOf(number), since);
    },
    enter(since = now()) {
      const phase = sitting.current?.phase;
      if (!phase) void sitting.fill();
      else if (phase === "finding") page.say("firstFinding");
      else if (phase === "verdict") judge("agrees", "", since);
      else if (phase === "waiting" && !page.outbox.trouble) page.say("stillWaiting");
      else goOn(since);
    },
    next(since = now()) {
      const entry = sitting.current;
      if (entry?.phase === "finding" && !entry.problem && !sitting.entries[sitting.at + 1]?.finding) page.say("firstFinding");
      else if (entry) step(sitting.at + 1, since);
    },
    previous(since = now()) {
      if (sitting.at === 0) page.say("first");
      else step(sitting.at - 1, since);
    },
    undo(since = now()) {
      const own = sitting.current?.finding ? sitting.at : sitting.entries.slice(0, sitting.at).findLastIndex((each) => each.finding);
      const entry = sitting.entries[own];
      if (!entry) {
        page.say("nothingToUndo");
        return;
      }
      saving.undo(entry);
      Object.assign(entry, { finding: "", verdict: "", disagreement: "", problem: "", watchedMs: 0 });
      if (page.config.hidesModel) entry.model = null;
      sitting.go(own);
      page.show(since);
      page.say("undone");
    },
    skip(since = now()) {
      const entry = sitting.current;
      if (entry?.phase === "lost") goOn(since);
      if (entry?.phase !== "finding") return;
      saving.skip(entry, () => sitting.passed.delete(entry.case));
      pass(entry, "skipped", since);
    },
    flag() {
      if (sitting.current?.phase === "finding") dialogs.flag.showModal();
    },
    setAside(reason, since = now()) {
      const entry = sitting.current;
      if (entry?.phase !== "finding") return;
      saving.flag(entry, reason);
      pass(entry, "flagged", since);
    },
    truth() {
      const entry = sitting.current;
      if (!entry) return;
      if (!entry.links.truth) page.say("truthNever");
      else if (page.config.hidesModel && !entry.finding) page.say("truthLater");
      else page.truth.open(entry.links.truth);
    },
    ...looking(page),
    note: () => panel.note.focus(),
    help: () => dialogs.help.showModal(),
    again: () => void sitting.fill(),
  };
  return actions;
}
