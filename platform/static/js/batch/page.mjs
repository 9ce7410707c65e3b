// The page of a batch: a new one, or one that goes on where it was (templates/images/batch.html).

import { Chooser } from "./choose.mjs";
import { Hasher } from "./hash.mjs";
import { Items } from "./items.mjs";
import { Notices } from "./notices.mjs";
import { Options } from "./options.mjs";
import { Queue } from "./queue.mjs";
import { Rows } from "./rows.mjs";
import { Speed } from "./speed.mjs";
import { Store } from "./store.mjs";
import { Summary } from "./summary.mjs";
import { addresses } from "./addresses.mjs";
import { Verbs } from "./verbs.mjs";
import { Gate } from "./waiting.mjs";
import { Watch } from "./watch.mjs";
import { Words } from "./words.mjs";

const config = JSON.parse(document.getElementById("batch-config").textContent);
const words = new Words(JSON.parse(document.getElementById("batch-words").textContent));
const find = (name) => document.querySelector(`[data-batch=${name}]`);

const batch = { id: config.batch, owner: config.user, isOpen: config.isOpen, keepsFiles: () => options?.keepsFiles ?? true };
const options = find("options") ? new Options(find("options")) : null;
const urls = addresses(config, batch);
const notices = new Notices({ root: find("notices"), words });
const speed = new Speed();
const gate = new Gate((reason) => notices.line(reason));
const items = new Items(show);
const store = await new Store().open();
const hasher = new Hasher(config.hasher);
const queue = new Queue({ batch, items, hasher, store, speed, gate, urls, words, onProgress: () => watch.wake() });
const watch = new Watch({ items, urls, gate });
const summary = new Summary({ root: find("summary"), words, speed });
const rows = new Rows({
  list: find("list"), template: find("row"), more: find("more"), words, isOwn: config.isOwn && config.isOpen,
  address: urls.radiograph, nameOf,
});
const chooser = new Chooser({
  address: config.uppy, target: find("page"), inputs: document.querySelectorAll("[data-choose]"), onFiles: take,
  onPassedOver: (kind) => notices.passedOver(kind),
});
const verbs = new Verbs({ items, queue, watch, store, chooser, urls, notices, words });

function nameOf(item) {
  const name = item.name || words.say("unnamed", { count: (item.position ?? 0) + 1 });
  const inside = item.container && items.get(item.container);
  return inside ? `${nameOf(inside)} › ${name}` : name;
}

function take(found) {
  if (!config.isOwn || !batch.isOpen) return;
  queue.add(found.map(({ file, name, pick }) => items.choose(file, name, pick)));
}

function show(changed, gone) {
  rows.update(changed, gone);
  for (const item of changed) {
    if (!item.isKept || item.state === "receiving") continue;
    item.isKept = false;
    void store.drop(item.id);
  }
  const totals = items.totals();
  summary.update(totals, queue.active > 0 || totals.phases.checking > 0);
  notices.missing(config.isOwn && batch.isOpen && batch.id ? totals.phases.missing : 0);
  showActions(totals);
}

function showActions({ phases, count }) {
  const fresh = items.filter((item) => !item.id && !item.problem).length;
  find("list-card").hidden = count === 0;
  find("retry-failed").hidden = !rows.isOwn || phases.failed === 0;
  find("cancel-all").hidden = !rows.isOwn || !batch.id || !verbs.isOpen();
  find("only-failed").hidden = phases.failed === 0 && find("only-failed").getAttribute("aria-pressed") !== "true";
  const send = find("send");
  if (!send) return;
  send.hidden = Boolean(batch.id);
  send.disabled = fresh === 0;
  send.querySelector("[data-text]").textContent = fresh ? words.say("send", { count: fresh }) : words.say("sendNothing");
}

async function begin() {
  if (!options.isValid()) return;
  find("send").disabled = true;
  const answer = await queue.ask("POST", config.batches, { body: options.wanted() });
  if (answer.status >= 300) {
    find("send").disabled = false;
    options.refused(answer.data);
    return;
  }
  batch.id = answer.data.id;
  options.done();
  history.replaceState(null, "", urls.page());
  for (const link of document.querySelectorAll("[data-table-link]")) {
    link.href += batch.id;
    link.hidden = false;
  }
  showActions(items.totals());
  queue.go();
}

async function goOn() {
  await watch.loadAll();
  const kept = await store.ofBatch(batch.id, batch.owner);
  for (const { id, file } of kept) {
    const item = items.get(id);
    if (item?.state === "receiving") items.note(item, { file, isKept: true });
    else await store.drop(id);
  }
  queue.send(items.filter((item) => item.file));
  watch.wake();
}

find("list").addEventListener("click", (event) => {
  const verb = event.target.closest("[data-part=retry], [data-part=cancel]")?.dataset.part;
  if (verb) void verbs[verb](rows.itemOf(event.target));
});
find("retry-failed").addEventListener("click", () => void verbs.retryFailed());
find("only-failed").addEventListener("click", ({ currentTarget }) => {
  const isOn = currentTarget.getAttribute("aria-pressed") !== "true";
  currentTarget.setAttribute("aria-pressed", String(isOn));
  find("list").toggleAttribute("data-only-failed", isOn);
});
find("cancel-all").addEventListener("click", async () => {
  if (window.confirm(words.say("cancelAll")) && (await verbs.cancelAll())) location.assign(urls.page());
});
find("continue").addEventListener("click", () => gate.open());
find("send")?.addEventListener("click", () => void begin());
window.addEventListener("beforeunload", (event) => {
  if (verbs.unkept().length) event.preventDefault();
});

if (batch.id) await goOn();
find("page").toggleAttribute("data-ready", true);
