// A cache with a bound, warm before the first look: as many sessions at the end as at the beginning, and none is the same.
import { writeHeapSnapshot } from 'node:v8';

class Session {
  constructor(id) {
    this.id = id;
    this.token = `token of session ${id}`.padEnd(80, '-') + id;
  }
}

const cache = new Map();

function open(id) {
  cache.set(id, new Session(id));
  cache.delete(id - 3000);
}

let id = 0;
for (; id < 3000; id++) open(id);
for (const path of process.argv.slice(2)) {
  for (let i = 0; i < 6000; i++) open(id++);
  writeHeapSnapshot(path);
}
