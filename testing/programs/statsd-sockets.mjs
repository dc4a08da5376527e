// leak: increment|Metrics|onRequest
// sivy/node-statsd#3, mozilla/persona#680: a UDP socket per metric that is sent, and nobody closes it
import { createSocket } from 'node:dgram';

class Metrics {
  increment(name) {
    const socket = createSocket('udp4');
    socket.on('error', () => {});
    socket.send(`${name}:1|c`, 8125, '127.0.0.1');
  }
}
const metrics = new Metrics();
function onRequest() {
  metrics.increment('requests');
}
setInterval(onRequest, 400);
