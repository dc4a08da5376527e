// Reads JSON that another process has written: each field is what it must be, or one sentence says which one is not.
import { WireError } from './error.ts';

/** Longest text that is taken from another process. */
const LONGEST_TEXT = 4096;

/** An object of somebody else's JSON. `name` is what sentences call it: `counters`, `offers[3]`. */
export class Fields {
  readonly name: string;
  readonly #object: Readonly<Record<string, unknown>>;

  /** @throws {WireError} where `value` is no object */
  constructor(value: unknown, name: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new WireError(`${name}: must be an object, not ${kindOf(value)}`);
    this.name = name;
    this.#object = value as Readonly<Record<string, unknown>>;
  }

  /** The field as it is; undefined where there is none. */
  get(key: string): unknown {
    return Object.hasOwn(this.#object, key) ? this.#object[key] : undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  keys(): string[] {
    return Object.keys(this.#object);
  }

  /** @throws {WireError} whose sentence names the field */
  fail(key: string, wanted: string): never {
    const value = this.get(key);
    throw new WireError(
      `${this.name}.${key.slice(0, 60)}: must be ${wanted}, ${value === undefined ? 'and is missing' : `not ${kindOf(value)}`}`,
    );
  }

  /** A finite number ≥ 0. */
  number(key: string): number {
    const value = this.get(key);
    return isCount(value) ? value : this.fail(key, 'a number that is not negative');
  }

  /** A finite number ≥ 0; null also where the field is missing: whoever is older does not know of it. */
  numberOrNull(key: string): number | null {
    const value = this.get(key) ?? null;
    return value === null || isCount(value)
      ? value
      : this.fail(key, 'a number that is not negative, or null');
  }

  /** Any finite number; null also where the field is missing. */
  finiteOrNull(key: string): number | null {
    const value = this.get(key) ?? null;
    return value === null || (typeof value === 'number' && Number.isFinite(value))
      ? value
      : this.fail(key, 'a number or null');
  }

  text(key: string, longest: number = LONGEST_TEXT): string {
    const value = this.get(key);
    return typeof value === 'string' && value.length <= longest
      ? value
      : this.fail(key, `a text of at most ${longest} characters`);
  }

  boolean(key: string): boolean {
    const value = this.get(key);
    return typeof value === 'boolean' ? value : this.fail(key, 'true or false');
  }

  oneOf<const T extends string>(key: string, words: readonly T[]): T {
    const value = this.get(key);
    return (
      words.find((word) => word === value) ?? this.fail(key, words.map((word) => `'${word}'`).join(' or '))
    );
  }

  /** A list of at most `most`, each read by `read`. */
  list<T>(key: string, most: number, read: (value: unknown, name: string) => T): T[] {
    const value = this.get(key);
    if (!Array.isArray(value) || value.length > most) return this.fail(key, `a list of at most ${most}`);
    return value.map((one: unknown, i) => read(one, `${this.name}.${key}[${i}]`));
  }
}

/** JSON of somebody else's. @throws {WireError} where it is none */
export function parseWire(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new WireError(`${name}: is no JSON`, { cause: error });
  }
}

/** Whether a value counts something: finite, and not negative. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'number':
      return `the number ${value}`;
    case 'string':
      return 'a text';
    case 'undefined':
      return 'nothing';
    default:
      return `of type ${typeof value}`;
  }
}
