// Every address that the page asks, from those of the template. NOWHERE stands where an id belongs.

const NOWHERE = "00000000-0000-0000-0000-000000000000";

export function addresses(config, batch) {
  const ofBatch = (rest = "") => `${config.batches}${batch.id}/${rest}`;
  const ofFile = (item, rest = "") => ofBatch(`files/${item.id}/${rest}`);
  return {
    isKnown: () => Boolean(batch.id),
    page: () => config.page.replace(NOWHERE, batch.id),
    radiograph: (id) => config.radiograph.replace(NOWHERE, id),
    states: config.states,
    files: () => ofBatch("files/"),
    bundle: () => ofBatch("bundle/"),
    file: (item) => ofFile(item),
    content: (item) => ofFile(item, "content/"),
    retry: (item) => ofFile(item, "retry/"),
    retryFailed: () => ofBatch("retry/"),
    cancel: (item) => ofFile(item, "cancel/"),
    cancelAll: () => ofBatch("cancel/"),
  };
}
