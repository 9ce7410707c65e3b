// The cases of an open page stay this reader's; a page that is left gives them back.

import { ask, encoded } from "./outbox.mjs";

const BEAT_MS = 60_000;

// `sitting`; `config`: addresses; `onLost(key, sentence)` where another reader has a case by now.
export function keepHolds({ sitting, config, onLost }) {
  let last = performance.now();

  async function beat() {
    if (document.visibilityState !== "visible" || !sitting.held.length) return;
    last = performance.now();
    const answer = await ask(config.beat, { case: sitting.held.map((entry) => entry.case) });
    for (const [key, sentence] of Object.entries(answer?.data.lost ?? {})) onLost(key, sentence);
  }

  setInterval(beat, BEAT_MS);
  document.addEventListener("visibilitychange", () => performance.now() - last > BEAT_MS && void beat());
  window.addEventListener("pagehide", () => {
    const free = sitting.held.filter((entry) => !entry.noteIsUnsaved);
    if (!free.length) return;
    const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
    const body = encoded({ case: free.map((entry) => entry.case), csrfmiddlewaretoken: token });
    navigator.sendBeacon(config.leave, body);
  });
  // What comes back from the history has given its cases away.
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  return beat;
}
