// leak: index|Indexer|onDocument
// nodejs/node#37428, denoland/deno#17517: documents are posted faster than the worker takes them
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';

if (!isMainThread) {
  const words = new Map();
  parentPort.on('message', ({ text }) => {
    const end = Date.now() + 60;
    while (Date.now() < end) for (const word of text.split(' ')) words.set(word, text.length);
  });
} else {
  class Indexer {
    #worker = new Worker(fileURLToPath(import.meta.url));
    index(document) {
      this.#worker.postMessage(document);
    }
  }
  const indexer = new Indexer();
  let n = 0;
  setInterval(function onDocument() {
    indexer.index({ id: n++, text: 'lorem ipsum '.repeat(2_500) });
  }, 20);
}
