// Logs of `node --prof` and `d8 --prof`: where code was put, and at which addresses ticks found it. Source: V8's tools/tickprocessor.
import { ProfileBuilder } from '../builder.ts';
import { LineReader } from '../bytes/lines.ts';
import type { Profile } from '../profile.ts';
import { scriptFilename } from '../script-filename.ts';
import { CallTree, FrameBudget } from './call-tree.ts';
import type { ProfileFormat } from './format.ts';
import { FrameTable } from './frame-table.ts';
import { PassedOver, quotedPiece } from './passed-over.ts';

const NAME = 'V8 log';
const PAGE = 4096;
/** Larger pieces of code are cut: a line of the log should cost no more than a few hundred pages. */
const MOST_CODE = 1 << 20;
const MOST_LIBRARIES = 4096;
/** States of the machine in which a tick may find it. */
const GC = 1;
const IDLE = 8;
/** What collects garbage has no code in the log. */
const COLLECTOR = '(garbage collector)';
/** Frames of one tick. */
const MOST_FRAMES = 4096;

/** Code that a function was compiled to, or bytecode. */
interface Code {
  readonly start: number;
  readonly end: number;
  /** -1 for the interpreter, which is nobody's code. */
  readonly frame: number;
}

/** Code by address: pages of it, in which no two pieces overlap. */
class CodeMap {
  readonly #pages = new Map<number, Code[]>();

  add(code: Code): void {
    for (let page = Math.floor(code.start / PAGE); page * PAGE < code.end; page++) {
      const there = (this.#pages.get(page) ?? []).filter(
        ({ start, end }) => end <= code.start || start >= code.end,
      );
      there.push(code);
      this.#pages.set(page, there);
    }
  }

  find(address: number): Code | null {
    const page = this.#pages.get(Math.floor(address / PAGE));
    return page?.find(({ start, end }) => address >= start && address < end) ?? null;
  }

  remove(code: Code): void {
    for (let page = Math.floor(code.start / PAGE); page * PAGE < code.end; page++) {
      const there = this.#pages.get(page)?.filter((one) => one !== code) ?? [];
      if (there.length === 0) this.#pages.delete(page);
      else this.#pages.set(page, there);
    }
  }
}

/** The fields of a line, whose commas are escaped. */
function fieldsOf(line: string): string[] {
  return line.split(',');
}

/** The fields of a line of V8 before 6.5, which put texts in quotes. Source: V8's tools/csvparser.js of that time. */
function quotedFieldsOf(line: string): string[] {
  return Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"(?=,|$)|([^,]*))/g), ([, quoted, plain = '']) =>
    quoted === undefined ? plain : quoted.replaceAll('""', '"'),
  );
}

function unescaped(field: string): string {
  if (!field.includes('\\')) return field;
  return field.replace(
    /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(.))/g,
    (_, two?: string, four?: string, one?: string) =>
      one === undefined
        ? String.fromCharCode(Number.parseInt(two ?? four ?? '0', 16))
        : one === 'n'
          ? '\n'
          : one,
  );
}

/** An address, `0x…`; NaN where it is none. */
function addressOf(field: string | undefined): number {
  return field !== undefined && /^(?:0x)?[0-9a-f]{1,13}$/i.test(field) ? Number.parseInt(field, 16) : NaN;
}

class Reader {
  readonly #bytes: number;
  readonly #lines: LineReader;
  readonly #codes = new CodeMap();
  readonly #libraries: Code[] = [];
  readonly #frames = new FrameTable();
  readonly #tree = new CallTree();
  readonly #root = this.#tree.root();
  readonly #passed = new PassedOver();
  #interval = 1000;
  #fieldsOf = fieldsOf;
  #idle = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.length;
    this.#lines = new LineReader(bytes);
  }

  read(): Profile {
    while (this.#lines.next()) {
      const { line } = this.#lines;
      const comma = line.indexOf(',');
      // Most of a log is the text of scripts.
      const read = this.#readers.get(comma < 0 ? line : line.slice(0, comma));
      if (read !== undefined && !read(this.#fieldsOf(line)))
        this.#passed.add('line', () => `line ${this.#lines.number}: ${quotedPiece(line)}`);
    }
    return this.#write();
  }

  readonly #readers = new Map<string, (fields: readonly string[]) => boolean>([
    ['v8-version', ([, major, minor]) => this.#version(Number(major), Number(minor))],
    ['shared-library', (fields) => this.#library(fields)],
    ['code-creation', (fields) => this.#create(fields)],
    ['code-move', ([, from, to]) => this.#move(addressOf(from), addressOf(to))],
    ['code-delete', ([, at]) => this.#delete(addressOf(at))],
    ['profiler', ([, what, interval]) => this.#begin(what, interval)],
    ['tick', (fields) => this.#tick(fields)],
  ]);

  #version(major: number, minor: number): boolean {
    if (major < 6 || (major === 6 && minor < 5)) this.#fieldsOf = quotedFieldsOf;
    return true;
  }

  #library([, name = '', from, to]: readonly string[]): boolean {
    const start = addressOf(from);
    const end = addressOf(to);
    // One without code.
    if (start === end) return true;
    if (!(start < end) || this.#libraries.length === MOST_LIBRARIES) return false;
    const base = unescaped(name).split(/[/\\]/).at(-1) ?? '';
    this.#libraries.push({ start, end, frame: this.#frames.add(`[${base}]`, '', 0, 0) });
    return true;
  }

  #create([, type = '', , , at, length, name = '']: readonly string[]): boolean {
    const start = addressOf(at);
    const size = Number(length);
    if (Number.isNaN(start) || !(size > 0)) return false;
    const frame = type === 'BytecodeHandler' ? -1 : this.#frame(type, unescaped(name));
    this.#codes.add({ start, end: start + Math.min(size, MOST_CODE), frame });
    return true;
  }

  /** `name file:line:column`, or a name alone for what V8 brings along. */
  #frame(type: string, name: string): number {
    const place = /:(\d{1,9}):(\d{1,9})$/.exec(name);
    if (place === null) return this.#frames.add(name === '' ? `(${type})` : name, '', 0, 0);
    const [, line = '0', column = '0'] = place;
    const text = name.slice(0, place.index);
    // Names of functions may hold blanks, `get x`, and so may paths: these begin with a slash, a scheme or a drive.
    const blank = /^(?:[^/]*? )?(?=\/|[A-Za-z][\w+.-]*:)/.exec(text)?.[0].length ?? text.lastIndexOf(' ') + 1;
    const file = scriptFilename(text.slice(blank));
    return this.#frames.add(text.slice(0, blank).trim(), file, Number(line), Number(column));
  }

  #move(from: number, to: number): boolean {
    const code = this.#codes.find(from);
    if (code === null || code.start !== from || Number.isNaN(to)) return !Number.isNaN(from + to);
    this.#codes.remove(code);
    this.#codes.add({ start: to, end: to + code.end - code.start, frame: code.frame });
    return true;
  }

  #delete(at: number): boolean {
    const code = this.#codes.find(at);
    if (code !== null && code.start === at) this.#codes.remove(code);
    return !Number.isNaN(at);
  }

  #begin(what = '', interval = ''): boolean {
    const micros = Number(interval);
    if (what === 'begin' && micros > 0 && micros <= 1e9) this.#interval = micros;
    return true;
  }

  /** `tick,pc,time,in a callback,top of stack or callback,state,caller,…`; callers may be distances from the one before. */
  #tick([, at, , external, top, state, ...callers]: readonly string[]): boolean {
    let pc = addressOf(at);
    if (Number.isNaN(pc) || state === undefined) return false;
    if (Number(state) === IDLE) {
      this.#idle++;
      return true;
    }
    const above = addressOf(top);
    const inCallback = external === '1' && above > 0;
    if (inCallback) pc = above;
    const stack = [this.#at(pc)];
    // Where a function was entered without a frame of its own, its caller is on top of the stack.
    if (!inCallback && above > 0) stack.push(this.#codes.find(above)?.frame ?? -1);
    let before = pc;
    for (const caller of callers.slice(0, MOST_FRAMES)) {
      const distance = /^([-+])([0-9a-f]{1,13})$/i.exec(caller);
      const address =
        distance === null
          ? addressOf(caller)
          : before + (distance[1] === '-' ? -1 : 1) * Number.parseInt(distance[2] ?? '0', 16);
      if (Number.isNaN(address)) continue;
      before = address;
      stack.push(this.#codes.find(address)?.frame ?? -1);
    }
    this.#add(stack, Number(state) === GC);
    return true;
  }

  /** The frame at an address that was executed: also in a library. */
  #at(pc: number): number {
    const code =
      this.#codes.find(pc) ?? this.#libraries.findLast(({ start, end }) => pc >= start && pc < end);
    return code?.frame ?? -1;
  }

  /** @param stack leaf first; -1 for what nobody knows */
  #add(stack: readonly number[], isGc: boolean): void {
    let node = this.#root;
    let last = -1;
    for (const frame of [...stack].reverse()) {
      // Bytecode and what interprets it are one call.
      if (frame >= 0 && frame !== last) node = this.#tree.child(node, frame);
      if (frame >= 0) last = frame;
    }
    if (isGc) node = this.#tree.child(node, this.#frames.add(COLLECTOR, '', 0, 0));
    else if (node === this.#root) node = this.#tree.child(node, this.#frames.add('(program)', '', 0, 0));
    this.#tree.add(node, 0, 1);
    this.#tree.add(node, 1, this.#interval * 1000);
  }

  #write(): Profile {
    const cpu = { type: 'cpu', unit: 'nanoseconds' };
    const builder = new ProfileBuilder({
      sampleTypes: [{ type: 'samples', unit: 'count' }, cpu],
      periodType: cpu,
      period: Math.round(this.#interval * 1000),
    });
    if (this.#idle > 0)
      builder.comment(`(idle) is left out: ${this.#idle} samples in which the event loop waited`);
    this.#passed.tell(builder);
    const location = (frame: number): number =>
      this.#frames.location(builder, frame, this.#frames.line(frame));
    this.#tree.write(builder, 2, location, new FrameBudget(this.#bytes, `${NAME}: stacks`));
    return builder.build();
  }
}

/** Logs of V8: samples/count and cpu/nanoseconds. */
export const nodeProf: ProfileFormat = {
  name: NAME,
  sniff: (_bytes, head) => /^v8-version,\d+,\d+,/.test(head),
  read: (bytes) => new Reader(bytes).read(),
};
