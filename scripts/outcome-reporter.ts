// A reporter for node:test: one line of JSON at the end, with the files in which a test failed, and how many tests passed.
import type { TestEvent } from 'node:test/reporters';

/** What the line says: files with a failing test, by the paths that node:test gives, and the number of tests that passed. */
export interface Outcomes {
  failed: string[];
  passed: number;
}

// oxlint-disable-next-line import/no-default-export -- node:test asks for it
export default async function* outcomes(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const failed = new Set<string>();
  let passed = 0;
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    // A file that could not even be run is a test without a file, named as the file is.
    const file = data.file ?? data.name;
    if (type === 'test:fail' && data.todo === undefined) failed.add(file);
    if (type === 'test:pass' && data.details.type !== 'suite' && data.skip === undefined) passed++;
  }
  yield `${JSON.stringify({ failed: [...failed], passed } satisfies Outcomes)}\n`;
}
