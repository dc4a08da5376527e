// A place in a YAML file: reads what is expected there, or says in one sentence what is wrong, with line and column.
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { MonitorError } from '../errors.ts';

/** Longer files are no configuration. */
export const MOST_CONFIG_BYTES: number = 1 << 20;
const MOST_SHOWN = 80;

interface File {
  readonly name: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** One node of the file, and what it is called: `scrape_configs[0].scheme`. */
export class ConfigNode {
  readonly name: string;
  readonly #file: File;
  readonly #node: Node | null;
  /** Where it stands; where a key stands that has no value. */
  readonly #offset: number;

  constructor(file: File, node: unknown, name: string, offset: number) {
    this.#file = file;
    const found = isNode(node) && isAlias(node) ? node.resolve(file.document) : node;
    this.#node = isNode(found) ? found : null;
    this.#offset = isNode(node) ? (node.range?.[0] ?? offset) : offset;
    this.name = name;
  }

  /** Whether nothing stands there. */
  get isEmpty(): boolean {
    return this.#node === null || (isScalar(this.#node) && this.#node.value === null);
  }

  get isMap(): boolean {
    return isMap(this.#node);
  }

  /** @throws MonitorError `MONITOR_CONFIG` */
  fail(what: string): never {
    const { line, col } = this.#file.lines.linePos(this.#offset);
    const name = this.name === '' ? '' : `${this.name}: `;
    throw new MonitorError('MONITOR_CONFIG', `${this.#file.name}:${line}:${col}: ${name}${what}`);
  }

  /**
   * The values by key. A key that is not `known` is a mistake: what somebody has written there would not be done.
   *
   * @throws MonitorError
   */
  fields<Key extends string>(known: readonly Key[]): Partial<Record<Key, ConfigNode>> {
    const found: Partial<Record<Key, ConfigNode>> = {};
    for (const [key, value, node] of this.entries()) {
      const name =
        known.find((one) => one === key) ??
        node.fail(`there is no such setting here; there are ${known.toSorted().join(', ')}`);
      found[name] = value;
    }
    return found;
  }

  /** All keys with their values, and the keys themselves to blame. @throws MonitorError */
  entries(): (readonly [key: string, value: ConfigNode, keyNode: ConfigNode])[] {
    if (this.isEmpty) return [];
    if (!isMap(this.#node)) this.fail('settings are expected here, as key: value');
    return this.#node.items.map(({ key, value }) => {
      const text = isScalar(key) ? String(key.value) : '';
      const name = this.name === '' ? text : `${this.name}.${text}`;
      const keyNode = new ConfigNode(this.#file, key, name.slice(0, MOST_SHOWN), this.#offset);
      if (!isScalar(key)) keyNode.fail('a key is a word');
      return [text, new ConfigNode(this.#file, value, name, keyNode.#offset), keyNode] as const;
    });
  }

  /** @throws MonitorError */
  list(): ConfigNode[] {
    if (this.isEmpty) return [];
    if (!isSeq(this.#node)) this.fail('a list is expected here, each item behind a -');
    return this.#node.items.map(
      (item, index) => new ConfigNode(this.#file, item, `${this.name}[${index}]`, this.#offset),
    );
  }

  /** @throws MonitorError */
  text(): string {
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    if (typeof value === 'string') return value;
    // `port: 80` and `version: 1.0` are meant as they stand there.
    if (isScalar(this.#node) && (typeof value === 'number' || typeof value === 'boolean'))
      return this.#node.source ?? String(value);
    return this.fail('a text is expected here');
  }

  /** @throws MonitorError */
  texts(): string[] {
    return this.list().map((one) => one.text());
  }

  /** @throws MonitorError */
  oneOf<T extends string>(known: readonly T[]): T {
    const text = this.text();
    return (
      known.find((one) => one === text) ??
      this.fail(`${JSON.stringify(text.slice(0, MOST_SHOWN))} is none of ${known.join(', ')}`)
    );
  }

  /** @throws MonitorError */
  boolean(): boolean {
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    return typeof value === 'boolean' ? value : this.fail('it is true or false');
  }

  /** A whole number. @throws MonitorError */
  integer(least: number, most: number): number {
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      return this.fail(`a whole number between ${least} and ${most} is expected here`);
    return value;
  }

  /** `15s`, `1m30s`: milliseconds. @throws MonitorError */
  duration(least: number, most: number = 28 * 86_400_000): number {
    const text = this.text();
    if (!/^(?:\d{1,9}(?:ms|[smhdw]))+$/u.test(text))
      this.fail(`${JSON.stringify(text.slice(0, MOST_SHOWN))} is no time such as 15s or 1m30s`);
    let total = 0;
    for (const [, value = '', unit = ''] of text.matchAll(/(\d+)(ms|[smhdw])/gu))
      total += Number(value) * (UNITS[unit] ?? Number.NaN);
    if (total < least || total > most) this.fail(`${text} is not between ${least} ms and ${most / 1000} s`);
    return total;
  }

  /** `64MB`, `1GiB`: bytes. @throws MonitorError */
  size(): number {
    const parts = /^(\d{1,9}(?:\.\d+)?)\s*(?:([kmg])i?b?|b)?$/iu.exec(this.text());
    if (parts === null) return this.fail('a size is expected here, such as 64MB');
    const power = parts[2] === undefined ? 0 : 'kmg'.indexOf(parts[2].toLowerCase()) + 1;
    return Number(parts[1]) * 1024 ** power;
  }

  /** Names and texts. @throws MonitorError */
  labels(): Record<string, string> {
    return Object.fromEntries(
      this.entries().map(([key, value, node]) => {
        if (!/^[a-z_]\w{0,127}$/iu.test(key)) node.fail('this is no name of a label');
        const text = value.text();
        if (text.length > MOST_LABEL) value.fail(`a label has at most ${MOST_LABEL} characters`);
        return [key, text];
      }),
    );
  }
}

/** Characters of a label's value: each series has all of them. */
const MOST_LABEL = 1000;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'range' in value;
}

/**
 * The top of a YAML file, JSON included.
 *
 * @param name what sentences call the file
 * @throws MonitorError `MONITOR_CONFIG` where it is no YAML
 */
export function parseConfig(text: string, name: string): ConfigNode {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const file = { name, document, lines };
  const [error] = document.errors;
  if (error !== undefined) {
    const what = error.message.split('\n', 1)[0] ?? 'it is no YAML';
    const said = what.startsWith('Maximum call stack') ? 'it is nested too deeply' : what;
    new ConfigNode(file, null, '', error.pos[0]).fail(said);
  }
  return new ConfigNode(file, document.contents, '', 0);
}
