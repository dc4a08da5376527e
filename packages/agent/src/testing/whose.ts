// Whose a stack is: the tests', a library's, Node's, or the test runner's own.

/** Packages that run tests; what they make for themselves is theirs. */
const RUNNER =
  /[\\/]node_modules[\\/](?:vitest|@vitest|vite|vite-node|tinypool|tinyspy|jest|jest-[\w-]+|@jest|babel-jest|ts-jest|expect|mocha|ava|tap|@tapjs|uvu|jasmine|jasmine-core|playwright|@playwright)[\\/]/u;
const LIBRARY = /[\\/]node_modules[\\/]/u;

/** Whose code a file is. */
export function ownerOfFile(file: string): 'user' | 'library' | 'runner' | 'node' {
  if (file === '' || file.startsWith('node:')) return 'node';
  if (RUNNER.test(file)) return 'runner';
  return LIBRARY.test(file) ? 'library' : 'user';
}

/** The closest to the user that a stack comes; `node` for one without any frame. */
export function ownerOfStack(files: Iterable<string>): 'user' | 'library' | 'runner' | 'node' {
  const owners = new Set(Array.from(files, ownerOfFile));
  return (['user', 'library', 'runner'] as const).find((owner) => owners.has(owner)) ?? 'node';
}
