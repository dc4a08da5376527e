// leak: runScript|sandboxFor|handle
// nodejs/node#14801, patriksimek/vm2#232: a context for each request, kept by the request's number
import vm from 'node:vm';

const sandboxes = new Map();
function sandboxFor(id) {
  const sandbox = vm.createContext({ id, out: [] });
  sandboxes.set(id, sandbox);
  return sandbox;
}
function runScript(id, source) {
  return vm.runInContext(source, sandboxFor(id));
}
let n = 0;
function handle() {
  runScript(n++, 'out.push(id * 2); out.length');
}
setInterval(handle, 500);
