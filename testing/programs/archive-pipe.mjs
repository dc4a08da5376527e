// leak: archive|onUpload
// caolan/highland#465: what a client sends is piped into one archive, and a client that goes away never ends it
import { PassThrough, Writable } from 'node:stream';

const target = new Writable({ write: (_chunk, _encoding, done) => done() });
target.setMaxListeners(0);
function archive(upload) {
  upload.pipe(target, { end: false });
}
function onUpload(id) {
  const upload = new PassThrough();
  archive(upload);
  upload.write(Buffer.alloc(200, id % 256));
  // The client aborts: nobody ends or destroys it.
}
let n = 0;
setInterval(() => onUpload(n++), 40);
