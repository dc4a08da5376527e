// leak: resolveUrl|onImport|Graph
// vitejs/vite#21716, mapbox/mapbox-sdk-js#496: what is under way is taken out where it succeeds, and stays where it fails
class Graph {
  #underWay = new Map();
  async load(url) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (url.endsWith('7')) throw new Error(`cannot resolve ${url}`);
    return { url, id: url.length };
  }
  resolveUrl(url) {
    const known = this.#underWay.get(url);
    if (known !== undefined) return known;
    const loading = this.load(url).then((found) => {
      this.#underWay.delete(url);
      return found;
    });
    this.#underWay.set(url, loading);
    return loading;
  }
}
const graph = new Graph();
let n = 0;
async function onImport() {
  try {
    await graph.resolveUrl(`/src/page-${n++}`);
  } catch {
    // told elsewhere
  }
}
setInterval(() => {
  for (let i = 0; i < 10; i += 1) void onImport();
}, 50);
