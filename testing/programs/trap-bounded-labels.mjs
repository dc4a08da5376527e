// trap: series by route and status: 40 of them come within 20 s, and then no more (SoroLabs/SoroTask#1054, mended)
import { Counter, Histogram, Registry } from 'prom-client';

const registers = [new Registry()];
const requests = new Counter({
  name: 'requests_total',
  help: 'Requests.',
  labelNames: ['route', 'status'],
  registers,
});
const seconds = new Histogram({
  name: 'request_seconds',
  help: 'Durations.',
  labelNames: ['route'],
  registers,
});
const start = Date.now();
let n = 0;
function handle() {
  const routes = Math.min(20, 1 + Math.floor((Date.now() - start) / 1000));
  const route = `/r${n++ % routes}`;
  requests.inc({ route, status: n % 17 === 0 ? '500' : '200' });
  seconds.observe({ route }, (n % 100) / 250);
}
setInterval(() => {
  for (let i = 0; i < 10; i += 1) handle();
}, 20);
setInterval(() => void registers[0].metrics(), 5000);
