// leak: tick|withSpan|Poller
// gms1/node-async-context#54, tc39/proposal-async-context#83: a loop goes on within its own context, and each turn's holds the one before
import { AsyncLocalStorage } from 'node:async_hooks';

const context = new AsyncLocalStorage();
class Poller {
  turns = 0;
  withSpan(name, work) {
    const parent = context.getStore();
    return context.run({ name, parent, tags: new Array(150).fill(0.5) }, work);
  }
  tick = () => {
    this.turns += 1;
    this.withSpan(`turn ${this.turns}`, () => setTimeout(this.tick, 15));
  };
}
new Poller().tick();
