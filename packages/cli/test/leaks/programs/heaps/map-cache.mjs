// A Map that is meant to be a cache and never forgets.
import { writeHeapSnapshot } from 'node:v8';

class Session {
  constructor(id) {
    this.id = id;
    this.token = `token of session ${id}`.padEnd(80, '-') + id;
    this.visits = [id, id + 1];
  }
}

const cache = new Map();

function open(id) {
  cache.set(id, new Session(id));
}

let id = 0;
for (const path of process.argv.slice(2)) {
  for (let i = 0; i < 3000; i++) open(id++);
  writeHeapSnapshot(path);
}
