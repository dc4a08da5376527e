// leak: getDocument|remember|DocumentCache
// tc39/proposal-weakrefs#106, v8/v8.dev#421: the documents are collected, their keys and references stay in the map
class DocumentCache {
  entries = new Map();
  remember(key, document) {
    this.entries.set(key, new WeakRef(document));
    return document;
  }
  getDocument(key) {
    return this.entries.get(key)?.deref() ?? this.remember(key, { key, body: new Array(200).fill(0.5) });
  }
}
const cache = new DocumentCache();
let n = 0;
setInterval(() => {
  for (let i = 0; i < 15; i += 1) cache.getDocument(`/documents/${n++}/revisions/${n * 7919}`);
}, 50);
