// Ends a stop watch at the worst moment: when its timer is due, and Node is about to call it. An inspector does that by chance. argv: its module.
import { createHook, executionAsyncResource } from 'node:async_hooks';
import { runInThisContext } from 'node:vm';

const { BEGIN, END } = await import(process.argv[2]);
runInThisContext(BEGIN);
const { timer } = globalThis[Symbol.for('stackpile.agent.stop')];
let calls = 0;
const hook = createHook({
  before() {
    if (executionAsyncResource() !== timer || ++calls < 3) return;
    hook.disable();
    const longest = runInThisContext(END);
    setTimeout(() => process.send({ longest, isOver: timer._destroyed === true }), 50);
  },
}).enable();
// Somebody else's, which keeps the loop turning.
const alive = setInterval(() => undefined, 1);
process.on('disconnect', () => clearInterval(alive));
