// What is written as OTLP's profiles: any profile comes back through our reader, and a decoder made from the format's own description
// reads the same in it.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import {
  checkValid,
  encodeOtlp,
  type Profile,
  ProfileBuilder,
  readPlainProfile,
  type SampleLabel,
} from '../../src/index.ts';
import { profiles } from '../support/arbitrary.ts';
import { fixtureBytes, read } from './support.ts';

/** The messages that are written, as opentelemetry-proto 1.10 describes them. */
const schema = `
syntax = "proto3";
message ProfilesData { repeated ResourceProfiles resource_profiles = 1; ProfilesDictionary dictionary = 2; }
message ProfilesDictionary {
  repeated Mapping mapping_table = 1; repeated Location location_table = 2; repeated Function function_table = 3;
  repeated Link link_table = 4; repeated string string_table = 5; repeated KeyValueAndUnit attribute_table = 6;
  repeated Stack stack_table = 7;
}
message ResourceProfiles { Resource resource = 1; repeated ScopeProfiles scope_profiles = 2; string schema_url = 3; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeProfiles { InstrumentationScope scope = 1; repeated Profile profiles = 2; string schema_url = 3; }
message InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3; }
message Profile {
  ValueType sample_type = 1; repeated Sample samples = 2; fixed64 time_unix_nano = 3; uint64 duration_nano = 4;
  ValueType period_type = 5; int64 period = 6; bytes profile_id = 7; uint32 dropped_attributes_count = 8;
  string original_payload_format = 9; bytes original_payload = 10; repeated int32 attribute_indices = 11;
}
message Link { bytes trace_id = 1; bytes span_id = 2; }
message ValueType { int32 type_strindex = 1; int32 unit_strindex = 2; }
message Sample {
  int32 stack_index = 1; repeated int32 attribute_indices = 2; int32 link_index = 3; repeated int64 values = 4;
  repeated fixed64 timestamps_unix_nano = 5;
}
message Mapping {
  uint64 memory_start = 1; uint64 memory_limit = 2; uint64 file_offset = 3; int32 filename_strindex = 4;
  repeated int32 attribute_indices = 5;
}
message Stack { repeated int32 location_indices = 1; }
message Location {
  int32 mapping_index = 1; uint64 address = 2; repeated Line lines = 3; repeated int32 attribute_indices = 4;
}
message Line { int32 function_index = 1; int64 line = 2; int64 column = 3; }
message Function { int32 name_strindex = 1; int32 system_name_strindex = 2; int32 filename_strindex = 3; int64 start_line = 4; }
message KeyValueAndUnit { int32 key_strindex = 1; AnyValue value = 2; int32 unit_strindex = 3; }
message KeyValue { string key = 1; AnyValue value = 2; int32 key_strindex = 3; }
message AnyValue {
  oneof value {
    string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5;
    bytes bytes_value = 7; int32 string_value_strindex = 8;
  }
}
message ArrayValue { repeated AnyValue values = 1; }
`;

interface Value {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: string;
  doubleValue?: number;
  arrayValue?: { values: Value[] };
}
interface Decoded {
  resourceProfiles: {
    resource?: { attributes: { key: string; value: Value }[] };
    scopeProfiles: {
      scope: { name: string; attributes: { key: string; value: Value }[] };
      profiles: {
        sampleType: { typeStrindex: number; unitStrindex: number };
        samples: { stackIndex: number; attributeIndices: number[]; values: string[] }[];
        timeUnixNano: string;
        durationNano: string;
        periodType?: { typeStrindex: number; unitStrindex: number };
        period: string;
        attributeIndices: number[];
      }[];
    }[];
  }[];
  dictionary: {
    mappingTable: { memoryStart: string; filenameStrindex: number; attributeIndices: number[] }[];
    locationTable: {
      mappingIndex: number;
      address: string;
      lines: { functionIndex: number; line: string; column: string }[];
      attributeIndices: number[];
    }[];
    functionTable: { nameStrindex: number; systemNameStrindex: number; filenameStrindex: number }[];
    linkTable: object[];
    stringTable: string[];
    attributeTable: { keyStrindex: number; value: Value; unitStrindex: number }[];
    stackTable: { locationIndices: number[] }[];
  };
}

const type = protobuf.parse(schema).root.lookupType('ProfilesData');

function decoded(bytes: Uint8Array): Decoded {
  return type.toObject(type.decode(bytes), { longs: String, defaults: true, arrays: true }) as Decoded;
}

/** A text as the format may hold it. */
const plain = (value: string): string => value.replace(/\p{Surrogate}/gu, '\ufffd');
const MAX_LINE = 2n ** 31n - 1n;
const shownLine = (value: number | bigint | undefined): string => {
  const line = BigInt(value ?? 0);
  return String(line > 0n && line <= MAX_LINE ? line : 0n);
};

/** Sums by stack and labels, with all that the format keeps of locations, functions and mappings; samples of zeros are none. */
function sums(profile: Profile): Map<string, bigint[]> {
  const { samples, locations, functions, mappings, strings } = profile;
  const text = (row: number | undefined): string => plain(strings.get(row ?? 0));
  const found = new Map<string, bigint[]>();
  for (let row = 0; row < samples.length; row++) {
    const key: unknown[] = [];
    for (let at = samples.stackStart[row] ?? 0; at < (samples.stackStart[row + 1] ?? 0); at++) {
      const location = samples.stackLocations[at] ?? 0;
      const mapping = locations.mapping[location] ?? -1;
      const known = [mappings.start, mappings.limit, mappings.offset].map((one) =>
        String(one[mapping] ?? 0n),
      );
      const files = [text(mappings.filename[mapping]), text(mappings.buildId[mapping])];
      const isNone = [...known, ...files].every((one) => one === '' || one === '0');
      key.push(isNone ? 'no mapping' : [...known, ...files, mappings.flags[mapping]]);
      key.push(String(locations.address[location]), locations.isFolded[location]);
      for (let at = locations.lineStart[location] ?? 0; at < (locations.lineStart[location + 1] ?? 0); at++) {
        const fn = locations.lines.function[at] ?? 0;
        const [name, system, file] = [functions.name, functions.systemName, functions.filename].map(
          (column) => text(column[fn]),
        );
        const isKnown = `${name}${system}${file}` !== '';
        key.push(name !== '' ? name : system !== '' ? system : '(anonymous)', file);
        key.push(shownLine(isKnown ? functions.startLine[fn] : 0));
        key.push(shownLine(locations.lines.line[at]), shownLine(locations.lines.column[at]));
      }
    }
    key.push(...labelsOf(profile, row));
    const name = JSON.stringify(key);
    const old = found.get(name);
    found.set(
      name,
      samples.values.map((column, i) => BigInt.asIntN(64, BigInt(column[row] ?? 0) + (old?.[i] ?? 0n))),
    );
  }
  for (const [key, values] of found) if (values.every((value) => value === 0n)) found.delete(key);
  return found;
}

/** Labels by key; those of one key share the first unit that one of them has, and those without a key are none. */
function labelsOf({ samples, strings }: Profile, row: number): string[] {
  const { labels, labelStart } = samples;
  const byKey = new Map<string, { values: string[]; unit: string }>();
  for (let at = labelStart[row] ?? 0; at < (labelStart[row + 1] ?? 0); at++) {
    const key = plain(strings.get(labels.key[at] ?? 0));
    if (key === '') continue;
    const of = byKey.get(key) ?? { values: [], unit: '' };
    const text = labels.text[at] ?? 0;
    of.values.push(text === 0 ? `#${labels.number[at]}` : plain(strings.get(text)));
    if (of.unit === '' && text === 0) of.unit = plain(strings.get(labels.unit[at] ?? 0));
    byKey.set(key, of);
  }
  return [...byKey].map(([key, { values, unit }]) => {
    // Keys of bytes that are no text become one: whose value was first is not told any more.
    const listed = key.includes('\uFFFD') ? values.toSorted() : values;
    return JSON.stringify([key, listed, values.some((one) => one.startsWith('#')) ? unit : '']);
  });
}

/** What is compared by {@link sums}. */
const tables = { samples: null, locations: null, functions: null, mappings: null, strings: null };

test('any profile comes back: sums by stack and labels, sample types and what it says of itself', () => {
  fc.assert(
    fc.property(profiles(), (profile) => {
      const again = readPlainProfile(encodeOtlp(profile));
      checkValid(again);
      const types = profile.sampleTypes.map((one) => ({ type: plain(one.type), unit: plain(one.unit) }));
      assert.deepEqual(again.sampleTypes, types);
      assert.deepEqual(sums(again), sums(profile));
      const positive = (value: bigint): bigint => (value > 0n ? value : 0n);
      assert.equal(again.timeNanos, positive(profile.timeNanos));
      assert.equal(again.durationNanos, positive(profile.durationNanos));
      assert.equal(again.period, profile.period);
      assert.deepEqual(
        [again.defaultSampleType, again.dropFrames, again.keepFrames, again.docUrl, ...again.comments],
        [
          profile.defaultSampleType,
          profile.dropFrames,
          profile.keepFrames,
          profile.docUrl,
          ...profile.comments,
        ].map(plain),
      );
    }),
    { numRuns: 300 },
  );
});

test('a decoder made from the description of the format reads the same, and every promise of the dictionary is kept', () => {
  fc.assert(
    fc.property(profiles(), (profile) => {
      const bytes = encodeOtlp(profile, { 'service.name': 'shop', 'process.pid': 7, up: true, load: 0.5 });
      const { resourceProfiles, dictionary } = decoded(bytes);
      const [{ resource, scopeProfiles } = assert.fail('no resource')] = resourceProfiles;
      assert.deepEqual(
        resource?.attributes.map(({ key, value }) => [key, value]),
        [
          ['service.name', { stringValue: 'shop' }],
          ['process.pid', { intValue: '7' }],
          ['up', { boolValue: true }],
          ['load', { doubleValue: 0.5 }],
        ],
      );
      const [{ profiles: written } = assert.fail('no scope')] = scopeProfiles;
      const texts = dictionary.stringTable;
      assert.equal(written.length, profile.sampleTypes.length);
      // What is shown first stands first; pprof takes the last one where a profile does not say.
      const shown =
        profile.sampleTypes.find((one) => one.type === profile.defaultSampleType) ??
        profile.sampleTypes.at(-1);
      assert.equal(texts[written[0]?.sampleType.typeStrindex ?? 0], plain(shown?.type ?? ''));
      for (const { sampleType, samples, attributeIndices } of written) {
        const name = texts[sampleType.typeStrindex];
        const column = profile.sampleTypes.findIndex((one) => plain(one.type) === name);
        const sum = (values: Iterable<number | bigint>): bigint =>
          [...values].reduce<bigint>((total, value) => BigInt.asIntN(64, total + BigInt(value)), 0n);
        assert.equal(
          sum(samples.map(({ values: [value = ''] }) => BigInt(value))),
          sum(profile.samples.values[column] ?? []),
        );
        for (const { stackIndex, attributeIndices: labels, values } of samples) {
          assert.equal(values.length, 1);
          assert.ok(dictionary.stackTable[stackIndex] !== undefined);
          const keys = labels.map((index) => dictionary.attributeTable[index]?.keyStrindex);
          assert.equal(new Set(keys).size, labels.length, 'a key stands there once');
        }
        for (const index of attributeIndices) assert.ok(dictionary.attributeTable[index] !== undefined);
      }
      // The first row of each table is empty, and nothing else is unused or equal to another.
      const tables = [
        dictionary.mappingTable,
        dictionary.locationTable,
        dictionary.functionTable,
        dictionary.attributeTable,
        dictionary.stackTable,
      ];
      const empty = type.toObject(
        type.fromObject({
          dictionary: {
            mappingTable: [{}],
            locationTable: [{}],
            functionTable: [{}],
            attributeTable: [{}],
            stackTable: [{}],
          },
        }),
        { longs: String, defaults: true, arrays: true },
      ) as Decoded;
      const zeros = Object.values(empty.dictionary).flatMap((table: unknown[]) => table);
      assert.deepEqual(
        tables.map(([first]) => first),
        zeros,
      );
      assert.equal(texts[0], '');
      assert.equal(dictionary.linkTable.length, 1);
      const used = (table: readonly unknown[], indices: readonly number[]): void => {
        const seen = new Set(indices);
        for (let row = 1; row < table.length; row++) assert.ok(seen.has(row), `row ${row} is used`);
        for (const row of seen) assert.ok(row >= 0 && row < table.length);
      };
      used(
        dictionary.locationTable,
        dictionary.stackTable.flatMap((one) => one.locationIndices),
      );
      used(
        dictionary.functionTable,
        dictionary.locationTable.flatMap((one) => one.lines.map((line) => line.functionIndex)),
      );
      used(
        dictionary.mappingTable,
        dictionary.locationTable.map((one) => one.mappingIndex),
      );
    }),
    { numRuns: 200 },
  );
});

test('the same message in JSON is read to the same profile', () => {
  fc.assert(
    fc.property(profiles(), (profile) => {
      const bytes = encodeOtlp(profile);
      const [json, proto] = [read(decoded(bytes)), readPlainProfile(bytes)];
      assert.deepEqual(sums(json), sums(proto));
      assert.deepEqual({ ...json, ...tables }, { ...proto, ...tables });
    }),
    { numRuns: 100 },
  );
});

test('labels of one key are a list, and those without a name are none', () => {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
  const location = builder.location({ lines: [{ function: builder.function('main'), line: 1 }] });
  const labels: SampleLabel[] = [
    { key: 'user', text: 'ann' },
    { key: 'size', number: 8, unit: 'bytes' },
    { key: 'user', text: 'bob' },
    { key: 'zero', number: 0, unit: 'bytes' },
    { key: '', text: 'lost' },
  ];
  builder.sample([location], [5], labels);
  const bytes = encodeOtlp(builder.build());
  const { attributeTable, stringTable } = decoded(bytes).dictionary;
  assert.deepEqual(
    attributeTable
      .slice(1, 4)
      .map(({ keyStrindex, value, unitStrindex }) => [
        stringTable[keyStrindex],
        value,
        stringTable[unitStrindex],
      ]),
    [
      ['user', { arrayValue: { values: [{ stringValue: 'ann' }, { stringValue: 'bob' }] } }, ''],
      ['size', { intValue: '8' }, 'bytes'],
      ['zero', { intValue: '0' }, 'bytes'],
    ],
  );
  assert.deepEqual(labelsOf(readPlainProfile(bytes), 0), [
    '["user",["ann","bob"],""]',
    '["size",["#8"],"bytes"]',
    '["zero",["#0"],"bytes"]',
  ]);
});

test('fixtures of every kind and an empty profile come back', () => {
  for (const name of ['shop.cpuprofile', 'shop.heapprofile', 'shop.perf', 'shop.otlp']) {
    const profile = read(fixtureBytes(name));
    assert.deepEqual(sums(read(encodeOtlp(profile))), sums(profile), name);
  }
  const none = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] }).build();
  assert.deepEqual(read(encodeOtlp(none)).sampleTypes, none.sampleTypes);
});
