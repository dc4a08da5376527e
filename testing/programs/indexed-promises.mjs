// leak: write|waitForIndex|DataStore
// digidem/comapeo-core#950: the promises of those who wait until something is indexed stay in the set when it is
class DataStore {
  #pending = new Set();
  #indexed = 0;
  async #index(version) {
    await new Promise((resolve) => setTimeout(resolve, 12));
    this.#indexed = Math.max(this.#indexed, version);
  }
  waitForIndex(version) {
    const indexing = this.#index(version);
    this.#pending.add({ version, indexing });
    return indexing;
  }
  async write(document) {
    await this.waitForIndex(document.version);
    return document;
  }
}
const store = new DataStore();
let n = 0;
setInterval(() => {
  for (let i = 0; i < 6; i += 1) void store.write({ version: n++, body: 'x'.repeat(50) });
}, 30);
