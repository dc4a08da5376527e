// trap: buffers are made as they are needed, given back, and used again: 48 of 512 KB at most (nodejs/node#1479-like)
const free = [];
let made = 0;
function take() {
  const buffer = free.pop();
  if (buffer !== undefined) return buffer;
  made++;
  return Buffer.alloc(512 * 1024, 1);
}
async function compress(n, ms) {
  const buffer = take();
  buffer.writeUInt32LE(n);
  await new Promise((resolve) => setTimeout(resolve, ms));
  free.push(buffer);
  return made;
}
const start = Date.now();
let n = 0;
setInterval(() => void compress(n++, Math.min(4_800, 400 + (Date.now() - start) / 7)), 100);
