// leak: readHeader|inspectUpload
// image-size/image-size#9, nephics/noxmox#7: the file is closed on one way out only
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uploads-'));
const file = path.join(folder, 'picture.gif');
fs.writeFileSync(file, Buffer.from('GIF89a----------'));
function readHeader(name, callback) {
  fs.open(name, 'r', (error, descriptor) => {
    if (error) return callback(error);
    fs.read(descriptor, Buffer.alloc(8), 0, 8, 0, (failed, _bytes, buffer) => {
      if (failed) return callback(failed);
      if (buffer.toString('latin1', 0, 3) === 'GIF') return callback(null, 'gif'); // not closed
      fs.close(descriptor, () => callback(null, 'unknown'));
    });
  });
}
function inspectUpload(id) {
  readHeader(file, (error, type) => {
    if (error) throw error;
    if (type !== 'gif') console.log(id, type);
  });
}
let n = 0;
setInterval(() => inspectUpload(n++), 200);
process.on('exit', () => fs.rmSync(folder, { recursive: true }));
