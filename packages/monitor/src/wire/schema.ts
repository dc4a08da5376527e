// Messages described once, by name and number of their fields, and read and written in both of Connect's codecs: protobuf and JSON.
// Source: connectrpc.com, protocol; protobuf.dev, ProtoJSON
import { MonitorError } from '../errors.ts';
import { fieldsOf, Message } from './protobuf.ts';

export type FieldKind = 'text' | 'integer' | 'double' | 'boolean' | Schema;

export interface FieldSpec {
  readonly number: number;
  readonly kind: FieldKind;
  readonly list?: boolean;
}

/** By the name of the field in JSON. */
export interface Schema {
  readonly [name: string]: FieldSpec;
}

/** A field of an answer that is no list. */
export type Plain = string | number | boolean | Values;
export interface Values {
  readonly [name: string]: Plain | readonly Plain[];
}

const isList = (value: Plain | readonly Plain[]): value is readonly Plain[] => Array.isArray(value);
const listOf = (value: Plain | readonly Plain[]): readonly Plain[] => (isList(value) ? value : [value]);

/** A request that was read: what is not in it has its empty value. */
export class Asked {
  readonly #values: ReadonlyMap<string, readonly (string | number)[]>;

  constructor(values: ReadonlyMap<string, readonly (string | number)[]>) {
    this.#values = values;
  }

  text(name: string): string {
    return String(this.#values.get(name)?.at(-1) ?? '');
  }

  texts(name: string): string[] {
    return (this.#values.get(name) ?? []).map(String);
  }

  number(name: string): number {
    const value = Number(this.#values.get(name)?.at(-1) ?? 0);
    return Number.isFinite(value) ? value : 0;
  }
}

function doubleOf(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

/** Reads a request without messages in it; fields that are not described are passed over. @throws MonitorError `MONITOR_REQUEST` */
export function readMessage(bytes: Uint8Array, schema: Schema): Asked {
  const names = new Map(Object.entries(schema).map(([name, spec]) => [spec.number, { name, spec }]));
  const values = new Map<string, (string | number)[]>();
  for (const field of fieldsOf(bytes)) {
    const known = names.get(field.field);
    if (known === undefined) continue;
    const { kind } = known.spec;
    const list = values.get(known.name) ?? [];
    if (field.kind === 'bytes' && kind === 'text') list.push(new TextDecoder().decode(field.bytes));
    else if (field.kind === 'number' && kind === 'double') list.push(doubleOf(field.value));
    else if (field.kind === 'number') list.push(Number(BigInt.asIntN(64, field.value)));
    values.set(known.name, list);
  }
  return new Asked(values);
}

/** The same in JSON. @throws MonitorError `MONITOR_REQUEST` */
export function readJson(text: string, schema: Schema): Asked {
  let value: unknown;
  try {
    value = text.trim() === '' ? {} : JSON.parse(text);
  } catch (error) {
    throw new MonitorError('MONITOR_REQUEST', 'the body is no JSON', { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MonitorError('MONITOR_REQUEST', 'the body is no object of JSON');
  const values = new Map<string, (string | number)[]>();
  for (const [name, given] of Object.entries(value)) {
    if (!Object.hasOwn(schema, name)) continue;
    const all: unknown[] = Array.isArray(given) ? given : [given];
    values.set(
      name,
      all.filter((one) => typeof one === 'string' || typeof one === 'number'),
    );
  }
  return new Asked(values);
}

/** An answer as protobuf. */
export function writeMessage(values: Values, schema: Schema): Message {
  const message = new Message();
  for (const [name, { number, kind, list }] of Object.entries(schema)) {
    const value = values[name];
    if (value === undefined) continue;
    if (kind === 'integer' && list === true) message.packed(number, listOf(value).map(Number));
    else for (const one of listOf(value)) writeOne(message, number, kind, one, list === true);
  }
  return message;
}

function writeOne(message: Message, number: number, kind: FieldKind, one: Plain, isItem: boolean): void {
  if (typeof one === 'object') {
    if (typeof kind === 'object') message.message(number, writeMessage(one, kind));
  } else if (kind === 'text') {
    if (isItem) message.item(number, String(one));
    else message.text(number, String(one));
  } else if (kind === 'double') message.double(number, Number(one));
  else message.number(number, Number(one));
}

/** An answer as JSON has it: numbers of 64 bits are texts there. */
export function jsonOf(values: Values, schema: Schema): Readonly<Record<string, unknown>> {
  const written: [string, unknown][] = [];
  for (const [name, { kind, list }] of Object.entries(schema)) {
    const value = values[name];
    if (value === undefined) continue;
    const all = listOf(value).map((one): unknown => {
      if (typeof one === 'object') return typeof kind === 'object' ? jsonOf(one, kind) : null;
      return kind === 'integer' ? String(Math.round(Number(one))) : one;
    });
    written.push([name, list === true ? all : all[0]]);
  }
  return Object.fromEntries(written);
}
