// Sends one file in parts. What arrived is asked for after each failure, so that a lost connection
// costs at most the part that was on its way.

import { Offline, isBusy, isSignedOut, request, rest } from "./connection.mjs";

const MOST_DAMAGED = 3;

export async function bytesOf(file, from, length) {
  try {
    return await file.slice(from, from + length).arrayBuffer();
  } catch {
    return null; // changed or removed since it was chosen
  }
}

async function putPart(item, bytes, offset, queue) {
  const began = performance.now();
  const answer = await request("PUT", queue.urls.content(item), {
    body: bytes,
    headers: { "Content-Type": "application/octet-stream", "Upload-Offset": String(offset) },
    onProgress: (loaded) => queue.items.note(item, { sent: offset + loaded }),
    signal: item.stop.signal,
  });
  if (answer.status === 200) {
    queue.speed.note(bytes.byteLength, (performance.now() - began) / 1000, queue.active);
  }
  return answer;
}

// What the server has of it: how many bytes, or that it wants no more.
async function arrivedOf(item, queue) {
  const answer = await queue.ask("GET", queue.urls.file(item), { signal: item.stop.signal });
  if (answer.status !== 200) return refusal(answer);
  queue.items.note(item, { ...answer.data, name: answer.data.name || item.name, sent: undefined });
  return { received: answer.data.received, isOpen: answer.data.state === "receiving" };
}

// null: it may go on. Otherwise `problem`, a sentence, or `state` for a file that is not wanted.
function refusal({ status, data }) {
  if (status === 404 || status === 410) return { state: "cancelled" };
  return { problem: data.detail || data.sentence || `HTTP ${status}`, code: data.code };
}

// Try one part: {received} to go on from, {again} after a wait, or how it ended.
async function step(item, offset, queue, tries) {
  const bytes = await bytesOf(item.file, offset, Math.min(queue.speed.partBytes(), item.size - offset));
  if (bytes === null) return { problem: queue.words.say("unreadable") };
  let answer = null;
  try {
    answer = await putPart(item, bytes, offset, queue);
  } catch (problem) {
    if (!(problem instanceof Offline) || item.stop.signal.aborted) throw problem;
  }
  const isMeant = answer && !isBusy(answer) && !isSignedOut(answer);
  if (isMeant) queue.gate.tell("");
  if (answer?.status === 200) {
    return { received: answer.data.received, isOpen: answer.data.received < item.size };
  }
  if (answer?.status === 409 && Number.isInteger(answer.data.received)) {
    return { received: answer.data.received, isOpen: true };
  }
  if (answer?.status === 422) return { isDamaged: true, ...(await arrivedOf(item, queue)) };
  if (isMeant && answer.status !== 409) return refusal(answer);
  await rest(answer, tries, queue.gate, item.stop.signal);
  return { isAgain: true, ...(await arrivedOf(item, queue)) };
}

// Ends when the file is there, refused or not wanted any more; the item says which.
export async function transfer(item, queue) {
  let offset = item.received ?? 0;
  let tries = 0;
  let damaged = 0;
  for (;;) {
    const told = await step(item, offset, queue, tries);
    if (told.problem || told.state) {
      queue.items.note(item, told);
      return;
    }
    damaged += told.isDamaged ? 1 : 0;
    if (damaged >= MOST_DAMAGED) {
      queue.items.note(item, { problem: queue.words.say("damaged") });
      return;
    }
    tries = told.isAgain ? tries + 1 : 0;
    offset = told.received;
    queue.items.note(item, { received: offset, sent: undefined });
    if (!told.isOpen) {
      if (item.state === "receiving") queue.items.note(item, { state: "waiting" });
      return;
    }
  }
}
