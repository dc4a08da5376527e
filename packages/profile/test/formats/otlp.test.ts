// OpenTelemetry's profiles: every generation of the layout, both encodings, what several profiles and moments become, and what is
// passed over. The fixtures were written by the opentelemetry-proto package of PyPI; older layouts are encoded here.
import assert from 'node:assert/strict';
import test from 'node:test';
import { encodeProfile, ProfileError, readPlainProfile } from '../../src/index.ts';
import { stackLines } from '../support/stacks.ts';
import { fixtureBytes, fixtureText, read, readWithNotes, refused } from './support.ts';

type Field = readonly [field: number, value: number | string | readonly number[] | Uint8Array];

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return [...bytes, value];
}

/** Encodes fields: numbers as varints, lists of numbers packed, texts and messages with their length. */
function message(...fields: readonly Field[]): Uint8Array {
  const bytes: number[] = [];
  for (const [field, value] of fields) {
    if (typeof value === 'number') bytes.push(...varint(field * 8), ...varint(value));
    else {
      const body =
        typeof value === 'string'
          ? new TextEncoder().encode(value)
          : value instanceof Uint8Array
            ? value
            : value.flatMap(varint);
      bytes.push(...varint(field * 8 + 2), ...varint(body.length), ...body);
    }
  }
  return Uint8Array.from(bytes);
}

const strings = ['', 'samples', 'count', 'main', 'work', '/srv/a.c', 'cpu', 'nanoseconds', 'thread', 'kept'];
const functions = [message(), message([1, 3], [3, 5], [4, 1]), message([1, 4], [3, 5], [4, 10])];
const locations = [message(), message([3, message([1, 1], [2, 2])]), message([3, message([1, 2], [2, 12])])];
const texts: Field[] = strings.map((one) => [5, one]);
const dictionary = (stacks: readonly Field[], attribute: Uint8Array): Uint8Array =>
  message(
    [1, message()],
    ...locations.map((one): Field => [2, one]),
    ...functions.map((one): Field => [3, one]),
    ...texts,
    [6, message()],
    [6, attribute],
    ...stacks,
  );
const whole = (profile: Uint8Array, tables: Uint8Array | null): Uint8Array =>
  message(
    [1, message([2, message([2, profile])])],
    ...(tables === null ? [] : ([[2, tables]] satisfies Field[])),
  );
const type: Field = [1, message([1, 1], [2, 2])];
const oldLabel = message([1, 'thread'], [2, message([1, 'io'])]);
const label = message([1, 8], [2, message([1, 'io'])]);
const stacks: Field[] = [
  [7, message()],
  [7, message([1, [2, 1]])],
  [7, message([1, [1]])],
];

const generations: Readonly<Record<string, Uint8Array>> = {
  'tables in each profile': whole(
    message(
      type,
      [2, message([1, 0], [2, 2], [3, [5]], [4, [1]])],
      [2, message([1, 1], [2, 1], [3, [2]])],
      [3, message()],
      ...locations.map((one): Field => [4, one]),
      [5, [2, 1]],
      ...functions.map((one): Field => [6, one]),
      [7, message()],
      [7, oldLabel],
      ...strings.map((one): Field => [10, one]),
    ),
    null,
  ),
  'slices of locations': whole(
    message(
      type,
      [2, message([1, 0], [2, 2], [3, [5]], [4, [1]])],
      [2, message([1, 1], [2, 1], [3, [2]])],
      [3, [2, 1]],
    ),
    dictionary([], oldLabel),
  ),
  'stacks, values in field 2': whole(
    message(type, [2, message([1, 1], [2, [5]], [3, [1]])], [2, message([1, 2], [2, [2]])]),
    dictionary(stacks, label),
  ),
  'stacks, values in field 4': whole(
    message(type, [2, message([1, 1], [2, [1]], [4, [5]])], [2, message([1, 2], [4, [2]])]),
    dictionary(stacks, label),
  ),
};

for (const [name, bytes] of Object.entries(generations)) {
  test(`as protobuf: ${name}`, () => {
    const made = read(bytes);
    assert.deepEqual(made.sampleTypes, [{ type: 'samples', unit: 'count' }]);
    assert.deepEqual(stackLines(made), [
      'main /srv/a.c:2 > work /srv/a.c:12 : 5 thread=io',
      'main /srv/a.c:2 : 2',
    ]);
  });
}

test('the JSON of a message says what the message says', () => {
  assert.deepEqual(
    stackLines(read(fixtureBytes('shop.otlp.json'))),
    stackLines(read(fixtureBytes('shop.otlp'))),
  );
  const old = {
    resourceProfiles: [
      {
        scopeProfiles: [
          {
            profiles: [
              {
                sampleType: [{ typeStrindex: 1, unitStrindex: 2 }],
                sample: [
                  { locationsLength: 2, value: ['5'] },
                  { locationsStartIndex: 1, locationsLength: 1, value: [2] },
                ],
                locationIndices: [1, 0],
                locationTable: [
                  { line: [{ functionIndex: 0, line: '2' }] },
                  { line: [{ functionIndex: 1 }] },
                ],
                functionTable: [{ nameStrindex: 3 }, { nameStrindex: 4 }],
                stringTable: strings,
              },
            ],
          },
        ],
      },
    ],
  };
  assert.deepEqual(stackLines(read(old)), ['main:2 > work : 5', 'main:2 : 2']);
});

test('a stack at several moments counts each; what is not there is passed over', () => {
  const moments = [1.7e18, 1.7e18, 1.7e18].map((one) => one + 512);
  const sample = message([1, 1], [5, moments]);
  const { made, notes } = readWithNotes(
    whole(message(type, [2, sample], [2, message([1, 77], [4, [1]])]), dictionary(stacks, label)),
  );
  assert.deepEqual(stackLines(made), ['main /srv/a.c:2 > work /srv/a.c:12 : 3']);
  assert.deepEqual(notes, [
    'passed over 1 sample: samples row 1 names a stack or a location that is not there',
  ]);
});

test('several profiles of one message are columns, several services a label', () => {
  const other = message([1, message([1, 6], [2, 7])], [2, message([1, 1], [4, [9]])]);
  const first = message(type, [2, message([1, 1], [4, [5]])]);
  const named = (name: string): Uint8Array =>
    message([1, message([1, 'service.name'], [2, message([1, name])])]);
  const bytes = message(
    [1, message([1, named('shop')], [2, message([2, first], [2, other])])],
    [1, message([1, named('cart')], [2, message([2, first])])],
    [2, dictionary(stacks, label)],
  );
  const made = read(bytes);
  assert.deepEqual(
    made.sampleTypes.map((one) => one.type),
    ['samples', 'cpu'],
  );
  assert.equal(made.defaultSampleType, 'samples');
  assert.deepEqual(
    stackLines(made).map((line) => line.replace(/.* : /, '')),
    ['5 0 service.name=shop', '0 9 service.name=shop', '5 0 service.name=cart'],
  );
});

test("pprof's messages stay pprof's, and every beginning of a message is a sentence", () => {
  const proto = encodeProfile(read('a;b 1\n'));
  assert.deepEqual(stackLines(readPlainProfile(proto)), ['a > b : 1']);
  const bytes = fixtureBytes('shop.otlp');
  for (let end = 1; end < bytes.length; end += 3) {
    try {
      readPlainProfile(bytes.subarray(0, end));
    } catch (error) {
      assert.ok(error instanceof ProfileError && !error.message.includes('\n'), String(error));
    }
  }
  const json = fixtureText('shop.otlp.json');
  refused(json.slice(0, -20), 'PROFILE_TRUNCATED', /^OTLP profile: .*ends too early at byte/);
  refused({ resourceProfiles: [] }, 'PROFILE_MALFORMED', /^OTLP profile: it holds no profile$/);
});

test('a small message that means a huge profile is refused', () => {
  const deep = Array.from({ length: 20_000 }, () => 1);
  const samples = Array.from({ length: 2000 }, (): Field => [2, message([1, 1], [4, [1]])]);
  refused(
    whole(
      message(type, ...samples),
      dictionary(
        [
          [7, message()],
          [7, message([1, deep])],
        ],
        label,
      ),
    ),
    'PROFILE_TOO_LARGE',
    /^OTLP profile: samples row \d+ brings the frames of all stacks beyond/,
  );
});
