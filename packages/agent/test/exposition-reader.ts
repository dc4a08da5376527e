// A strict reader of Prometheus's text format, for the tests: whatever a scraper might stumble over throws.
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/

export interface ReadFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/u;
const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);

function fail(line: number, what: string): never {
  throw new Error(`line ${line + 1}: ${what}`);
}

function value(text: string): number | null {
  if (text === '+Inf' || text === 'Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  if (text === 'NaN') return NaN;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu.test(text) ? Number(text) : null;
}

/** Labels between braces, with their escapes undone. */
function labelsOf(text: string, line: number): Record<string, string> {
  const labels: Record<string, string> = {};
  let rest = text;
  while (rest !== '') {
    const match = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/u.exec(rest);
    if (match === null) return fail(line, `not a label: ${rest}`);
    const [all, key = '', escaped = ''] = match;
    if (key in labels) fail(line, `label ${key} twice`);
    labels[key] = escaped.replace(/\\(.)/gu, (_, c: string) => (c === 'n' ? '\n' : c));
    rest = rest.slice(all.length);
  }
  return labels;
}

/** Families by name. */
export function readExposition(text: string): Map<string, ReadFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, ReadFamily>();
  const seen = new Set<string>();
  let help: { name: string; text: string } | null = null;
  let open = '';
  for (const [i, line] of text.slice(0, -1).split('\n').entries()) {
    const comment = /^# (HELP|TYPE) (\S+) ([^\n]*)$/u.exec(line);
    if (comment !== null) {
      const [, kind, name = '', rest = ''] = comment;
      if (!NAME.test(name)) fail(i, `no name: ${name}`);
      if (families.has(name)) fail(i, `${name} a second time`);
      if (kind === 'HELP') {
        if (/(?<!\\)(?:\\\\)*\\(?![\\n])/u.test(rest)) fail(i, 'a backslash that escapes nothing');
        help = { name, text: rest };
        continue;
      }
      if (help?.name !== name) fail(i, `${name} has a type and no help`);
      if (!TYPES.has(rest)) fail(i, `no type: ${rest}`);
      families.set(name, { type: rest, help: help?.text ?? '', samples: [] });
      open = name;
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([^\n]*)\})? (\S+)$/u.exec(line);
    if (sample === null) fail(i, `no sample: ${line}`);
    const [, name = '', labelText = '', number = ''] = sample ?? [];
    const family = families.get(open);
    const suffixes = family?.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    if (!suffixes.some((suffix) => open + suffix === name)) fail(i, `${name} outside of its family`);
    const labels = labelsOf(labelText, i);
    const key = `${name}${JSON.stringify(Object.entries(labels).map(String).toSorted())}`;
    if (seen.has(key)) fail(i, `${key} a second time`);
    seen.add(key);
    const read = value(number);
    if (read === null) return fail(i, `no number: ${number}`);
    family?.samples.push({ name, labels, value: read });
  }
  for (const [name, family] of families) check(name, family);
  return families;
}

/** What the format says of counters and histograms. */
function check(name: string, { type, samples }: ReadFamily): void {
  if (samples.length === 0) throw new Error(`${name} is empty`);
  if (type === 'counter' && (!name.endsWith('_total') || samples.some((one) => !(one.value >= 0))))
    throw new Error(`${name} is no counter`);
  if (type !== 'histogram') return;
  const groups = new Map<string, { le: number; value: number }[]>();
  const counts = new Map<string, number>();
  for (const { name: sample, labels, value: count } of samples) {
    const { le = '', ...others } = labels;
    const key = JSON.stringify(others);
    if (sample.endsWith('_count')) counts.set(key, count);
    if (!sample.endsWith('_bucket')) continue;
    const group = groups.get(key) ?? [];
    group.push({ le: value(le) ?? NaN, value: count });
    groups.set(key, group);
  }
  for (const [key, buckets] of groups) {
    const rises = buckets.every(
      (one, i) =>
        i === 0 || (one.le > (buckets[i - 1]?.le ?? NaN) && one.value >= (buckets[i - 1]?.value ?? NaN)),
    );
    const last = buckets.at(-1);
    if (!rises || last?.le !== Infinity || last.value !== counts.get(key))
      throw new Error(`${name}${key}: its buckets are none`);
  }
}
