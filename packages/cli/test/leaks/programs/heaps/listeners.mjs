// Every widget listens to the bus, and nobody stops listening when the widget is gone.
import { EventEmitter } from 'node:events';
import { writeHeapSnapshot } from 'node:v8';

const bus = new EventEmitter();
bus.setMaxListeners(0);

class Widget {
  constructor(id) {
    this.id = id;
    this.rows = new Array(20).fill(id);
  }
  mount() {
    const widget = this;
    bus.on('resize', function onResize() {
      return widget.rows.length;
    });
  }
}

let id = 0;
for (const path of process.argv.slice(2)) {
  for (let i = 0; i < 2000; i++) new Widget(id++).mount();
  writeHeapSnapshot(path);
}
