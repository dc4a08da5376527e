// leak: isDuplicate|onMessage|Deduplicator
// solvelab/keeping-an-eye-on-the-chat#9, sociotechnica-org/lifebuild#155: numbers of messages are remembered for ever, in one table
class Deduplicator {
  #seen = new Set();
  isDuplicate(id) {
    if (this.#seen.has(id)) return true;
    this.#seen.add(id);
    return false;
  }
}
const messages = new Deduplicator();
let handled = 0;
function onMessage(id) {
  if (!messages.isDuplicate(id)) handled += 1;
}
let n = 0;
setInterval(() => {
  for (let i = 0; i < 150; i += 1) onMessage(n++);
}, 20);
