// The report of `weblist`: source code with the samples of each line, as a page.
// Upstream: google/pprof internal/report/source.go internal/report/source_html.go, 2025-11-14
import { compareBytes } from '../go/bytewise.ts';
import { PrepareError } from '../errors.ts';
import { profileLabels } from '../print/header.ts';
import { add64, div64, type Int64, isZero } from '../int64.ts';
import { percentage } from '../measurement.ts';
import { parseGoInt } from '../options.ts';
import { baseName, cleanPath } from '../names/paths.ts';
import { type PreparedReport, ValueFormat } from '../prepare.ts';
import type { ReportContext } from '../context.ts';
import { valueOrDot } from './list.ts';
import { SourceReader } from './reader.ts';

/** A place in a file that code was inlined from. */
interface Call {
  readonly file: string;
  readonly line: number;
}

/** One address on a line, and the calls that were inlined there, outermost first. */
interface LineAddress {
  readonly address: bigint;
  readonly calls: readonly Call[];
}

interface FileLines {
  readonly name: string;
  readonly lines: Map<number, LineAddress[]>;
  /** The first function that was met on a line; it is taken to own it. */
  readonly owner: Map<number, string>;
}

/** Lines of one function that are shown together; `end` is the first one that is not. */
interface Routine {
  readonly name: string;
  begin: number;
  end: number;
  flat: Int64;
  cum: Int64;
}

interface Frame {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** Lines closer than this belong together. */
const MERGE_LIMIT = 20;
/** Lines shown around. */
const MARGIN = 5;

/** Everything that the page says. */
class Listing {
  readonly #report: PreparedReport;
  readonly #format: ValueFormat;
  readonly #reader: SourceReader;
  readonly #zero: Int64;
  readonly #flat = new Map<bigint, Int64>();
  readonly #cum = new Map<bigint, Int64>();
  readonly #files = new Map<string, FileLines>();
  readonly #interest = new Set<string>();
  /** Names to show by system name. */
  readonly #shown = new Map<string, string>();

  constructor(report: PreparedReport, context: ReportContext) {
    this.#report = report;
    this.#format = new ValueFormat(report);
    this.#reader = new SourceReader(context.sources, report.options.source_path, report.options.trim_path);
    this.#zero = report.weights.value instanceof Float64Array ? 0 : 0n;
    const found = this.#collect();
    if (this.#interest.size === 0) {
      throw new PrepareError(`no matches found for regexp: ${report.pattern?.source ?? ''}`);
    }
    // pprof leaves the order of addresses on one line to chance; most often it is that of their first samples.
    for (const [address, location] of found) {
      this.#addFrames(address, this.#frames(location));
    }
  }

  /** Address of a location; one that has none gets the next number behind all mappings when it is first asked for. */
  #addressOf(): (location: number) => bigint {
    const { locations, mappings } = this.#report.profile;
    const made = new Map<number, bigint>();
    let next = 1n;
    for (const limit of mappings.limit) if (limit > next) next = limit;
    return (location) => {
      const own = locations.address[location] as bigint;
      if (own !== 0n) return own;
      let address = made.get(location);
      if (address === undefined) {
        address = next++;
        made.set(location, address);
      }
      return address;
    };
  }

  /** Sums samples by address and finds the addresses that the pattern means: `address → location`. */
  #collect(): Map<bigint, number> {
    const { profile, pattern, weights } = this.#report;
    const { locations, functions, mappings, strings, samples } = profile;
    const addressOf = this.#addressOf();
    const number = parseGoInt(pattern?.source ?? '', true);
    const wanted = typeof number === 'bigint' && number >= 0n ? number : undefined;

    const testText = new Map<number, boolean>();
    const matches = (row: number): boolean => {
      let match = testText.get(row);
      if (match === undefined) {
        match = pattern?.test(strings.get(row)) ?? false;
        testText.set(row, match);
      }
      return match;
    };
    const found = new Map<bigint, number>();
    const mark = (location: number, line: number): void => {
      const fn = locations.lines.function[line] as number;
      this.#interest.add(strings.get(functions.name[fn] as number));
      this.#interest.add(strings.get(functions.systemName[fn] as number));
      const address = addressOf(location);
      if (!found.has(address)) found.set(address, location);
    };
    const visited = new Uint8Array(locations.length);
    /** When each location was met last. */
    const lastMet = new Float64Array(locations.length);
    let met = 0;
    const visit = (location: number): void => {
      if (visited[location] === 1) return;
      visited[location] = 1;
      const first = locations.lineStart[location] as number;
      const end = locations.lineStart[location + 1] as number;
      if (addressOf(location) === wanted) {
        if (end > first) mark(location, end - 1);
        return;
      }
      const mapping = locations.mapping[location] as number;
      const wholeFile = mapping >= 0 && matches(mappings.filename[mapping] as number);
      for (let line = first; line < end; line++) {
        const fn = locations.lines.function[line] as number;
        const named =
          matches(functions.name[fn] as number) ||
          matches(functions.systemName[fn] as number) ||
          matches(functions.filename[fn] as number);
        if (named || (line === first && wholeFile)) mark(location, line);
      }
    };

    const add = (sums: Map<bigint, Int64>, address: bigint, value: Int64): void => {
      sums.set(address, add64(sums.get(address) ?? this.#zero, value));
    };
    for (let s = 0; s < samples.length; s++) {
      let value = weights.value[s] as Int64;
      const divisor = weights.divisor?.[s];
      if (divisor !== undefined && !isZero(divisor)) value = div64(value, divisor);
      const leaf = samples.stackStart[s] as number;
      for (let i = (samples.stackStart[s + 1] as number) - 1; i >= leaf; i--) {
        const location = samples.stackLocations[i] as number;
        const address = addressOf(location);
        add(this.#cum, address, value);
        if (i === leaf) add(this.#flat, address, value);
        lastMet[location] = ++met;
        visit(location);
      }
    }
    // Of several names for one system name the last one in the samples is shown.
    const byTime = [...lastMet.keys()]
      .filter((l) => lastMet[l] !== 0)
      .sort((a, b) => (lastMet[a] as number) - (lastMet[b] as number));
    for (const location of byTime) {
      const end = locations.lineStart[location + 1] as number;
      for (let line = locations.lineStart[location] as number; line < end; line++) {
        const fn = locations.lines.function[line] as number;
        const name = strings.get(functions.name[fn] as number);
        this.#shown.set(strings.get(functions.systemName[fn] as number), name);
      }
    }
    // pprof adds up what lies below the next address, and there is none behind the last.
    const last = (1n << 64n) - 1n;
    this.#cum.delete(last);
    this.#flat.delete(last);
    return found;
  }

  #frames(location: number): Frame[] {
    const { locations, functions, strings } = this.#report.profile;
    const frames: Frame[] = [];
    const end = locations.lineStart[location + 1] as number;
    for (let line = locations.lineStart[location] as number; line < end; line++) {
      const fn = locations.lines.function[line] as number;
      frames.push({
        name: strings.get(functions.name[fn] as number),
        file: strings.get(functions.filename[fn] as number),
        line: Number(locations.lines.line[line]),
      });
    }
    return frames;
  }

  #addFrames(address: bigint, frames: readonly Frame[]): void {
    for (const [i, frame] of frames.entries()) {
      if (!this.#interest.has(frame.name)) continue;
      const name = cleanPath(frame.file.replace(/^\/proc\/self\/cwd\//, '').replace(/^\.\//, ''));
      let file = this.#files.get(name);
      if (file === undefined) {
        file = { name, lines: new Map(), owner: new Map() };
        this.#files.set(name, file);
      }
      const calls = frames.slice(0, i).reverse();
      const known = file.lines.get(frame.line);
      if (known === undefined) file.lines.set(frame.line, [{ address, calls }]);
      else known.push({ address, calls });
      if (!file.owner.has(frame.line)) file.owner.set(frame.line, frame.name);
    }
  }

  #flatOf(address: bigint): Int64 {
    return this.#flat.get(address) ?? this.#zero;
  }
  #cumOf(address: bigint): Int64 {
    return this.#cum.get(address) ?? this.#zero;
  }

  /** The routines of a file: lines of one function that are not far apart, with some lines around. */
  #routines(file: FileLines): Routine[] {
    const routines: Routine[] = [];
    for (const line of [...file.lines.keys()].sort((a, b) => a - b)) {
      const systemName = file.owner.get(line) ?? '';
      const name = this.#shown.get(systemName) ?? systemName;
      let flat = this.#zero;
      let cum = this.#zero;
      for (const { address } of file.lines.get(line) ?? []) {
        flat = add64(flat, this.#flatOf(address));
        cum = add64(cum, this.#cumOf(address));
      }
      const last = routines.at(-1);
      if (last !== undefined && line - last.end < MERGE_LIMIT && last.name === name) {
        last.end = line + 1;
        last.flat = add64(last.flat, flat);
        last.cum = add64(last.cum, cum);
      } else routines.push({ name, begin: line, end: line + 1, flat, cum });
    }
    for (const [i, routine] of routines.entries()) {
      const before = routines[i - 1];
      if (before === undefined) {
        if (routine.begin > MARGIN) routine.begin -= MARGIN;
        else if (routine.begin > 1) routine.begin = 1;
      } else {
        const half = Math.min(Math.trunc((routine.begin - before.end) / 2), MARGIN);
        before.end += half;
        routine.begin -= half;
      }
    }
    const last = routines.at(-1);
    if (last !== undefined) last.end += MARGIN;
    return routines;
  }

  *page(context: ReportContext): Generator<string> {
    const labels = profileLabels(this.#report, this.#format, context.timeZone);
    const label = (prefix: string): string =>
      labels.find((line) => line.startsWith(prefix))?.slice(prefix.length) ?? 'unknown';
    const title = escapeHtml(`${label('File: ')} ${label('Type: ')}`);
    yield `<!DOCTYPE html>\n<html>\n<head>\n  <meta charset="utf-8">\n  <title>${title}</title>\n${style}${script}</head>\n<body>\n\n`;
    const total = escapeHtml(this.#format.format(this.#report.total));
    yield `<div class="legend">${labels.map(escapeHtml).join('<br>\n')}<br>Total: ${total}</div>`;
    for (const file of [...this.#files.values()].sort((a, b) => compareBytes(a.name, b.name))) {
      for (const routine of this.#routines(file)) {
        if (!isZero(routine.cum)) yield this.#routine(file, routine);
      }
    }
    yield '\n</body>\n</html>\n';
  }

  #routine(file: FileLines, routine: Routine): string {
    const format = (value: Int64): string => this.#format.format(value).padStart(10);
    const share = percentage(routine.cum, this.#report.total);
    let text = `<h2>${escapeHtml(routine.name)}</h2><p class="filename">${escapeHtml(file.name)}</p>\n`;
    text += '<pre onClick="pprof_toggle_asm(event)">\n';
    text += escapeHtml(`  Total:  ${format(routine.flat)} ${format(routine.cum)} (flat, cum) ${share}`);
    for (let line = routine.begin; line < routine.end; line++) {
      const addresses = file.lines.get(line) ?? [];
      let source = this.#reader.line(file.name, line);
      if (source === undefined) {
        if (addresses.length === 0) continue;
        source = line === 0 ? '<instructions with unknown line numbers>' : '???';
      }
      text += this.#line(line, source, addresses);
    }
    return `${text}\n</pre>\n`;
  }

  #line(line: number, source: string, addresses: readonly LineAddress[]): string {
    let flat = this.#zero;
    let cum = this.#zero;
    for (const { address } of addresses) {
      flat = add64(flat, this.#flatOf(address));
      cum = add64(cum, this.#cumOf(address));
    }
    const nested = addresses.some(({ calls }) => calls.length > 0);
    const kind = addresses.length === 0 ? 'nop' : nested ? 'livesrc' : 'deadsrc';
    const values = [flat, cum].map((value) => valueOrDot(value, this.#format).padStart(10)).join(' ');
    const row = escapeHtml(`  ${values} ${' '.repeat(8)}  ${source} `);
    const head = `\n<span class=line> ${String(line).padStart(6)}</span> <span class=${kind}>${row}</span>`;
    return nested ? `${head}<span class=asm>${this.#calls(source, addresses)}</span>` : head;
  }

  /** The calls that were inlined into a line. */
  #calls(source: string, addresses: readonly LineAddress[]): string {
    const indent = indentation(source);
    let text = '';
    let previous: LineAddress | undefined;
    for (const one of addresses) {
      // Addresses that do not follow each other stand apart.
      if (previous !== undefined && one.address !== previous.address + 1n) {
        text += ` ${' '.repeat(8)} ${'⋮'.padStart(28)}\n`;
      }
      let open = previous?.calls ?? [];
      for (const [depth, call] of one.calls.entries()) {
        const same = open[depth];
        if (same !== undefined && same.file === call.file && same.line === call.line) continue;
        open = [];
        const code =
          ' '.repeat(indent + 4 + 4 * depth) + (this.#reader.line(call.file, call.line) ?? '').trim();
        text += ` ${' '.repeat(8)} ${' '.repeat(10)} ${' '.repeat(10)} ${' '.repeat(8)}  `;
        text += `<span class=inlinesrc>${escapeHtml(padRight(code, 80))}</span> `;
        text += `<span class=unimportant>${escapeHtml(baseName(call.file))}:${call.line}</span>\n`;
      }
      previous = one;
    }
    return text;
  }
}

/** The page, in chunks. Throws {@link PrepareError} at once where nothing matches. */
export function printWeblist(report: PreparedReport, context: ReportContext): Iterable<string> {
  return new Listing(report, context).page(context);
}

const escapes: Readonly<Record<string, string>> = {
  '\0': '\ufffd',
  '"': '&#34;',
  '&': '&amp;',
  "'": '&#39;',
  '+': '&#43;',
  '<': '&lt;',
  '>': '&gt;',
};

function escapeHtml(text: string): string {
  return text.replace(/[\0"&'+<>]/g, (char) => escapes[char] ?? char);
}

/** Column where the code of a line begins. */
function indentation(line: string): number {
  let column = 0;
  for (const char of line) {
    if (char === ' ') column++;
    else if (char === '\t') column += 8 - (column % 8);
    else break;
  }
  return column;
}

/** Pads to `width` columns, tabs made blanks. */
function padRight(text: string, width: number): string {
  let out = '';
  let column = 0;
  for (const char of text) {
    column++;
    if (char !== '\t') {
      out += char;
      continue;
    }
    out += ' ';
    for (; column % 8 !== 0; column++) out += ' ';
  }
  return out + ' '.repeat(Math.max(0, width - column));
}

const style = `  <style>
body { font-family: sans-serif; color: #222; }
h1 { font-size: 1.5em; }
h2 { font-size: 1.2em; margin: 1.2em 0 0.2em; }
.legend { font-size: 1.2em; }
.filename { margin: 0; color: #666; }
.line { color: #999; }
.nop { color: #888; }
.unimportant { color: #aaa; }
.inlinesrc { color: #006; }
.livesrc { color: #00f; cursor: pointer; }
.livesrc:hover { background: #eef; }
.deadsrc:hover { background: #eee; }
.asm { color: #080; display: none; }
</style>
`;
const script = `  <script>
function pprof_toggle_asm(event) {
  let line = event.target;
  while (line && !/\\b(livesrc|asm)\\b/.test(line.className || '')) line = line.parentElement;
  if (!line || line.className === 'asm') return;
  const code = line.nextElementSibling;
  if (code && code.className === 'asm') code.style.display = code.style.display === 'block' ? '' : 'block';
}
</script>
`;
