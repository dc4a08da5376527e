// What the page leaves to the command line: code that it never runs, and texts that only a terminal shows.
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';

const absent = (name: string): string =>
  `export const ${name} = () => { throw new Error('not in the page'); };\n`;

/** Code that the page never runs, or leaves to the command line, by file: it is replaced, so that the page stays small. */
const leftOut: Readonly<Record<string, string>> = {
  'packages/report/src/print/callgrind.ts': absent('printCallgrind'),
  'packages/report/src/print/disasm.ts': absent('explainDisasm'),
  // Java's old text profiles: the command line reads them for the page.
  'packages/profile/src/formats/legacy/java.ts':
    'export const readJavaLocations = () => undefined; export const parseJava = () => null;',
  'packages/report/src/source/list.ts': absent('printList'),
  'packages/report/src/source/weblist.ts': absent('printWeblist'),
  // The decoder's kernel saves a command that is over in a moment from running cold; the page has the time, not the room.
  'packages/profile/src/proto/kernel/kernel.ts': `
    export const WINDOW = 0, MOST_TYPES = 0, Header = {}, Reading = {}, Numbers = {};
    export const kernel = () => null, isFull = () => false, tellNumbers = () => {}, takeNumbers = () => {};`,
  'packages/profile/src/proto/kernel/table-reader.ts': 'export class TableReader {}',
  'packages/profile/src/formats/heapsnapshot.ts': `
    import { ProfileError } from '../errors.ts';
    export const heapSnapshot = {
      name: 'V8 heap snapshot',
      read: () => {
        throw new ProfileError(
          'PROFILE_TOO_LARGE',
          'this is a heap snapshot, which takes more memory than a page may have: open it with stackpile -http=: FILE',
        );
      },
    };`,
  // Rare, and a log of code: the command line reads it for the page.
  'packages/profile/src/formats/node-prof.ts': `
    import { ProfileError } from '../errors.ts';
    export const nodeProf = {
      name: 'V8 log',
      sniff: (_bytes, head) => head.startsWith('v8-version,'),
      read: () => {
        throw new ProfileError('PROFILE_UNRECOGNIZED', 'this is a log of node --prof: open it with stackpile -http=: FILE');
      },
    };`,
};

/** Files of which the page takes a part. */
const thinned: Readonly<Record<string, (source: string) => string>> = {
  // Readers of all formats but messages come with who meets one of these: `readProfile` loads them.
  'packages/profile/src/index.ts': (source) =>
    source
      .replace(/^export .* from '\.\/read-plain\.ts';$/m, '')
      // The reader of snapshots as well; what is asked of profiles that were made of them stays.
      .replace(
        /^export \{[^}]*\} from '\.\/heapsnapshot\/index\.ts';$/m,
        `export { BORN_LABEL, heapIds } from './heapsnapshot/heap-ids.ts';
        export { fileOpeners, onlyCalls } from './heapsnapshot/program-facts.ts';
        export { survivors } from './heapsnapshot/survivors.ts';`,
      ),
  // Texts that only a terminal shows, and those for whoever reads the rules of a verdict.
  'packages/report/src/options.ts': (source) => without('help', source),
  'packages/report/src/commands.ts': (source) => without('usage', without('description', source)),
  'packages/leaks/src/rules.ts': (source) => without('why', source),
};

/** `source` with empty texts under `key`. */
function without(key: string, source: string): string {
  return source.replace(
    new RegExp(String.raw`([{,]\s*${key}:\s*)(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")`, 'g'),
    "$1''",
  );
}

export const leftOutFiles: Plugin = {
  name: 'left-out',
  setup(builder) {
    builder.onLoad(
      { filter: /packages[\\/](?:report|profile|leaks)[\\/]src[\\/].*\.ts$/ },
      async ({ path }) => {
        const plain = path.replaceAll('\\', '/');
        const ours = (table: Readonly<Record<string, unknown>>): string | undefined =>
          Object.keys(table).find((name) => plain.endsWith(name));
        const absentFile = ours(leftOut);
        const thin = thinned[ours(thinned) ?? ''];
        if (absentFile === undefined && thin === undefined) return undefined;
        const contents =
          thin === undefined ? (leftOut[absentFile ?? ''] ?? '') : thin(await readFile(path, 'utf8'));
        return { contents, loader: 'ts', resolveDir: dirname(path) };
      },
    );
  },
};

/** For a program that reads no profile itself: what reads other formats than messages is no chunk of it either. */
export const noReaders: Plugin = {
  name: 'no-readers',
  setup(builder) {
    builder.onLoad(
      { filter: /packages[\\/]profile[\\/]src[\\/]read-(?:plain|snapshot)\.ts$/ },
      ({ path }) => ({
        contents: absent(path.endsWith('read-plain.ts') ? 'readPlainProfile' : 'loadHeapSnapshot'),
        loader: 'ts',
      }),
    );
  },
};
