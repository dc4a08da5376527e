// Says a line to whoever runs the service, on stderr.

/** One that cannot be said ends nothing: a program may have made its console throw. */
export function say(line: string): void {
  try {
    console.error(`stackpile: ${line}`);
  } catch {
    // Nobody wants to hear it.
  }
}
