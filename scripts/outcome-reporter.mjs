// A reporter for node:test: one line of JSON at the end, with the files in which a test failed, and how many tests passed.
// Plain JavaScript, because Node 20 loads reporters before whatever makes it read types.

/** @param {AsyncIterable<import('node:test/reporters').TestEvent>} events */
// oxlint-disable-next-line import/no-default-export -- node:test asks for it
export default async function* outcomes(events) {
  /** @type {Set<string>} */
  const failed = new Set();
  let passed = 0;
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    // A file that could not even be run is a test without a file, named as the file is.
    if (type === 'test:fail' && data.todo === undefined) failed.add(data.file ?? data.name);
    if (type === 'test:pass' && data.details.type !== 'suite' && data.skip === undefined) passed++;
  }
  yield `${JSON.stringify({ failed: [...failed], passed })}\n`;
}
