// A profile as text, in the layout of `pprof -raw`: every table, so that equal text means an equal profile.
import { int64At, MappingFlag, type Profile } from '../../src/index.ts';

function duration(nanos: bigint): string {
  const negative = nanos < 0n;
  const rest = negative ? -nanos : nanos;
  let text: string;
  const fraction = (value: bigint, unit: bigint): string => {
    const digits = (value % unit)
      .toString()
      .padStart(unit.toString().length - 1, '0')
      .replace(/0+$/, '');
    return `${value / unit}${digits === '' ? '' : `.${digits}`}`;
  };
  if (rest === 0n) return '0s';
  if (rest < 1000n) text = `${rest}ns`;
  else if (rest < 1000000n) text = `${fraction(rest, 1000n)}µs`;
  else if (rest < 1000000000n) text = `${fraction(rest, 1000000n)}ms`;
  else {
    const seconds = rest / 1000000000n;
    text = `${fraction(rest % 60000000000n, 1000000000n)}s`;
    if (seconds >= 60n) text = `${(seconds / 60n) % 60n}m${text}`;
    if (seconds >= 3600n) text = `${seconds / 3600n}h${text}`;
  }
  return negative ? `-${text}` : text;
}

function time(nanos: bigint): string {
  const seconds = nanos >= 0n || nanos % 1000000000n === 0n ? nanos / 1000000000n : nanos / 1000000000n - 1n;
  const rest = (nanos - seconds * 1000000000n).toString().padStart(9, '0').replace(/0+$/, '');
  const date = new Date(Number(seconds) * 1000).toISOString();
  return `${date.slice(0, 10)} ${date.slice(11, 19)}${rest === '' ? '' : `.${rest}`} +0000 UTC`;
}

/** Strings as bytes, one character each, so that sorting them sorts bytes. */
const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** The text as bytes, one character each. */
export function rawText(profile: Profile): string {
  const { samples, locations, functions, mappings, strings } = profile;
  const text = (row: number): string => latin(strings.bytes(row));
  const own = (value: string): string => Buffer.from(value, 'utf8').toString('latin1');
  const out: string[] = [];
  for (const comment of profile.comments) out.push(`Comment: ${own(comment)}`);
  if (profile.docUrl !== '') out.push(`Doc: ${own(profile.docUrl)}`);
  out.push(`PeriodType: ${own(profile.periodType?.type ?? '')} ${own(profile.periodType?.unit ?? '')}`);
  out.push(`Period: ${profile.period}`);
  if (profile.timeNanos !== 0n) out.push(`Time: ${time(profile.timeNanos)}`);
  if (profile.durationNanos !== 0n)
    out.push(`Duration: ${own([...duration(profile.durationNanos)].slice(0, 4).join(''))}`);
  out.push('Samples:');
  const types = profile.sampleTypes.map(
    ({ type, unit }) => `${own(type)}/${own(unit)}${type === profile.defaultSampleType ? '[dflt]' : ''} `,
  );
  out.push(types.join('').trim());
  for (let row = 0; row < samples.length; row++) {
    let line = samples.values.map((column) => ` ${int64At(column, row).toString().padStart(10)}`).join('');
    line += ': ';
    const end = samples.stackStart[row + 1] as number;
    for (let i = samples.stackStart[row] as number; i < end; i++) {
      line += `${locations.id[samples.stackLocations[i] as number]} `;
    }
    out.push(line);
    const texts = new Map<string, string[]>();
    const numbers = new Map<string, { value: bigint; unit: string; has: boolean }[]>();
    const labelEnd = samples.labelStart[row + 1] as number;
    for (let i = samples.labelStart[row] as number; i < labelEnd; i++) {
      const { labels } = samples;
      const key = text(labels.key[i] as number);
      const value = labels.text[i] as number;
      if (value !== 0) texts.set(key, [...(texts.get(key) ?? []), text(value)]);
      else {
        const unit = labels.unit[i] as number;
        const number = { value: int64At(labels.number, i), unit: text(unit), has: unit !== 0 };
        numbers.set(key, [...(numbers.get(key) ?? []), number]);
      }
    }
    const header = ' '.repeat(16);
    if (texts.size > 0)
      out.push(
        header +
          [...texts]
            .map(([k, v]) => `${k}:[${v.join(' ')}]`)
            .sort()
            .join(' '),
      );
    if (numbers.size > 0) {
      const lines = [...numbers].map(([key, list]) => {
        const units = list.some(({ has }) => has);
        return `${key}:[${list.map(({ value, unit }) => (units ? `${value} ${unit}` : `${value}`)).join(' ')}]`;
      });
      out.push(header + lines.sort().join(' '));
    }
  }
  out.push('Locations');
  for (let row = 0; row < locations.length; row++) {
    let head = `${(locations.id[row] as bigint).toString().padStart(6)}: 0x${(locations.address[row] as bigint).toString(16)} `;
    const mapping = locations.mapping[row] as number;
    if (mapping >= 0) head += `M=${mappings.id[mapping]} `;
    if (locations.isFolded[row] === 1) head += '[F] ';
    const from = locations.lineStart[row] as number;
    const to = locations.lineStart[row + 1] as number;
    if (from === to) out.push(head);
    for (let i = from; i < to; i++) {
      const { lines } = locations;
      const fn = lines.function[i] as number;
      const name = text(functions.name[fn] as number);
      const system = text(functions.systemName[fn] as number);
      const file = text(functions.filename[fn] as number);
      let line = `${name} ${file}:${lines.line[i]}:${lines.column[i]} s=${functions.startLine[fn]}`;
      if (system !== name) line += `(${system})`;
      out.push(head + line);
      head = ' '.repeat(13);
    }
  }
  out.push('Mappings');
  for (let row = 0; row < mappings.length; row++) {
    const flags = mappings.flags[row] as number;
    const bits =
      (flags & MappingFlag.hasFunctions ? '[FN]' : '') +
      (flags & MappingFlag.hasFilenames ? '[FL]' : '') +
      (flags & MappingFlag.hasLineNumbers ? '[LN]' : '') +
      (flags & MappingFlag.hasInlineFrames ? '[IN]' : '');
    const hex = (column: BigUint64Array): string => `0x${(column[row] as bigint).toString(16)}`;
    out.push(
      `${mappings.id[row]}: ${hex(mappings.start)}/${hex(mappings.limit)}/${hex(mappings.offset)} ` +
        `${text(mappings.filename[row] as number)} ${text(mappings.buildId[row] as number)} ${bits}`,
    );
  }
  return `${out.join('\n')}\n`;
}
