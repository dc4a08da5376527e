// austin's binary form, MOJO: events of a byte and their fields, from texts and frames that are named once to the samples of threads.
// Source: the page "The MOJO file format" of austin's wiki, and the reader of the package austin-python 2.4, for versions 1 to 4.
import { decodeText } from '../bytes/utf8.ts';
import { ProfileError } from '../errors.ts';
import type { Profile } from '../profile.ts';
import { AUSTIN, AustinSamples } from './austin-samples.ts';
import type { ProfileFormat } from './format.ts';

const NAME = `${AUSTIN}'s binary form (MOJO)`;
const NEWEST = 4;
const MAX_VALUE = 2 ** 53;

/** A sample whose metrics have not come yet. */
interface Open {
  readonly pid: number;
  readonly thread: number;
  readonly frames: number[];
  /** The stack that its frames go on from; -1 for none. */
  base: number;
  time: number;
  memory: number;
  isIdle: boolean;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #samples: AustinSamples;
  readonly #version: number;
  /** By process and key: a key is the bytes of its number, which may have 64 bits. */
  readonly #texts = new Map<string, string>();
  readonly #frames = new Map<string, number>();
  /** The stack of the last sample of each thread. */
  readonly #last = new Map<number, number>();
  #open: Open | null = null;
  /** Frames to come that belong to a task that waits, and not to the sample. */
  #ofTask = 0;
  #at: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#samples = new AustinSamples(bytes.length);
    this.#at = 3;
    this.#version = bytes.length > 3 ? this.#number() : 0;
    if (this.#version < 1 || this.#version > NEWEST)
      throw new ProfileError(
        'PROFILE_MALFORMED',
        `${NAME}: version ${this.#version} is not known, only 1 to ${NEWEST}: convert it with austin's mojo2austin`,
      );
  }

  read(): Profile {
    while (this.#at < this.#bytes.length) {
      const start = this.#at;
      try {
        this.#event();
      } catch (error) {
        if (!(error instanceof ProfileError)) throw error;
        const { message } = error;
        this.#samples.passed.add('event', () => `byte ${start}: ${message}`);
        // What the unfinished event says of the sample is not known.
        break;
      }
    }
    this.#close();
    return this.#samples.finish();
  }

  #event(): void {
    const kind = this.#bytes[this.#at++];
    switch (kind) {
      case 1: {
        const key = this.#text();
        const value = this.#text();
        if (key === 'mode') this.#samples.mode(value);
        return;
      }
      case 2:
        return this.#sample();
      case 3:
        return this.#frame();
      case 4:
        return this.#push(this.#samples.frame('INVALID', '', 0));
      case 5:
        return this.#frameNamed(this.#key());
      case 6:
        return this.#push(this.#samples.frame(this.#text(), 'kernel', 0));
      case 7:
        return this.#push(this.#samples.frame('GC', '', 0));
      case 8:
        if (this.#open !== null) this.#open.isIdle = true;
        return;
      case 9:
      case 10: {
        const value = this.#number();
        if (this.#open === null || Math.abs(value) > MAX_VALUE) return;
        if (kind === 9) this.#open.time = value;
        else this.#open.memory = value;
        return;
      }
      case 11: {
        const key = this.#key();
        this.#texts.set(key, this.#text());
        return;
      }
      case 12:
        this.#key();
        return;
      case 13:
        return this.#repeat();
      case 14:
        // A task that waits: its number, its name and how many frames it has.
        this.#number();
        this.#number();
        this.#ofTask = this.#number();
        return;
      case 15:
        this.#number();
        this.#number();
        return;
      case 16:
        this.#number();
        return;
      default:
        throw new ProfileError(
          'PROFILE_MALFORMED',
          `${kind ?? 0} is no kind of event that is known, and nothing behind it is read`,
        );
    }
  }

  #sample(): void {
    const pid = this.#number();
    if (this.#version >= 3) this.#number();
    const thread = this.#text();
    this.#close();
    // Numbers of threads are written with digits to the base of 16.
    const tid = /^[0-9a-f]{1,12}$/i.test(thread) && thread !== '0' ? Number.parseInt(thread, 16) : thread;
    this.#open = {
      pid,
      thread: this.#samples.thread(pid, tid),
      frames: [],
      base: -1,
      time: 0,
      memory: 0,
      isIdle: false,
    };
    this.#ofTask = 0;
  }

  /** The sample is whole: it ends where the next one begins. */
  #close(): void {
    const open = this.#open;
    if (open === null) return;
    let stack = open.base < 0 ? open.thread : open.base;
    for (const frame of open.frames) stack = this.#samples.call(stack, frame);
    this.#samples.add(stack, open.time, open.memory, open.isIdle);
    this.#last.set(open.thread, stack);
    this.#open = null;
  }

  #frame(): void {
    const key = this.#key();
    const file = this.#textNamed(this.#key());
    const name = this.#textNamed(this.#key());
    const line = this.#number();
    // Where the line ends, and columns.
    if (this.#version >= 2) for (let i = 0; i < 3; i++) this.#number();
    this.#frames.set(key, this.#samples.frame(name, file, line));
  }

  /** Below the frames of this sample lie those of the thread's last one, but for native ones that have returned. */
  #repeat(): void {
    const last = this.#open === null ? undefined : this.#last.get(this.#open.thread);
    if (this.#open === null || last === undefined) return;
    const isNative = (file: string): boolean => !/\.py$|^<[^]*>$/.test(file);
    this.#open.base = this.#samples.without(last, isNative);
  }

  #frameNamed(key: string): void {
    if (this.#ofTask > 0) {
      this.#ofTask--;
      return;
    }
    this.#push(this.#frames.get(key) ?? this.#samples.frame('<unknown>', '', 0));
  }

  #push(frame: number): void {
    this.#open?.frames.push(frame);
  }

  #textNamed(key: string): string {
    return this.#texts.get(key) ?? (key.endsWith(' \u0001') ? '<unknown>' : '');
  }

  /** Keys are those of the process that is being sampled. */
  #key(): string {
    const start = this.#at;
    this.#number();
    let key = `${this.#open?.pid ?? 0} `;
    for (let at = start; at < this.#at; at++) key += String.fromCharCode(this.#bytes[at] as number);
    return key;
  }

  #text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw this.#cut();
    const text = decodeText(this.#bytes, this.#at, end);
    this.#at = end + 1;
    return text;
  }

  /** A number with its sign in the first byte, which holds six bits of it; each further one holds seven. */
  #number(): number {
    let value = 0;
    let factor = 1;
    let sign = 1;
    for (let i = 0; ; i++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || i > 10) throw this.#cut();
      if (i === 0 && (byte & 0x40) !== 0) sign = -1;
      value += (byte & (i === 0 ? 0x3f : 0x7f)) * factor;
      factor *= i === 0 ? 64 : 128;
      if (byte < 0x80) return sign * value;
    }
  }

  #cut(): ProfileError {
    return new ProfileError('PROFILE_TRUNCATED', 'the file ends within it');
  }
}

function sniff(bytes: Uint8Array): boolean {
  return bytes[0] === 0x4d && bytes[1] === 0x4f && bytes[2] === 0x4a;
}

/** As austin's text. */
export const austinMojo: ProfileFormat = { name: NAME, sniff, read: (bytes) => new Reader(bytes).read() };
