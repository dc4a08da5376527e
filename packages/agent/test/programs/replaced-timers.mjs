// A program that puts timers of its own kind in the place of Node's, as jsdom and fake timers do: what they return is a number. argv: agent, when.
const [, , agent, when] = process.argv;

const alive = setInterval(() => undefined, 1000);
const node = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate };
function replace() {
  const made = new Map();
  let next = 1;
  for (const name of ['setTimeout', 'setInterval', 'setImmediate'])
    globalThis[name] = (...args) => {
      made.set(next, node[name](...args));
      return next++;
    };
  for (const name of ['clearTimeout', 'clearInterval', 'clearImmediate'])
    globalThis[name] = (id) => node[name](made.get(id));
}

if (when === 'before') replace();
const { startServer } = await import(agent);
const { port } = await startServer({ port: 0 });
if (when === 'after') replace();
process.on('message', () => node.clearInterval(alive));
process.send(port);
