// leak: watchConfig|reload
// yamcodes/arkenv#1136, paulmillr/chokidar#1345: every reload of the configuration makes a watcher, and the one before is not closed
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { watch } from 'chokidar';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'config-'));
for (const name of ['app', 'db', 'mail']) fs.writeFileSync(path.join(folder, `${name}.json`), '{}');
let config = {};
function watchConfig(onChange) {
  return watch(folder, { ignoreInitial: true }).on('all', onChange);
}
function reload() {
  const names = fs.readdirSync(folder);
  config = Object.fromEntries(names.map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]));
  watchConfig(() => console.log(Object.keys(config)));
}
setInterval(reload, 250);
process.on('exit', () => fs.rmSync(folder, { recursive: true }));
