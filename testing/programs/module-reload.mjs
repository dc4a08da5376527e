// leak: loadPlugin|onMessage
// nodejs/node#8443, analog-nico/stealthy-require#2: a module taken out of require.cache stays among its parent's children
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plugins-'));
const host = path.join(folder, 'host.cjs');
const plugin = path.join(folder, 'plugin.cjs');
fs.writeFileSync(host, `exports.load = (file) => { delete require.cache[file]; return require(file); };`);
fs.writeFileSync(
  plugin,
  'const words = new Array(1500).fill(0.5); exports.answer = (text) => text + words.length;',
);
const { load } = createRequire(import.meta.url)(host);
function loadPlugin() {
  return load(plugin);
}
function onMessage(text) {
  return loadPlugin().answer(text);
}
let n = 0;
setInterval(() => onMessage(`message ${n++}`), 100);
process.on('exit', () => fs.rmSync(folder, { recursive: true }));
