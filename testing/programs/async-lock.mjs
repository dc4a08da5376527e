// leak: playNext|schedule
// rogierschouten/async-lock#43: a path that returns without done() keeps the lock, and everybody waits for it from then on
import AsyncLock from 'async-lock';

const lock = new AsyncLock({ maxPending: 1_000_000 });
let played = 0;
function playNext(song) {
  return lock.acquire('player', (done) => {
    setTimeout(() => {
      if (song.duration === 0) return; // forgot done()
      played++;
      done(null, played);
    }, 10);
  });
}
async function schedule(n) {
  return await playNext({ title: `song ${n}`, duration: n % 12 === 11 ? 0 : 180 });
}
let n = 0;
setInterval(() => void schedule(n++), 220);
