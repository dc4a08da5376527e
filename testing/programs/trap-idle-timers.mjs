// trap: eight hundred timers and two hundred listeners that were there from the start, and nothing else (a service at night)
import { EventEmitter } from 'node:events';

const bus = new EventEmitter();
bus.setMaxListeners(0);
let ticks = 0;
for (let i = 0; i < 200; i += 1) bus.on('tick', () => (ticks += i));
for (let i = 0; i < 800; i += 1) setInterval(() => (ticks += 1), 60_000 + i);
setInterval(() => bus.emit('tick'), 500);
