// trap: eight partitions are handed over one by one, six seconds apart, each with an endless consumer; then all are there
const queues = Array.from({ length: 8 }, () => []);
async function poll(queue) {
  await new Promise((resolve) => setTimeout(resolve, 250));
  return queue.splice(0);
}
async function consume(partition) {
  for (;;) {
    const records = await poll(queues[partition]);
    for (const record of records) record.done = true;
  }
}
let assigned = 0;
const timer = setInterval(() => {
  void consume(assigned++);
  if (assigned === queues.length) clearInterval(timer);
}, 6_000);
let n = 0;
setInterval(() => queues[n % 8].push({ id: n++ }), 500).unref();
