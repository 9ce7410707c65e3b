// Small files that travel together: one request for many. On a line that is cut a bundle is lost as
// a whole, so it holds no more than the line takes in a moment; whatever is left over goes in parts.

import { Offline, isBusy, isSignedOut, request, rest } from "./connection.mjs";
import { bytesOf } from "./transfer.mjs";

const MOST_FILES = 32;
const LARGEST_FILE = 1024 * 1024;
// What a form writes in another way into the head of a part: the server would read another name.
const UNWRITABLE = /["\\\r\n]/;

function isSmall(item) {
  return item.sha256 && !item.received && !item.goesAlone && item.size <= LARGEST_FILE && !UNWRITABLE.test(item.name);
}

// Takes what goes next out of `list`: one file alone, or several small ones together.
export function nextOf(list, mostBytes, isToSend) {
  const taken = [];
  let bytes = 0;
  while (list.length && taken.length < MOST_FILES) {
    const item = list[0];
    if (isToSend(item) && !taken.includes(item)) {
      bytes += item.size;
      if (taken.length && !(isSmall(taken[0]) && isSmall(item) && bytes <= mostBytes)) break;
      taken.push(item);
    }
    list.shift();
  }
  return taken;
}

async function formOf(items, queue) {
  const form = new FormData();
  const hashes = [];
  for (const item of items) {
    const bytes = await bytesOf(item.file, 0, item.size);
    if (bytes === null) {
      queue.items.note(item, { problem: queue.words.say("unreadable") });
      continue;
    }
    form.append("file", new Blob([bytes]), item.name);
    hashes.push(item.sha256);
  }
  for (const sha256 of hashes) form.append("sha256", sha256);
  return form;
}

// How much of each file has gone, when so many bytes of all have.
function share(items, loaded, queue) {
  let left = loaded;
  for (const item of items) {
    const sent = Math.min(item.size, Math.max(0, left));
    left -= item.size;
    if (item.sent !== sent) queue.items.note(item, { sent });
  }
}

async function post(items, queue, signal) {
  const form = await formOf(items, queue);
  const going = items.filter((item) => !item.problem);
  if (!going.length) return { going, answer: { status: 200, data: { files: [] } } };
  const bytes = going.reduce((sum, item) => sum + item.size, 0);
  const began = performance.now();
  const answer = await request("POST", queue.urls.bundle(), {
    body: form, onProgress: (loaded) => share(going, loaded, queue), signal,
  });
  if (answer.status === 200) queue.speed.note(bytes, (performance.now() - began) / 1000, queue.active);
  return { going, answer };
}

// One that is cancelled ends the request for all; the others go again without it.
function signalOf(items) {
  const request = new AbortController();
  for (const { stop } of items) stop.signal.addEventListener("abort", () => request.abort(), { once: true });
  return request.signal;
}

function isWanted(item) {
  return item.state === "receiving" && !item.problem && !item.stop.signal.aborted;
}

function told({ going, answer }, queue) {
  for (const [place, row] of (answer.data.files ?? []).entries()) {
    // A refusal of one file is told by its own request, which may also try again.
    if (row.id === going[place].id && row.state !== "receiving") queue.items.told(row);
  }
}

// Ends when the server has answered for all; what is left then `goesAlone`.
export async function transferTogether(items, queue) {
  try {
    await untilAnswered(items, queue);
  } finally {
    for (const item of items.filter(isWanted)) queue.items.note(item, { goesAlone: true });
  }
}

async function untilAnswered(items, queue) {
  for (let tries = 0; items.some(isWanted); tries += 1) {
    const wanted = items.filter(isWanted);
    const signal = signalOf(wanted);
    let sent = null;
    try {
      sent = await post(wanted, queue, signal);
    } catch (problem) {
      if (!(problem instanceof Offline)) throw problem;
    }
    if (signal.aborted) continue;
    const isMeant = sent && !isBusy(sent.answer) && !isSignedOut(sent.answer);
    if (isMeant) {
      queue.gate.tell("");
      told(sent, queue);
    } else await rest(sent?.answer ?? null, tries, queue.gate, signal);
    // Without an answer nobody knows how much arrived: in parts less is lost the next time.
    if (isMeant || sent === null) return;
  }
}
