// leak: contextFor|onHandshake
// nodejs/node#34451, nodejs/node#66002: a TLS context per handshake is kept by a name that is another each time; it is native memory
import tls from 'node:tls';

const contexts = new Map();
const wildcard = /^[\w-]+\.(.*)$/;
function contextFor(servername) {
  let context = contexts.get(servername); // by the whole name, although one certificate serves all of a domain
  if (context === undefined) {
    context = tls.createSecureContext({ minVersion: 'TLSv1.2' });
    contexts.set(servername, context);
  }
  return context;
}
function onHandshake(servername) {
  return contextFor(servername).context !== undefined && wildcard.test(servername);
}
let n = 0;
setInterval(() => onHandshake(`tenant-${n++}.example.test`), 30);
