// leak: lock|Mutex|onMessage
// WhiskeySockets/Baileys#2151, OptimalBits/bull#280: each turn knows the one before, for messages that are never read, and none is let go
class Turn {
  constructor(before, label) {
    this.before = before;
    this.label = label;
    this.done = new Promise((resolve) => (this.end = resolve));
  }
}
class Mutex {
  #last = null;
  async lock(label, work) {
    const turn = new Turn(this.#last, label);
    this.#last = turn;
    await turn.before?.done;
    try {
      return await work();
    } finally {
      turn.end();
    }
  }
}
const mutex = new Mutex();
let n = 0;
async function onMessage() {
  await mutex.lock(`message ${n++}`, () => new Promise((resolve) => setTimeout(resolve, 2)));
}
setInterval(() => void onMessage(), 12);
