// Filters in the page mean what they mean in reports: any profile, any options, the same stacks and the same 100 %.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeProfile, type Profile, ProfileBuilder, type SampleLabel } from '@stackpile/profile';
import { prepareReport, reportCommand } from '@stackpile/report';
import { EngineError } from '../src/engine/error.ts';
import { ProfileEngine } from '../src/engine/engine.ts';
import { reportOptions } from '../src/engine/stack-query.ts';
import { Profiles, type ProfileSummary } from '../src/engine/profiles.ts';
import type { StackQuery } from '../src/engine/stack-query.ts';
import { noFilters } from '../src/stack-filters.ts';

const names = ['main', 'main.Serve', 'example.com/x.(*T).F', 'next', 'write', ''] as const;
const files = [
  '/srv/app/main.ts',
  '/srv/app/node_modules/express/r.js',
  'node:net',
  '/src/a.go',
  '',
] as const;
const binaries = ['/srv/shop/bin/shop', '/lib/libc.so.6', ''] as const;

interface DrawnFrame {
  readonly lines: readonly (readonly [name: string, file: string, line: number])[];
  readonly binary: string;
}
interface DrawnSample {
  readonly stack: readonly DrawnFrame[];
  readonly value: number;
  readonly labels: readonly SampleLabel[];
}

function build(samples: readonly DrawnSample[]): Profile {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
  let address = 0x1000n;
  const locations = new Map<string, number>();
  const locate = (frame: DrawnFrame): number => {
    const key = JSON.stringify(frame);
    const known = locations.get(key);
    if (known !== undefined) return known;
    const start = BigInt(binaries.indexOf(frame.binary as '')) * 0x100000n;
    const mapping = builder.mapping({ start, limit: start + 0x100000n, filename: frame.binary });
    const lines = frame.lines.map(([name, file, line]) => ({ function: builder.function(name, file), line }));
    const row = builder.location({ mapping, address: (address += 1n), lines });
    locations.set(key, row);
    return row;
  };
  for (const { stack, value, labels } of samples) builder.sample(stack.map(locate), [value], labels);
  return builder.build();
}

const frame: fc.Arbitrary<DrawnFrame> = fc.record({
  lines: fc.array(
    fc.tuple(fc.constantFrom(...names), fc.constantFrom(...files), fc.integer({ min: 0, max: 3 })),
    {
      maxLength: 2,
    },
  ),
  binary: fc.constantFrom(...binaries),
});
const label: fc.Arbitrary<SampleLabel> = fc.oneof(
  fc.record({ key: fc.constantFrom('route', 'pprof::base'), text: fc.constantFrom('/a', '/b', 'true') }),
  fc.record({ key: fc.constant('size'), number: fc.constantFrom(512n, 2048n), unit: fc.constant('bytes') }),
);
const profiles = fc
  .array(
    fc.record({
      stack: fc.array(frame, { maxLength: 4 }),
      value: fc.integer({ min: -3, max: 20 }),
      labels: fc.array(label, { maxLength: 2 }),
    }),
    { maxLength: 12 },
  )
  .map(build);

const pattern = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  fc.constantFrom(
    'bin/shop',
    'main',
    'Serve',
    '(?i)SERVE',
    'node_modules',
    '^next$',
    'libc|write',
    '^$',
    '.',
    '(',
    'a**',
  ),
);
const tags = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  fc.constantFrom('/a', 'route=/b', 'size=1kb:', ':512b', 'route=/a,/b', '(', 'none'),
);
const queries: fc.Arbitrary<Omit<StackQuery, 'profile' | 'base' | 'granularity' | 'sampleType'>> = fc.record({
  focus: pattern,
  ignore: pattern,
  hide: pattern,
  show: pattern,
  showFrom: pattern,
  pruneFrom: pattern,
  tagFocus: tags,
  tagIgnore: tags,
  tagRoot: fc.constantFrom('', 'route', 'route,size', 'nosuch'),
  tagLeaf: fc.constantFrom('', 'size'),
  libraries: fc.constantFrom('show', 'hide', 'mine'),
});

/** What is left: how much each stack of functions has, and what 100 % is; or that there is nothing to filter by. */
type Left = { readonly stacks: ReadonlyMap<string, number>; readonly total: number } | 'malformed';

function add(sums: Map<string, number>, stack: readonly string[], value: number): void {
  const key = stack.join(' > ');
  sums.set(key, (sums.get(key) ?? 0) + value);
}

const functionKey = (name: string, file: string): string => `${name}@${file}`;

/** What the report of `traces` sums up. */
function inReport(profile: Profile, query: StackQuery): Left {
  const sums = new Map<string, number>();
  let report;
  try {
    const options = { ...reportOptions(query, 0), granularity: 'filefunctions' as const };
    report = prepareReport(profile, reportCommand('traces'), options, []);
  } catch {
    return 'malformed';
  }
  const { samples, locations, functions, mappings, strings } = report.profile;
  for (let row = 0; row < samples.length; row++) {
    const stack: string[] = [];
    for (let at = (samples.stackStart[row + 1] ?? 0) - 1; at >= (samples.stackStart[row] ?? 0); at--) {
      const location = samples.stackLocations[at] ?? 0;
      const first = locations.lineStart[location] ?? 0;
      const end = locations.lineStart[location + 1] ?? 0;
      for (let line = end - 1; line >= first; line--) {
        const fn = locations.lines.function[line] ?? 0;
        stack.push(
          functionKey(strings.get(functions.name[fn] ?? 0), strings.get(functions.filename[fn] ?? 0)),
        );
      }
      if (first === end)
        stack.push(`binary ${strings.get(mappings.filename[locations.mapping[location] ?? 0] ?? 0)}`);
    }
    const value = Number(report.weights.value[row]);
    if (value !== 0) add(sums, stack, value);
  }
  return { stacks: sums, total: Number(report.total) };
}

/** What the page lays out. */
function inPage(profile: Profile, query: StackQuery): Left {
  const opened = new Profiles();
  const summary: ProfileSummary = {
    id: opened.next,
    name: 'drawn',
    size: 0,
    noun: '',
    sampleTypes: profile.sampleTypes,
    defaultType: 0,
    samples: profile.samples.length,
    functions: profile.functions.length,
    time: null,
    durationMs: 0,
    period: '',
    comments: [],
    docUrl: '',
    hasTimes: false,
    hasTasks: false,
    isHeap: false,
    readMs: 0,
  };
  opened.add(profile, summary);
  const sums = new Map<string, number>();
  let stacks;
  try {
    ({ stacks } = opened.prepare(query));
  } catch (error) {
    assert.ok(error instanceof EngineError && error.code === 'BAD_PATTERN', String(error));
    return 'malformed';
  }
  const { table, start, frames, value } = stacks;
  for (let i = 0; i < stacks.length; i++) {
    const stack = Array.from(frames.subarray(start[i], start[i + 1]), (id) => {
      const name = table.name[id] ?? '';
      const file = table.file[id] ?? '';
      // The page names what has no name: an address by its binary, a function by its file.
      const binary = /^(?:(.*)\+)?0x[\da-f]+$/.exec(name);
      if (binary !== null)
        return `binary ${binaries.find((one) => one !== '' && one.endsWith(`/${binary[1]}`)) ?? ''}`;
      return functionKey(name === (file === '' ? '(unknown)' : file) ? '' : name, file);
    });
    add(sums, stack, value[i] ?? 0);
  }
  return { stacks: sums, total: stacks.total };
}

function query(patch: Partial<StackQuery>): StackQuery {
  return {
    profile: 0,
    base: null,
    sampleType: '',
    granularity: 'functions',
    ...noFilters,
    ...patch,
  };
}

test('any options leave the same stacks and the same total in the page and in a report', () => {
  fc.assert(
    fc.property(profiles, queries, (profile, filters) => {
      const asked = query(filters);
      assert.deepEqual(inPage(profile, asked), inReport(profile, asked));
    }),
    { numRuns: 1500 },
  );
});

test('the name of a binary counts, in every view', async () => {
  const shop = (name: string): DrawnFrame => ({ lines: [[name, '', 0]], binary: '/srv/shop/bin/shop' });
  const profile = build([
    { stack: [shop('cart.Add'), shop('main.main')], value: 7, labels: [] },
    { stack: [{ lines: [], binary: '/srv/shop/bin/shop' }, shop('main.main')], value: 2, labels: [] },
    { stack: [{ lines: [['write', '', 0]], binary: '/lib/libc.so.6' }], value: 1, labels: [] },
  ]);
  const engine = new ProfileEngine();
  const from = encodeProfile(profile) as Uint8Array<ArrayBuffer>;
  const { id } = await engine.handlers.open({ name: 'shop.pb', from }, () => undefined);
  const asked = query({ profile: id, focus: 'bin/shop' });
  const none = (): void => undefined;
  const flame = await engine.handlers.flame(
    { ...asked, mode: 'down', pivot: '', zoom: [], minShare: 0, search: '', onlyChanged: false },
    none,
  );
  assert.deepEqual([flame.kept, flame.total], [9, 10]);
  const top = await engine.handlers.top(
    { ...asked, sort: 'cum', filter: '', limit: 9, unchanged: true },
    none,
  );
  assert.deepEqual([top.rows[0]?.name, top.rows[0]?.cum, top.total], ['main.main', 9, 10]);
  const peek = await engine.handlers.peek({ ...asked, pivot: 'main' }, none);
  assert.equal(peek.subject?.cum, 9);
  const traces = await engine.handlers.text({ ...asked, report: 'traces', nodes: 80 }, none);
  assert.match(traces.text, /cart\.Add/);
  assert.doesNotMatch(traces.text, /write/);
});

test('what is saved in another form is what the command line writes', async () => {
  const profile = build([
    { stack: [{ lines: [['a;b\nc', '', 4]], binary: '' }], value: -3, labels: [] },
    { stack: [{ lines: [['d', '/srv/d.ts', 2]], binary: '' }], value: 5, labels: [] },
    { stack: [{ lines: [['d', '/srv/d.ts', 9]], binary: '' }], value: 1, labels: [] },
  ]);
  const engine = new ProfileEngine();
  const from = encodeProfile(profile) as Uint8Array<ArrayBuffer>;
  const { id } = await engine.handlers.open({ name: 'x.pb', from }, () => undefined);
  const saved = async (kind: 'folded' | 'speedscope'): Promise<string> => {
    const { bytes } = await engine.handlers.export({ ...query({ profile: id }), kind }, () => undefined);
    return new TextDecoder().decode(bytes);
  };
  assert.equal(await saved('folded'), 'a_b_c -3\nd 6\n');
  const { shared, profiles: written } = JSON.parse(await saved('speedscope')) as {
    shared: { frames: object[] };
    profiles: { weights: number[] }[];
  };
  assert.deepEqual(shared.frames, [{ name: 'a;b\nc' }, { name: 'd', file: '/srv/d.ts' }]);
  assert.deepEqual(written[0]?.weights, [-3, 6]);
});

test('a pattern that would stall JavaScript ends in the page', async () => {
  const engine = new ProfileEngine();
  const profile = build([
    { stack: [{ lines: [['w'.repeat(1000), '', 0]], binary: '' }], value: 1, labels: [] },
  ]);
  const from = encodeProfile(profile) as Uint8Array<ArrayBuffer>;
  const { id } = await engine.handlers.open({ name: 'x.pb', from }, () => undefined);
  const asked = {
    ...query({ profile: id, focus: String.raw`(?i)(\w+\.?)+!$` }),
    sort: 'cum' as const,
    unchanged: true,
    limit: 9,
  };
  const top = await engine.handlers.top({ ...asked, filter: String.raw`(\w+\.?)+!$` }, () => undefined);
  assert.deepEqual([top.functions, top.total], [0, 1]);
});

test('labels with quotes and backslashes are text in a graph, whatever they would end', async () => {
  const quoted = String.raw`a"];} "b\c`;
  const profile = build([
    {
      stack: [{ lines: [['work', '/srv/a.ts', 1]], binary: '' }],
      value: 5,
      labels: [{ key: 'route', text: quoted }],
    },
  ]);
  const engine = new ProfileEngine();
  const from = encodeProfile(profile) as Uint8Array<ArrayBuffer>;
  const { id } = await engine.handlers.open({ name: 'x.pb', from }, () => undefined);
  const { text } = await engine.handlers.text(
    { ...query({ profile: id }), report: 'dot', nodes: 9 },
    () => undefined,
  );
  const label = /^N1_0 \[label = "((?:[^"\\]|\\[^])*)" id="N1_0"/m.exec(text)?.[1] ?? '';
  assert.equal(label.replace(/\\(?!n)([^])/g, '$1'), `route:${quoted}`);
});
