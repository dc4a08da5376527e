// How long it takes from the text of a source map to the originals of a profile's places: our one-pass reader next to
// @jridgewell/trace-mapping, which decodes the map into arrays first. Each round is a process of its own, as a report is; the answers
// are compared.
//
// node --conditions=stackpile-source scripts/run.mjs bench/source-maps.ts [ROUNDS]
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { findOriginals, originalQuery, readSourceMap } from '@stackpile/profile';

type Place = readonly [line: number, column: number];

/** `file:line:column` of each place, from 1 and 0 as trace-mapping has them; '' where there is none. */
interface Answer {
  readonly ms: number;
  readonly places: readonly string[];
}

const engines = {
  ours(json: string, places: readonly Place[]): string[] {
    const map = readSourceMap(json);
    if (map === null) throw new Error('that is no source map');
    const queries = places.map(([line, column]) => originalQuery(line, column));
    findOriginals(map, queries);
    return queries.map(({ source, sourceLine, sourceColumn }) =>
      source < 0 ? '' : `${map.sources[source] ?? ''}:${sourceLine + 1}:${sourceColumn}`,
    );
  },
  theirs(json: string, places: readonly Place[]): string[] {
    const map = new TraceMap(json);
    return places.map(([line, column]) => {
      const found = originalPositionFor(map, { line: line + 1, column });
      return found.source === null ? '' : `${found.source}:${found.line}:${found.column}`;
    });
  },
} as const;

type Engine = keyof typeof engines;

/** Places of a bundle where a profile could have samples, always the same. */
function placesIn(script: string, count: number): Place[] {
  const lines = script.split('\n');
  let state = 1;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7f_ff_ff_ff;
    return state % below;
  };
  return Array.from({ length: count }, () => {
    const line = next(lines.length);
    return [line, next(Math.max(1, lines[line]?.length ?? 0))] as const;
  });
}

/** One round, in a process of its own: nothing is warm. */
function measure(engine: Engine, folder: string, name: string, count: number): Answer {
  const json = readFileSync(join(folder, `${name}.js.map`), 'utf8');
  const places = placesIn(readFileSync(join(folder, `${name}.js`), 'utf8'), count);
  const begin = performance.now();
  const answers = engines[engine](json, places);
  return { ms: performance.now() - begin, places: answers };
}

function round(engine: Engine, folder: string, name: string, count: number): Answer {
  const args = [
    '--conditions=stackpile-source',
    fileURLToPath(import.meta.url),
    '--measure',
    engine,
    folder,
    name,
  ];
  const text = execFileSync(process.execPath, [...args, String(count)], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return JSON.parse(text) as Answer;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** Bundles of real packages, one as it is written and one minified, each with its originals in the map. */
async function bundles(folder: string): Promise<void> {
  const packages = ['fastify', 'express', 'graphql', 'rxjs', 'koa', 'hono', 'redis'];
  const stdin = {
    contents: packages.map((name, i) => `export * as p${i} from '${name}';`).join('\n'),
    resolveDir: fileURLToPath(new URL('..', import.meta.url)),
  };
  for (const [name, minify] of [
    ['plain', false],
    ['minified', true],
  ] as const)
    await build({
      stdin,
      bundle: true,
      minify,
      sourcemap: true,
      platform: 'node',
      outfile: join(folder, `${name}.js`),
      logLevel: 'error',
    });
}

async function compare(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-maps-'));
  try {
    await bundles(folder);
    for (const name of ['plain', 'minified'])
      for (const count of [1, 300, 20_000]) {
        const times: Record<Engine, number[]> = { ours: [], theirs: [] };
        let [differ, alone] = [0, 0];
        for (let i = 0; i < rounds; i++) {
          const [ours, theirs] = [round('ours', folder, name, count), round('theirs', folder, name, count)];
          times.ours.push(ours.ms);
          times.theirs.push(theirs.ms);
          // Before the first segment of a line it says nothing; we take that segment.
          alone = theirs.places.filter((place, k) => place === '' && ours.places[k] !== '').length;
          differ = theirs.places.filter((place, k) => place !== '' && ours.places[k] !== place).length;
        }
        const [mine, other] = [median(times.ours), median(times.theirs)];
        const size = readFileSync(join(folder, `${name}.js.map`)).length / 1e6;
        console.log(
          `${name} map of ${size.toFixed(1)} MB, ${count} places: ${mine.toFixed(1)} ms, trace-mapping ${other.toFixed(1)} ms: ` +
            `× ${(mine / other).toFixed(2)}; ${differ} answers differ, ${alone} have only we`,
        );
      }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [first = '5', engine = '', folder = '', name = '', count = ''] = process.argv.slice(2);
if (first === '--measure')
  process.stdout.write(
    JSON.stringify(measure(engine === 'ours' ? 'ours' : 'theirs', folder, name, Number(count))),
  );
else await compare(Number(first));
