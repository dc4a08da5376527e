// Files of Valgrind's callgrind and cachegrind, and of Xdebug and others that write the same: costs of functions, line by line,
// and of the calls between them. Source: "Callgrind Format Specification" of Valgrind's manual.
import { ProfileBuilder } from '../builder.ts';
import { LineReader } from '../bytes/lines.ts';
import type { Profile, ValueType } from '../profile.ts';
import { FrameBudget } from './call-tree.ts';
import { CallFlow, type FlowFunction } from './call-flow.ts';
import type { ProfileFormat } from './format.ts';
import { FrameTable } from './frame-table.ts';
import { PassedOver, quotedPiece } from './passed-over.ts';

const NAME = 'callgrind';
const MOST_EVENTS = 64;
const MAX_LINE = 2 ** 31 - 2;

/** A column of costs; `factor` makes its unit of what the file counts. */
interface CostType {
  readonly type: ValueType;
  readonly factor: number;
}

function costType(event: string): CostType {
  const time = /^Time_\((\d{1,6})(ns|us|\u00b5s)\)$/.exec(event);
  if (time !== null) {
    const factor = Number(time[1]) * (time[2] === 'ns' ? 1 : 1000);
    return { type: { type: 'time', unit: 'nanoseconds' }, factor };
  }
  if (/^Memory(?:_\(bytes\))?$/.test(event)) return { type: { type: 'memory', unit: 'bytes' }, factor: 1 };
  return { type: { type: event, unit: 'count' }, factor: 1 };
}

/** Names that are given numbers when they come for the first time: `fn=(7) main`, then `fn=(7)`. */
class Names {
  readonly #names = new Map<string, string>();

  read(text: string): string {
    const compressed = /^\((\d{1,10})\)(?:\s+(.*))?$/.exec(text);
    if (compressed === null) return text;
    const [, number = '', name] = compressed;
    if (name !== undefined) this.#names.set(number, name);
    return this.#names.get(number) ?? `(${number})`;
  }
}

class Reader {
  readonly #lines: LineReader;
  readonly #bytes: number;
  readonly #files = new Names();
  readonly #functionNames = new Names();
  readonly #objects = new Names();
  readonly #functions = new Map<string, FlowFunction>();
  readonly #frames = new FrameTable();
  readonly #passed = new PassedOver();
  #types: CostType[] = [];
  #positions = 1;
  /** Where in a position the line stands. */
  #lineAt = 0;
  readonly #last: number[] = [];
  #file = '';
  #object = '';
  #current: FlowFunction | null = null;
  #calleeFile: string | null = null;
  #calleeObject: string | null = null;
  #callee: FlowFunction | null = null;
  /** The next line of costs is those of a call. */
  #isCall = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.length;
    this.#lines = new LineReader(bytes);
  }

  read(): Profile {
    const lines = this.#lines;
    while (lines.next()) {
      const line = lines.line.trim();
      if (line === '' || line.startsWith('#')) continue;
      if (/^[-+*\d]/.test(line)) this.#readCosts(line);
      else if (!this.#readWord(line)) this.#passOver(line);
    }
    return this.#write();
  }

  #passOver(line: string): void {
    this.#passed.add('line', () => `line ${this.#lines.number}: ${quotedPiece(line)}`);
  }

  /** @returns false where the line is none of the format's */
  #readWord(line: string): boolean {
    const word = /^([a-z]+)([:=])\s*(.*)$/i.exec(line);
    if (word === null) return false;
    const [, key = '', sign = '', text = ''] = word;
    if (sign === ':') this.#readHeader(key, text);
    else this.#readName(key, text);
    return true;
  }

  #readHeader(key: string, text: string): void {
    const words = text.split(/\s+/).filter((one) => one !== '');
    if (key === 'events' && this.#types.length === 0) this.#types = words.slice(0, MOST_EVENTS).map(costType);
    else if (key === 'positions') {
      this.#positions = Math.max(1, words.length);
      this.#lineAt = Math.max(0, words.indexOf('line'));
    }
  }

  #readName(key: string, text: string): void {
    switch (key) {
      case 'fl':
      case 'fi':
      case 'fe':
        this.#file = this.#files.read(text);
        break;
      case 'ob':
        this.#object = this.#objects.read(text);
        break;
      case 'fn':
        this.#current = this.#function(this.#functionNames.read(text), this.#file, this.#object);
        break;
      case 'cfi':
      case 'cfl':
        this.#calleeFile = this.#files.read(text);
        break;
      case 'cob':
        this.#calleeObject = this.#objects.read(text);
        break;
      case 'cfn':
        this.#callee = this.#function(
          this.#functionNames.read(text),
          this.#calleeFile ?? this.#file,
          this.#calleeObject ?? this.#object,
        );
        break;
      case 'calls':
        this.#isCall = true;
        break;
    }
  }

  #function(name: string, file: string, object: string): FlowFunction {
    const shown = file === '???' || file === '' ? '' : file;
    const key = JSON.stringify([name, shown, object]);
    let known = this.#functions.get(key);
    if (known === undefined) {
      known = { name, file: shown, self: new Map(), calls: [] };
      this.#functions.set(key, known);
    }
    return known;
  }

  /** A number of a position: whole, or by its distance from the one before. */
  #position(word: string, at: number): number {
    const before = this.#last[at] ?? 0;
    const value =
      word === '*'
        ? before
        : word.startsWith('+') || word.startsWith('-')
          ? before + Number(word)
          : Number(word);
    const next = Number.isFinite(value) ? value : before;
    this.#last[at] = next;
    return next;
  }

  #readCosts(line: string): void {
    const words = line.split(/\s+/);
    const positions = words.slice(0, this.#positions).map((word, i) => this.#position(word, i));
    const at = positions[this.#lineAt] ?? 0;
    const where = Number.isInteger(at) && at > 0 && at <= MAX_LINE ? at : 0;
    const costs = this.#types.map(({ factor }, i) => {
      const cost = Number(words[this.#positions + i] ?? 0);
      return Number.isFinite(cost) ? cost * factor : 0;
    });
    const isCall = this.#isCall;
    this.#isCall = false;
    const { current, callee } = { current: this.#current, callee: this.#callee };
    if (current === null || (isCall && callee === null) || this.#types.length === 0) {
      this.#passOver(line);
      return;
    }
    if (isCall && callee !== null) {
      current.calls.push({ callee, line: where, costs });
      this.#callee = null;
      this.#calleeFile = null;
      this.#calleeObject = null;
      return;
    }
    const known = current.self.get(where);
    if (known === undefined) current.self.set(where, costs);
    else for (const [i, cost] of costs.entries()) known[i] = (known[i] as number) + cost;
  }

  #write(): Profile {
    const types = this.#types.map(({ type }) => type);
    const builder = new ProfileBuilder({ sampleTypes: types, defaultSampleType: types[0]?.type ?? '' });
    this.#passed.tell(builder);
    if ([...this.#functions.values()].some(({ calls }) => calls.length > 0)) {
      builder.comment(
        'the file tells calls, not stacks: what a function spent is shared among its callers by what they spent in it',
      );
    }
    const flow = new CallFlow([...this.#functions.values()], types.length);
    const location = ({ name, file }: FlowFunction, line: number): number => {
      const frame = this.#frames.add(name, file, line, 0);
      return this.#frames.location(builder, frame, 0);
    };
    flow.write(builder, location, new FrameBudget(this.#bytes, `${NAME}: stacks`));
    return builder.build();
  }
}

/** The head names events, and functions or callgrind itself. */
function sniff(_bytes: Uint8Array, head: string): boolean {
  if (head.includes('\0')) return false;
  return /^events?:\s/m.test(head) && /^(?:fn=|# callgrind format|creator:\s)/m.test(head);
}

/** callgrind.out, cachegrind.out: a column for each event. */
export const callgrind: ProfileFormat = { name: NAME, sniff, read: (bytes) => new Reader(bytes).read() };
