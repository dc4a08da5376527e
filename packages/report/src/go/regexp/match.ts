// Decides whether a text matches, in time linear in the text whatever the expression (a deterministic automaton built lazily
// over a Thompson automaton, as RE2 does).
import { asciiWord, CharSet } from './charset.ts';
import type { Assertion, Node } from './parse.ts';
import { ThreadSet } from './threads.ts';

const SET = 0;
const SPLIT = 1;
const ASSERT = 2;
const MATCH = 3;

const assertions: readonly Assertion[] = ['beginText', 'endText', 'beginLine', 'endLine', 'word', 'noWord'];

/** What precedes a place. */
const AT_START = 0;
const AFTER_LINE = 1;
const AFTER_WORD = 2;
const AFTER_OTHER = 3;

/** Next states of the automaton that are none. */
const UNKNOWN = -1;
const ACCEPT = -2;

/** Above this many states the automaton starts over. */
const MAX_STATES = 2000;

interface State {
  /** Threads of the Thompson automaton; conditions are not yet decided. */
  readonly threads: Int32Array;
  readonly before: number;
  readonly next: Int32Array;
}

function grown<T extends Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(array: T, larger: T): T {
  larger.set(array);
  return larger;
}

/** A compiled expression. */
export class Automaton {
  /** The program: what each instruction does, where it goes on, and its set, condition or second way. */
  #op = new Uint8Array(64);
  #out = new Int32Array(64);
  #other = new Int32Array(64);
  #length = 0;
  readonly #sets: CharSet[] = [];
  readonly #setByRanges = new Map<string, number>();
  readonly #start: number;
  #conditions = false;
  /** Class of each ASCII character, and starts of ranges with their classes for the rest. */
  readonly #ascii: Uint16Array = new Uint16Array(128);
  readonly #bounds: Int32Array;
  readonly #boundClass: Int32Array;
  readonly #classes: number;
  /** Is set i satisfied by class c? */
  readonly #member: Uint8Array;
  /** What follows a character of each class. */
  readonly #kind: Uint8Array;
  /** The threads before and behind the character that is read. */
  readonly #threads: ThreadSet;
  readonly #next: ThreadSet;
  #states: State[] = [];
  #byKey = new Map<string, number>();
  #first = 0;

  constructor(node: Node) {
    const match = this.#emit(MATCH, 0, 0);
    this.#start = this.#compile(node, match);
    this.#threads = new ThreadSet(this.#length);
    this.#next = new ThreadSet(this.#length);
    // Split the alphabet where any set begins or ends.
    const cuts = new Set([0]);
    const special = this.#conditions ? [CharSet.of(10, 10), asciiWord] : [];
    for (const set of [...this.#sets, ...special]) {
      for (let i = 0; i < set.ranges.length; i += 2) {
        cuts.add(set.ranges[i] as number);
        cuts.add((set.ranges[i + 1] as number) + 1);
      }
    }
    this.#bounds = Int32Array.from(cuts).sort();
    this.#boundClass = new Int32Array(this.#bounds.length);
    const classOf = new Map<string, number>();
    const points: number[] = [];
    this.#bounds.forEach((point, i) => {
      const members = [...this.#sets, ...special].map((set) => (set.has(point) ? '1' : '0')).join('');
      let id = classOf.get(members);
      if (id === undefined) {
        id = points.length;
        classOf.set(members, id);
        points.push(point);
      }
      this.#boundClass[i] = id;
    });
    this.#classes = points.length;
    this.#member = new Uint8Array(this.#sets.length * this.#classes);
    this.#kind = new Uint8Array(this.#classes);
    points.forEach((point, c) => {
      this.#sets.forEach((set, i) => {
        this.#member[i * this.#classes + c] = set.has(point) ? 1 : 0;
      });
      this.#kind[c] = this.#kindOf(point);
    });
    for (let point = 0; point < 128; point++) this.#ascii[point] = this.#search(point);
    this.#reset();
  }

  /** Is there a match anywhere in `text`? */
  test(text: string): boolean {
    let state = this.#first;
    for (let i = 0; i < text.length; i++) {
      let point = text.charCodeAt(i);
      let c: number;
      if (point < 128) c = this.#ascii[point] as number;
      else {
        if (point >= 0xd800 && point <= 0xdfff) {
          point = text.codePointAt(i) as number;
          // A byte that is not UTF-8 is U+FFFD to Go.
          if (point > 0xffff) i++;
          else point = 0xfffd;
        }
        c = this.#search(point);
      }
      let next = (this.#states[state] as State).next[c] as number;
      if (next === UNKNOWN) next = this.#step(state, c);
      if (next === ACCEPT) return true;
      state = next;
    }
    let end = (this.#states[state] as State).next[this.#classes] as number;
    if (end === UNKNOWN) end = this.#step(state, this.#classes);
    return end === ACCEPT;
  }

  #kindOf(point: number): number {
    if (!this.#conditions) return AFTER_OTHER;
    return point === 10 ? AFTER_LINE : asciiWord.has(point) ? AFTER_WORD : AFTER_OTHER;
  }

  #search(point: number): number {
    let low = 0;
    let high = this.#bounds.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#bounds[middle] as number) <= point) low = middle;
      else high = middle - 1;
    }
    return this.#boundClass[low] as number;
  }

  #emit(op: number, out: number, other: number): number {
    const at = this.#length++;
    if (at === this.#op.length) {
      this.#op = grown(this.#op, new Uint8Array(at * 2));
      this.#out = grown(this.#out, new Int32Array(at * 2));
      this.#other = grown(this.#other, new Int32Array(at * 2));
    }
    this.#op[at] = op;
    this.#out[at] = out;
    this.#other[at] = other;
    return at;
  }

  /** Adds states for `node` that go on to `next`; answers where they begin. */
  #compile(node: Node, next: number): number {
    switch (node.op) {
      case 'empty':
        return next;
      case 'set': {
        const key = node.set.ranges.join();
        let index = this.#setByRanges.get(key);
        if (index === undefined) {
          index = this.#sets.push(node.set) - 1;
          this.#setByRanges.set(key, index);
        }
        return this.#emit(SET, next, index);
      }
      case 'assert':
        this.#conditions = true;
        return this.#emit(ASSERT, next, assertions.indexOf(node.what));
      case 'concat': {
        let at = next;
        for (let i = node.subs.length - 1; i >= 0; i--) at = this.#compile(node.subs[i] as Node, at);
        return at;
      }
      case 'alternate': {
        let at = this.#compile(node.subs[node.subs.length - 1] as Node, next);
        for (let i = node.subs.length - 2; i >= 0; i--) {
          at = this.#emit(SPLIT, this.#compile(node.subs[i] as Node, next), at);
        }
        return at;
      }
      case 'repeat': {
        let at = next;
        if (node.max < 0) {
          const loop = this.#emit(SPLIT, 0, next);
          this.#out[loop] = this.#compile(node.sub, loop);
          at = loop;
        } else {
          for (let i = node.min; i < node.max; i++) at = this.#emit(SPLIT, this.#compile(node.sub, at), next);
        }
        for (let i = 0; i < node.min; i++) at = this.#compile(node.sub, at);
        return at;
      }
    }
  }

  #reset(): void {
    this.#states = [];
    this.#byKey = new Map();
    this.#next.clear();
    this.#add(this.#next, this.#start);
    this.#first = this.#state(this.#next, AT_START);
  }

  /** Adds a thread and all that it reaches without reading or deciding anything. */
  #add(threads: ThreadSet, from: number): void {
    const todo = [from];
    for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
      if (threads.has(at)) continue;
      threads.add(at);
      if (this.#op[at] === SPLIT) todo.push(this.#other[at] as number, this.#out[at] as number);
    }
  }

  #state(threads: ThreadSet, before: number): number {
    const all = new Int32Array(threads.size);
    let length = 0;
    for (let i = 0; i < threads.size; i++) {
      const thread = threads.at(i);
      if (this.#op[thread] !== SPLIT) all[length++] = thread;
    }
    const useful = all.slice(0, length).sort();
    const key = `${before}:${useful.join()}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const index = this.#states.length;
    this.#states.push({ threads: useful, before, next: new Int32Array(this.#classes + 1).fill(UNKNOWN) });
    this.#byKey.set(key, index);
    return index;
  }

  /** Reads a character of class `c` (or the end) in a state; answers the next state or ACCEPT. */
  #step(from: number, c: number): number {
    const state = this.#states[from] as State;
    const atEnd = c === this.#classes;
    // Decide the conditions, now that both neighbours are known.
    const threads = this.#threads;
    threads.clear();
    for (const thread of state.threads) threads.add(thread);
    // What is added here is looked at as well.
    for (let i = 0; i < threads.size; i++) {
      const thread = threads.at(i);
      if (
        this.#op[thread] === ASSERT &&
        this.#holds(this.#other[thread] as number, state.before, atEnd ? -1 : c)
      ) {
        this.#add(threads, this.#out[thread] as number);
      }
    }
    let result = ACCEPT;
    if (!threads.has(0)) {
      const next = this.#next;
      next.clear();
      if (!atEnd) {
        for (let i = 0; i < threads.size; i++) {
          const thread = threads.at(i);
          if (this.#op[thread] !== SET) continue;
          const set = this.#other[thread] as number;
          if (this.#member[set * this.#classes + c] === 1) this.#add(next, this.#out[thread] as number);
        }
        this.#add(next, this.#start);
      }
      if (next.has(0)) result = ACCEPT;
      else {
        if (this.#states.length >= MAX_STATES) {
          const kept = Array.from({ length: next.size }, (_, i) => next.at(i));
          this.#reset();
          next.clear();
          for (const thread of kept) next.add(thread);
          return this.#state(next, atEnd ? AFTER_OTHER : (this.#kind[c] as number));
        }
        result = this.#state(next, atEnd ? AFTER_OTHER : (this.#kind[c] as number));
      }
    }
    state.next[c] = result;
    return result;
  }

  #holds(what: number, before: number, c: number): boolean {
    const after = c < 0 ? AT_START : (this.#kind[c] as number);
    switch (assertions[what]) {
      case 'beginText':
        return before === AT_START;
      case 'endText':
        return c < 0;
      case 'beginLine':
        return before === AT_START || before === AFTER_LINE;
      case 'endLine':
        return c < 0 || after === AFTER_LINE;
      case 'word':
        return (before === AFTER_WORD) !== (after === AFTER_WORD);
      default:
        return (before === AFTER_WORD) === (after === AFTER_WORD);
    }
  }
}
