// leak: propagate|remember|init
// Jeff-Lewis/cls-hooked#9: the context of each async resource is kept by its number, and the wrong number is taken out again
import { createHook, executionAsyncId } from 'node:async_hooks';

const contexts = new Map();
function propagate(id) {
  const context = contexts.get(executionAsyncId());
  if (context !== undefined) contexts.set(id, context);
}
createHook({
  init: (id) => propagate(id),
  destroy: () => contexts.delete(executionAsyncId()),
}).enable();
async function handle(id) {
  contexts.set(executionAsyncId(), { id, trace: new Array(40).fill(id + 0.5) });
  await new Promise((resolve) => setTimeout(resolve, 10));
  await Promise.all([1, 2, 3].map(async (step) => step * id));
}
let n = 0;
setInterval(() => void handle(n++), 20);
