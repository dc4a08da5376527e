// trap: 180 pieces of work at once every 26 s, ten at a time, done after 18 s (apache/doris#12362-like)
import pLimit from 'p-limit';

const limit = pLimit(10);
async function convert(id) {
  const pages = new Array(800).fill(id + 0.5);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return pages.length;
}
async function batch() {
  await Promise.all(Array.from({ length: 180 }, (_, id) => limit(() => convert(id))));
}
void batch();
setInterval(() => void batch(), 26_000);
