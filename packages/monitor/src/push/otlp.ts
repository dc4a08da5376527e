// OpenTelemetry's profiles over HTTP, in protobuf and in JSON: each resource of a message by itself.
// Source: opentelemetry-proto, collector/profiles/v1development, 1.10
import { MonitorError } from '../errors.ts';
import { bytesOf, fieldsOf, Message, MOST_TEXTS } from '../wire/protobuf.ts';
import type { Pushed } from './pushed.ts';

const RESOURCES = 1;
const DICTIONARY = 2;
const STRINGS = 5;

/** `service.name` is what the others call `service_name`. */
function labelsOf(attributes: readonly (readonly [key: string, value: string])[]): Record<string, string> {
  return Object.fromEntries(attributes.map(([key, value]) => [key.replaceAll(/\W/gu, '_'), value]));
}

/** Keys and values stand there, or in the strings of the dictionary, which is how the Collector sends them. */
function attributesOf(resource: Uint8Array, strings: readonly string[]): [string, string][] {
  return bytesOf(resource, 1).flatMap((pair): [string, string][] => {
    let key = '';
    for (const field of fieldsOf(pair)) {
      if (field.kind === 'bytes' && field.field === 1) key = new TextDecoder().decode(field.bytes);
      // Since 1.10; earlier drafts had the number in the first field.
      if (field.kind === 'number' && (field.field === 3 || field.field === 1) && key === '')
        key = strings[Number(field.value)] ?? '';
    }
    const value = bytesOf(pair, 2).at(-1);
    return key === '' || value === undefined ? [] : [[key, anyText(value, strings)]];
  });
}

function anyText(value: Uint8Array, strings: readonly string[]): string {
  for (const field of fieldsOf(value)) {
    if (field.kind === 'bytes' && field.field === 1) return new TextDecoder().decode(field.bytes);
    if (field.kind === 'number' && field.field === 2) return String(field.value !== 0n);
    if (field.kind === 'number' && field.field === 3) return String(BigInt.asIntN(64, field.value));
    if (field.kind === 'number' && field.field === 8) return strings[Number(field.value)] ?? '';
  }
  return '';
}

/** Each resource is read with the dictionary of all: together no more than this, in bytes. */
const MOST_COPIED = 256 << 20;

function refuseCopies(resources: number, dictionary: number): void {
  if (resources * dictionary > MOST_COPIED)
    throw new MonitorError(
      'MONITOR_TOO_LARGE',
      `${resources} resources share a dictionary of ${dictionary} bytes: send them in several requests`,
    );
}

/** @throws MonitorError `MONITOR_REQUEST` where it is no such message, `MONITOR_TOO_LARGE` where it would become too much */
export function readOtlpMessage(message: Uint8Array): Pushed[] {
  const dictionaries = bytesOf(message, DICTIONARY);
  const strings = dictionaries.flatMap((one) =>
    bytesOf(one, STRINGS, MOST_TEXTS).map((bytes) => new TextDecoder().decode(bytes)),
  );
  const resources = bytesOf(message, RESOURCES);
  refuseCopies(
    resources.length,
    dictionaries.reduce((sum, one) => sum + one.length, 0),
  );
  return resources.map((resource) => {
    const alone = new Message().bytes(RESOURCES, resource);
    for (const one of dictionaries) alone.bytes(DICTIONARY, one);
    const attributes = bytesOf(resource, 1).flatMap((one) => attributesOf(one, strings));
    return { labels: labelsOf(attributes), time: null, bytes: alone.done() };
  });
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const plainText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';

/** @throws MonitorError */
export function readOtlpJson(text: string): Pushed[] {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch (error) {
    throw new MonitorError('MONITOR_REQUEST', 'the body is no JSON', { cause: error });
  }
  const resources = isObject(message) ? message['resourceProfiles'] : undefined;
  if (!isObject(message) || !Array.isArray(resources))
    throw new MonitorError('MONITOR_REQUEST', 'the body has no resourceProfiles');
  const { dictionary } = message;
  const table =
    isObject(dictionary) && Array.isArray(dictionary['stringTable']) ? dictionary['stringTable'] : [];
  const strings = table.map(String);
  refuseCopies(resources.length, resources.length < 2 ? 0 : JSON.stringify(dictionary ?? null).length);
  return resources.filter(isObject).map((one) => {
    const resource = isObject(one['resource']) ? one['resource'] : {};
    const pairs = Array.isArray(resource['attributes']) ? resource['attributes'].filter(isObject) : [];
    const attributes = pairs.map((pair): [string, string] => {
      const value = isObject(pair['value']) ? pair['value'] : {};
      const index = value['stringValueStrindex'];
      const said = value['stringValue'] ?? value['intValue'] ?? value['boolValue'];
      const key = plainText(pair['key']) || (strings[Number(pair['keyStrindex'])] ?? '');
      return [key, index === undefined ? plainText(said) : (strings[Number(index)] ?? '')];
    });
    const alone = JSON.stringify({ resourceProfiles: [one], dictionary });
    return { labels: labelsOf(attributes), time: null, bytes: new TextEncoder().encode(alone) };
  });
}

/** `ExportProfilesServiceResponse`: what was left out, and why. */
export function otlpAnswer(rejected: number, why: string, isJson: boolean): string | Uint8Array {
  if (isJson)
    return JSON.stringify(
      rejected === 0 ? {} : { partialSuccess: { rejectedProfiles: String(rejected), errorMessage: why } },
    );
  const answer = new Message();
  if (rejected > 0) answer.message(1, new Message().number(1, rejected).text(2, why));
  return answer.done();
}
