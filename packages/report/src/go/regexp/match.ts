// Decides whether a text matches, in time linear in the text whatever the expression (a deterministic automaton built lazily
// over a Thompson automaton, as RE2 does).
import { Alphabet, AT_EDGE, END, LINE, WORD } from './alphabet.ts';
import type { CharSet } from './charset.ts';
import type { Assertion, Node } from './parse.ts';
import { ThreadSet } from './threads.ts';

const SET = 0;
const SPLIT = 1;
const ASSERT = 2;
const MATCH = 3;

const assertions: readonly Assertion[] = ['beginText', 'endText', 'beginLine', 'endLine', 'word', 'noWord'];

/** Next states of the automaton that are none. */
const UNKNOWN = -1;
const ACCEPT = -2;

/** With this many states, or this many threads in all of them, the automaton starts over. */
const MAX_STATES = 2000;
const MAX_THREADS = 1_000_000;

interface State {
  /** Threads of the Thompson automaton; conditions are not yet decided. */
  readonly threads: Int32Array;
  readonly before: number;
  /** By the class of what is read. */
  readonly next: Int32Array;
}

function grown<T extends Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(array: T, larger: T): T {
  larger.set(array);
  return larger;
}

/** The code point at `i`; a byte that is not UTF-8 is U+FFFD to Go. */
function pointAt(text: string, i: number): number {
  const point = text.codePointAt(i) as number;
  return point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
}

/** A compiled expression. */
export class Automaton {
  /** The program: what each instruction does, where it goes on, and its set, condition or second way. */
  #op = new Uint8Array(64);
  #out = new Int32Array(64);
  #other = new Int32Array(64);
  #length = 0;
  readonly #sets: CharSet[] = [];
  readonly #setByKey = new Map<string, number>();
  readonly #start: number;
  #conditions = false;
  readonly #alphabet: Alphabet;
  /** The threads before and behind the character that is read. */
  readonly #threads: ThreadSet;
  readonly #after: ThreadSet;
  #states: State[] = [];
  #byKey = new Map<string, number>();
  /** Threads in all states. */
  #held = 0;
  /** For how many classes of characters a state has room. */
  #room = 16;
  #first = 0;

  constructor(node: Node) {
    const match = this.#emit(MATCH, 0, 0);
    this.#start = this.#compile(node, match);
    this.#threads = new ThreadSet(this.#length);
    this.#after = new ThreadSet(this.#length);
    this.#alphabet = new Alphabet(this.#sets, this.#conditions);
    this.#reset();
  }

  /** Is there a match anywhere in `text`? */
  test(text: string): boolean {
    const { ascii } = this.#alphabet;
    let state = this.#first;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      let c = unit < 128 ? (ascii[unit] as number) : END;
      if (c === END) {
        const point = pointAt(text, i);
        if (point > 0xffff) i++;
        c = this.#alphabet.classOf(point);
        if (c >= this.#room) state = this.#widen(state);
      }
      let next = (this.#states[state] as State).next[c] as number;
      if (next === UNKNOWN) next = this.#step(state, c);
      if (next === ACCEPT) return true;
      state = next;
    }
    let end = (this.#states[state] as State).next[END] as number;
    if (end === UNKNOWN) end = this.#step(state, END);
    return end === ACCEPT;
  }

  /** Starts over with room for more classes; answers the number that `from` has then. */
  #widen(from: number): number {
    const { threads, before } = this.#states[from] as State;
    while (this.#room < this.#alphabet.length) this.#room *= 2;
    this.#reset();
    this.#after.clear();
    for (const thread of threads) this.#after.add(thread);
    return this.#state(this.#after, before);
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
        const { key } = node.set;
        let index = this.#setByKey.get(key);
        if (index === undefined) {
          index = this.#sets.push(node.set) - 1;
          this.#setByKey.set(key, index);
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
    this.#held = 0;
    this.#after.clear();
    this.#add(this.#after, this.#start);
    this.#first = this.#state(this.#after, AT_EDGE);
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
    this.#held += length;
    const next = new Int32Array(this.#room).fill(UNKNOWN);
    this.#states.push({ threads: useful, before, next });
    this.#byKey.set(key, index);
    return index;
  }

  /** Reads a character of class `c` (or the end) in a state; answers the next state or ACCEPT. */
  #step(from: number, c: number): number {
    const state = this.#states[from] as State;
    const result = this.#read(this.#decided(state, c), c);
    state.next[c] = result;
    return result;
  }

  /** The threads of a state, and what follows the conditions that hold now that both neighbours are known. */
  #decided(state: State, c: number): ThreadSet {
    const threads = this.#threads;
    threads.clear();
    for (const thread of state.threads) threads.add(thread);
    // What is added here is looked at as well.
    for (let i = 0; i < threads.size; i++) {
      const thread = threads.at(i);
      if (this.#op[thread] === ASSERT && this.#holds(this.#other[thread] as number, state.before, c))
        this.#add(threads, this.#out[thread] as number);
    }
    return threads;
  }

  /** The state after a character of class `c`, or ACCEPT where there is a match before or behind it. */
  #read(threads: ThreadSet, c: number): number {
    if (threads.has(0)) return ACCEPT;
    const after = this.#after;
    after.clear();
    if (c !== END) {
      const member = this.#alphabet.members(c);
      for (let i = 0; i < threads.size; i++) {
        const thread = threads.at(i);
        if (this.#op[thread] === SET && member[this.#other[thread] as number] === 1)
          this.#add(after, this.#out[thread] as number);
      }
      this.#add(after, this.#start);
    }
    if (after.has(0)) return ACCEPT;
    if (this.#states.length >= MAX_STATES || this.#held >= MAX_THREADS) {
      const kept = Array.from({ length: after.size }, (_, i) => after.at(i));
      this.#reset();
      after.clear();
      for (const thread of kept) after.add(thread);
    }
    return this.#state(after, this.#alphabet.kind(c));
  }

  #holds(what: number, before: number, c: number): boolean {
    const after = this.#alphabet.kind(c);
    switch (assertions[what]) {
      case 'beginText':
        return before === AT_EDGE;
      case 'endText':
        return c === END;
      case 'beginLine':
        return before === AT_EDGE || before === LINE;
      case 'endLine':
        return c === END || after === LINE;
      case 'word':
        return (before === WORD) !== (after === WORD);
      default:
        return (before === WORD) === (after === WORD);
    }
  }
}
