// Starts a server and ends in one of several ways; prints one line.
import { startServer } from '@stackpile/agent';

const how = process.argv[2];
const server = await startServer({ port: 0, block: how === 'armed' || how === 'armed-exits' });
await fetch(`${server.url}goroutine`).then((response) => response.arrayBuffer());
if (how === 'captures') {
  // The capture is still under way when the process exits.
  void fetch(`${server.url}profile?seconds=60`).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 500));
}
if (how === 'traces') {
  void fetch(`${server.url}trace?seconds=60`)
    .then((response) => response.text())
    .catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
// The profiler runs for as long as the process.
if (how === 'armed' || how === 'armed-exits') await new Promise((resolve) => setTimeout(resolve, 1000));
// The session is kept for the next look when the process ends.
if (how === 'classes') await fetch(`${server.url}heapclasses`).then((response) => response.arrayBuffer());
if (how === 'throws') throw new Error('as the user wants it');
console.log('done');
if (how === 'exits' || how === 'captures' || how === 'traces' || how === 'armed-exits') process.exit();
