// What blocks an event loop: native code, a regular expression, JavaScript. Each for a good part of a second.
import { pbkdf2Sync } from 'node:crypto';

const text = JSON.stringify(
  Array.from({ length: 1_000_000 }, (_, i) => ({ id: i, name: `name of ${i}`, ok: true })),
);

export function parsesMuch(): unknown {
  return JSON.parse(text);
}

export function hashesLong(): Buffer {
  return pbkdf2Sync('secret', 'salt', 300_000, 64, 'sha512');
}

export function backtracks(): boolean {
  return /^(a+)+$/.test(`${'a'.repeat(23)}!`);
}

export function spins(): number {
  let sum = 0;
  const end = performance.now() + 300;
  while (performance.now() < end) sum++;
  return sum;
}

/** Runs one in a turn of its own, and lets the loop turn before and after. */
export async function blockWith(block: () => unknown): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 150));
  await new Promise<void>((resolve) => {
    setTimeout(() => {
      block();
      resolve();
    }, 1);
  });
  await new Promise((resolve) => setTimeout(resolve, 150));
}
