// A service that is scraped with a token: `leaks` tasks and memory, or keeps both as they are. Prints the port of its profiles.
import { startServer } from '@stackpile/agent';

const leaks = process.argv[2] === 'leaks';
const kept: unknown[] = [];
const waiting: (() => void)[] = [];

async function waitForEver(): Promise<void> {
  await new Promise<void>((resolve) => waiting.push(resolve));
}

const { port } = await startServer({ port: 0, auth: process.env['SCRAPE_TOKEN'], tasks: { budget: 1 } });
for (let i = 0; i < 20; i++) void waitForEver();
setInterval(() => {
  if (!leaks) return;
  void waitForEver();
  kept.push(new Array<number>(64 * 1024).fill(kept.length));
}, 100);
console.log(port);
