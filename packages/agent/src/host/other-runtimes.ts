// Bun and Deno run Node's programs without the inspector that this agent lives on: what needs none works there, the rest says so.
import process from 'node:process';

/** What Bun and Deno say of themselves beside the version of Node that they stand for. */
function nameOf({ bun, deno }: NodeJS.Dict<string>): string | null {
  if (bun !== undefined) return `Bun ${bun}`;
  return deno === undefined ? null : `Deno ${deno}`;
}

/** Why another thread cannot reach the inspector of the main one, as a sentence; null in Node, where it can. */
export function whyUnreachable(versions: NodeJS.Dict<string> = process.versions): string | null {
  const name = nameOf(versions);
  return name === null
    ? null
    : `${name} has no inspector that another thread can reach, as Node has: the index, cmdline, counters and metrics work here, and no profile`;
}
