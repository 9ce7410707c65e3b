// One way to ask the server. `request` throws Offline when no answer came; `insist` goes on asking
// until there is one that means something, and is for requests that may safely arrive twice.

import { backoff, pause } from "./waiting.mjs";

// Nothing moved for so long: the connection is dead, whatever the system still believes of it.
const STALLED_MS = 30_000;
// With all bytes there the server still checks them, and large files take it a while.
const ANSWER_MS = 150_000;
const BUSY = new Set([429, 502, 503, 504, 507]);

export class Offline extends Error {}

function csrfToken() {
  // Read each time: signing in again in another tab changes it.
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function guarded(xhr) {
  let timer = 0;
  const arm = (milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(() => xhr.abort(), milliseconds);
  };
  arm(STALLED_MS);
  xhr.upload.addEventListener("progress", () => arm(STALLED_MS));
  xhr.upload.addEventListener("load", () => arm(ANSWER_MS));
  xhr.addEventListener("loadend", () => clearTimeout(timer));
}

// {status, data, retryAfter in seconds (0: not said)}. A body is JSON unless it is bytes or a form.
export function request(method, url, { body, headers = {}, onProgress, signal } = {}) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const isRaw = [ArrayBuffer, URLSearchParams, FormData].some((kind) => body instanceof kind);
    xhr.open(method, url);
    xhr.setRequestHeader("Accept", "application/json");
    if (method !== "GET") xhr.setRequestHeader("X-CSRFToken", csrfToken());
    if (body && !isRaw) xhr.setRequestHeader("Content-Type", "application/json");
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    if (onProgress) xhr.upload.addEventListener("progress", (event) => onProgress(event.loaded));
    xhr.addEventListener("load", () =>
      resolve({
        status: xhr.status,
        data: parsed(xhr.responseText),
        retryAfter: Number(xhr.getResponseHeader("Retry-After")) || 0,
      }),
    );
    for (const kind of ["error", "abort"]) xhr.addEventListener(kind, () => reject(new Offline(kind)));
    signal?.addEventListener("abort", () => xhr.abort(), { once: true });
    guarded(xhr);
    xhr.send(body && !isRaw ? JSON.stringify(body) : body);
  });
}

export function isSignedOut({ status, data }) {
  return status === 401 || (status === 403 && data.code === "csrf-failed");
}

export function isBusy({ status }) {
  return BUSY.has(status) || status >= 500;
}

// Wait as an answer (or its absence) asks for, and show the person what is waited for.
export async function rest(answer, tries, gate, signal) {
  if (answer && isSignedOut(answer)) {
    await gate.closed("signedOut");
    return;
  }
  const seconds = Math.max(answer?.retryAfter ?? 0, backoff(tries));
  gate.tell(answer === null ? "offline" : answer.status === 507 ? "full" : "busy");
  await pause(seconds, { signal, endsOnline: answer === null });
}

export async function insist(method, url, options, gate) {
  for (let tries = 0; ; tries += 1) {
    let answer = null;
    try {
      answer = await request(method, url, options);
    } catch (problem) {
      if (!(problem instanceof Offline) || options?.signal?.aborted) throw problem;
    }
    if (answer && !isBusy(answer) && !isSignedOut(answer)) {
      if (tries > 0) gate.tell("");
      return answer;
    }
    await rest(answer, tries, gate, options?.signal);
  }
}
