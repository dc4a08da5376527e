// leak: enqueue|onUpload|makeThumbnail
// bsv-blockchain/teranode#1429, Livestream/scredis#1: a queue without a limit, filled faster than it is worked off
import pLimit from 'p-limit';

const limit = pLimit(2);
async function makeThumbnail(picture) {
  await new Promise((resolve) => setTimeout(resolve, 900));
  return picture.pixels.length;
}
function enqueue(picture) {
  return limit(() => makeThumbnail(picture));
}
async function onUpload(id) {
  return await enqueue({ id, pixels: new Array(2000).fill(id + 0.5) });
}
let n = 0;
setInterval(() => void onUpload(n++), 150);
