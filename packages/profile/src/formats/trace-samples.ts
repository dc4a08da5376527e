// Samples of trace files that have them beside their events: `stackFrames`, each with its caller, and `samples`, which name the
// innermost. Hermes writes them (React Native). Source: "Trace Event Format", JSON Object Format.
import { ProfileBuilder, type SampleLabel } from '../builder.ts';
import type { JsonScanner } from '../bytes/json-scanner.ts';
import type { Profile } from '../profile.ts';
import { scriptFilename } from '../script-filename.ts';
import { CallTree, type FrameBudget } from './call-tree.ts';
import type { FrameTable } from './frame-table.ts';
import type { PassedOver } from './passed-over.ts';
import { MAX_MICROS } from './v8-recording.ts';

const MAX_LINE = 2 ** 31 - 2;

interface TraceFrame {
  /** In the table of frames. */
  readonly frame: number;
  /** '' for none. */
  readonly parent: string;
}

interface TraceSample {
  readonly pid: string;
  readonly tid: string;
  /** Microseconds; NaN where there is none. */
  readonly ts: number;
  readonly frame: string;
}

function lineOf(text: string): number {
  const line = Number(text);
  return Number.isInteger(line) && line > 0 && line <= MAX_LINE ? line : 0;
}

/** The name, file and place in what Hermes calls a frame: `render(/srv/app.js:12:3)`. */
function placeIn(name: string): { name: string; file: string; line: number; column: number } {
  const place = /^([^(]*)\((.+?)(?::(\d{1,9}))?(?::(\d{1,9}))?\)$/.exec(name);
  if (place === null) return { name, file: '', line: 0, column: 0 };
  const [, before = '', file = '', line = '', column = ''] = place;
  if (line === '') return { name, file: '', line: 0, column: 0 };
  return { name: before.trim(), file: scriptFilename(file), line: lineOf(line), column: lineOf(column) };
}

/** Reads both tables, in any order, and makes a profile of them. */
export class TraceSamples {
  readonly #json: JsonScanner;
  readonly #table: FrameTable;
  readonly #passed: PassedOver;
  readonly #frames = new Map<string, TraceFrame>();
  readonly #samples: TraceSample[] = [];
  readonly #tree = new CallTree();
  /** Stacks by thread and frame. */
  readonly #nodes = new Map<string, number>();

  constructor(json: JsonScanner, table: FrameTable, passed: PassedOver) {
    this.#json = json;
    this.#table = table;
    this.#passed = passed;
  }

  /** Samples that can be told. */
  get length(): number {
    return this.#frames.size === 0 ? 0 : this.#samples.length;
  }

  /** The fields of the object at the cursor that are texts or numbers, as texts; null, and skipped, where it is none. */
  #fields(): ReadonlyMap<string, string> | null {
    const json = this.#json;
    if (json.kind() !== 'object') {
      const { at } = json;
      json.skip();
      this.#passed.add('sample', () => `what stands at byte ${at} is no object`);
      return null;
    }
    const fields = new Map<string, string>();
    json.object();
    for (let key = json.key(); key !== null; key = json.key()) {
      const kind = json.kind();
      if (kind === 'string') fields.set(key, json.string());
      else if (kind === 'number') fields.set(key, String(json.number()));
      else json.skip();
    }
    return fields;
  }

  readFrames(): void {
    const json = this.#json;
    if (!json.objectOrNone()) return;
    for (let id = json.key(); id !== null; id = json.key()) {
      const fields = this.#fields();
      if (fields === null) continue;
      const { name, file, line, column } = placeIn(fields.get('name') ?? '');
      const now = lineOf(fields.get('line') ?? '');
      const frame = this.#table.add(
        name,
        file,
        now === 0 ? line : now,
        now === 0 ? column : lineOf(fields.get('column') ?? ''),
      );
      this.#frames.set(id, { frame, parent: fields.get('parent') ?? '' });
    }
  }

  readSamples(): void {
    const json = this.#json;
    if (!json.arrayOrNone()) return;
    while (json.item()) {
      const fields = this.#fields();
      if (fields === null) continue;
      const ts = Number(fields.get('ts') ?? NaN);
      this.#samples.push({
        pid: fields.get('pid') ?? '',
        tid: fields.get('tid') ?? '',
        ts: Math.abs(ts) <= MAX_MICROS ? ts : NaN,
        frame: fields.get('sf') ?? '',
      });
    }
  }

  /** The stack whose innermost frame is `id`; null where that is not there. Callers that are not are left out. */
  #stack(thread: string, root: number, id: string): number | null {
    const path: string[] = [];
    const seen = new Set<string>();
    let node: number | undefined;
    for (let at = id; at !== ''; at = this.#frames.get(at)?.parent ?? '') {
      node = this.#nodes.get(`${thread} ${at}`);
      if (node !== undefined) break;
      if (seen.has(at) || !this.#frames.has(at)) {
        const what = seen.has(at) ? 'is among its own callers' : 'is not there';
        if (at === id && !seen.has(at)) return null;
        this.#passed.add('caller', () => `the frame ${JSON.stringify(at.slice(0, 40))} ${what}`);
        break;
      }
      seen.add(at);
      path.push(at);
    }
    let made = node ?? root;
    for (const at of path.reverse()) {
      made = this.#tree.child(made, this.#frames.get(at)?.frame ?? 0);
      this.#nodes.set(`${thread} ${at}`, made);
    }
    return made;
  }

  /** The samples of each thread. */
  #threads(): Map<string, TraceSample[]> {
    const threads = new Map<string, TraceSample[]>();
    for (const sample of this.#samples) {
      const key = `${sample.pid} ${sample.tid}`;
      const known = threads.get(key);
      if (known === undefined) threads.set(key, [sample]);
      else known.push(sample);
    }
    return threads;
  }

  /**
   * A sample lasts until the next one of its thread, the last one no time.
   *
   * @param labels of a thread of so many
   */
  write(labels: (pid: string, tid: string, of: number) => SampleLabel[], budget: FrameBudget): Profile {
    const time = { type: 'time', unit: 'nanoseconds' };
    const threads = this.#threads();
    let from = Infinity;
    let to = -Infinity;
    for (const [key, samples] of threads) {
      const { pid = '', tid = '' } = samples[0] ?? {};
      const root = this.#tree.root(labels(pid, tid, threads.size));
      const timed = samples.every(({ ts }) => !Number.isNaN(ts));
      if (timed) samples.sort((a, b) => a.ts - b.ts);
      for (const [i, { frame, ts }] of samples.entries()) {
        if (frame === '') continue;
        const node = this.#stack(key, root, frame);
        if (node === null) {
          this.#passed.add(
            'sample',
            () => `one is of the frame ${JSON.stringify(frame.slice(0, 40))}, which is not there`,
          );
          continue;
        }
        const lasted = timed ? (samples[i + 1]?.ts ?? ts) - ts : 0;
        this.#tree.add(node, 0, 1);
        this.#tree.add(node, 1, lasted * 1000);
        if (timed) [from, to] = [Math.min(from, ts), Math.max(to, ts + lasted)];
      }
    }
    const builder = new ProfileBuilder({
      sampleTypes:
        to > from ? [{ type: 'samples', unit: 'count' }, time] : [{ type: 'samples', unit: 'count' }],
    });
    this.#passed.tell(builder);
    const location = (frame: number): number => this.#table.location(builder, frame, 0);
    this.#tree.write(builder, to > from ? 2 : 1, location, budget);
    const micros = to > from ? Math.min(to - from, MAX_MICROS) : 0;
    return { ...builder.build(), durationNanos: BigInt(Math.round(micros)) * 1000n };
  }
}
