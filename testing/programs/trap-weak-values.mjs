// trap: parsed documents are kept by weak references, and a registry takes the key away when one is collected
const documents = new Map();
const gone = new FinalizationRegistry((key) => {
  if (documents.get(key)?.deref() === undefined) documents.delete(key);
});
function parse(key) {
  const known = documents.get(key)?.deref();
  if (known !== undefined) return known;
  const made = { key, rows: Array.from({ length: 60 }, (_, i) => `${key} row ${i}`) };
  documents.set(key, new WeakRef(made));
  gone.register(made, key);
  return made;
}
const inUse = [];
let n = 0;
setInterval(() => {
  for (let i = 0; i < 4; i += 1) {
    inUse.push(parse(`doc-${n++}`));
    if (inUse.length > 50) inUse.shift();
  }
}, 20);
