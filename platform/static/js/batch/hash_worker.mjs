// A worker that hashes one file after the other. The browser's own SHA-256 wants a file whole in
// memory and exists only in secure contexts; larger files, and pages over plain HTTP, go by pieces.

import { sha256 } from "../../vendor/noble-hashes-2.4.0/sha2.js";

const WHOLE_BYTES = 32 * 1024 * 1024;
const PIECE_BYTES = 4 * 1024 * 1024;

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function byPieces(file, number) {
  const hash = sha256.create();
  for (let at = 0; at < file.size; at += PIECE_BYTES) {
    const piece = await file.slice(at, at + PIECE_BYTES).arrayBuffer();
    hash.update(new Uint8Array(piece));
    self.postMessage({ number, share: Math.min(1, (at + PIECE_BYTES) / file.size) });
  }
  return hash.digest();
}

async function digestOf(file, number) {
  if (!self.crypto?.subtle || file.size > WHOLE_BYTES) return byPieces(file, number);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
}

let last = Promise.resolve();

self.addEventListener("message", ({ data: { number, file } }) => {
  last = last.then(async () => {
    try {
      self.postMessage({ number, sha256: hex(await digestOf(file, number)) });
    } catch (problem) {
      self.postMessage({ number, failed: problem.name });
    }
  });
});
