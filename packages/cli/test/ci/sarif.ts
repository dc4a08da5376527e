// What SARIF 2.1.0 asks of the parts of it that are written here, read from the standard: which properties are there, and of what kind.
import assert from 'node:assert/strict';

type Check = (value: unknown, at: string) => void;

const text: Check = (value, at) => assert.equal(typeof value, 'string', at);
const filled: Check = (value, at) => assert.ok(typeof value === 'string' && value !== '', at);
const natural =
  (least: number): Check =>
  (value, at) =>
    assert.ok(typeof value === 'number' && Number.isInteger(value) && value >= least, at);
const oneOf =
  (...words: readonly string[]): Check =>
  (value, at) =>
    assert.ok(typeof value === 'string' && words.includes(value), `${at}: ${String(value)}`);
const flag: Check = (value, at) => assert.equal(typeof value, 'boolean', at);
/** A URI reference: RFC 3986, without what has to be encoded in one. */
const reference: Check = (value, at) =>
  assert.match(String(value), /^(?:[\w.~!$&'()*+,;=:@/?#-]|%[\dA-F]{2})+$/u, at);
const list =
  (item: Check, least = 0): Check =>
  (value, at) => {
    assert.ok(Array.isArray(value) && value.length >= least, at);
    for (const [i, one] of value.entries()) item(one, `${at}[${i}]`);
  };

/** An object with these properties and no others; a `?` behind a name: it may be missing. */
function object(properties: Readonly<Record<string, Check>>): Check {
  return (value, at) => {
    assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value), at);
    const names = Object.keys(properties).map((name) => name.replace('?', ''));
    for (const name of Object.keys(value)) assert.ok(names.includes(name), `${at}: there is no ${name}`);
    for (const [named, check] of Object.entries(properties)) {
      const name = named.replace('?', '');
      const has = Object.hasOwn(value, name);
      assert.ok(has || named.endsWith('?'), `${at}: ${name} is missing`);
      if (has) check((value as Record<string, unknown>)[name], `${at}.${name}`);
    }
  };
}

const message = object({ text: filled });
const level = oneOf('none', 'note', 'warning', 'error');
const location = object({
  'physicalLocation?': object({
    artifactLocation: object({ uri: reference }),
    'region?': object({ startLine: natural(1) }),
  }),
  'logicalLocations?': list(object({ fullyQualifiedName: text, kind: filled })),
  'message?': message,
});
const log = object({
  $schema: reference,
  version: oneOf('2.1.0'),
  runs: list(
    object({
      tool: object({
        driver: object({
          name: filled,
          informationUri: reference,
          rules: list(
            object({
              id: filled,
              name: filled,
              shortDescription: message,
              helpUri: reference,
              defaultConfiguration: object({ level }),
            }),
          ),
        }),
      }),
      invocations: list(
        object({
          executionSuccessful: flag,
          toolExecutionNotifications: list(object({ level, message })),
        }),
      ),
      results: list(
        object({
          ruleId: filled,
          ruleIndex: natural(0),
          level,
          message,
          locations: list(location),
          'stacks?': list(object({ message, frames: list(object({ location }), 1) }), 1),
          partialFingerprints: object({ 'stackpile/v1': filled }),
        }),
      ),
      columnKind: oneOf('utf16CodeUnits', 'unicodeCodePoints'),
    }),
    1,
  ),
});

/** What a test looks at. */
export interface SarifLog {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly invocations: readonly {
      readonly toolExecutionNotifications: readonly { readonly level: string }[];
    }[];
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly message: { readonly text: string };
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string };
          readonly region: { readonly startLine: number };
        };
      }[];
    }[];
  }[];
}

/** The log in a text; fails where it is none of SARIF 2.1.0. */
export function sarifOf(json: string): SarifLog {
  const value: unknown = JSON.parse(json);
  log(value, 'log');
  const read = value as SarifLog;
  for (const { tool, results } of read.runs)
    for (const { ruleId, ruleIndex } of results) assert.equal(tool.driver.rules[ruleIndex]?.id, ruleId);
  return read;
}
