// trap: the numbers of the messages of the last 20 s, in two tables of which the older is dropped as a new one begins
class Window {
  #current = new Set();
  #before = new Set();
  has(id) {
    return this.#current.has(id) || this.#before.has(id);
  }
  add(id) {
    this.#current.add(id);
  }
  turn() {
    this.#before = this.#current;
    this.#current = new Set();
  }
}
const seen = new Window();
function onMessage(id) {
  if (!seen.has(id)) seen.add(id);
}
let n = 0;
setInterval(() => {
  for (let i = 0; i < 150; i += 1) onMessage(n++);
}, 20);
setInterval(() => seen.turn(), 20_000);
