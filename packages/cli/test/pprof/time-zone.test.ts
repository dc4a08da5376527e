// Local time as Go tells it, from the tz database.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { localZone, parseZone } from '../../src/pprof/time-zone.ts';

const winter = Date.UTC(2026, 0, 1) / 1000;
const summer = Date.UTC(2026, 6, 1) / 1000;

/** A file of version 2 without transitions: only the rule at its end counts. */
function zoneFile(footer: string): Buffer {
  const header = Buffer.alloc(44);
  header.write('TZif2', 'latin1');
  header.writeUInt32BE(1, 36);
  header.writeUInt32BE(4, 40);
  const type = Buffer.concat([Buffer.alloc(6), Buffer.from('UTC\0')]);
  return Buffer.concat([header, type, header, type, Buffer.from(`\n${footer}\n`)]);
}

describe('a rule', () => {
  const zone = parseZone(zoneFile('CET-1CEST,M3.5.0,M10.5.0/3'));
  test('summer begins and ends at one in the morning UTC', () => {
    const at = (month: number, day: number, hour: number, minute: number): string =>
      zone?.(Date.UTC(2030, month - 1, day, hour, minute) / 1000).abbreviation ?? '';
    assert.equal(at(3, 31, 0, 59), 'CET');
    assert.equal(at(3, 31, 1, 0), 'CEST');
    assert.equal(at(10, 27, 0, 59), 'CEST');
    assert.equal(at(10, 27, 1, 0), 'CET');
    assert.equal(zone?.(summer).offsetSeconds, 7200);
  });
  test('the southern half of the world', () => {
    const sydney = parseZone(zoneFile('AEST-10AEDT,M10.1.0,M4.1.0/3'));
    assert.equal(sydney?.(winter).abbreviation, 'AEDT');
    assert.equal(sydney?.(summer).abbreviation, 'AEST');
  });
  test('zones without letters', () => {
    const zoneWithout = parseZone(zoneFile('<-03>3'));
    assert.deepEqual(zoneWithout?.(winter), { offsetSeconds: -10_800, abbreviation: '-03' });
  });
  test('bytes that are no zone', () => {
    assert.equal(parseZone(Buffer.from('nonsense')), undefined);
    assert.equal(parseZone(Buffer.from('TZif2')), undefined);
    assert.equal(parseZone(Buffer.alloc(0)), undefined);
  });
});

describe('TZ', () => {
  test('empty, UTC and unknown names', () => {
    for (const name of ['', 'UTC', ':UTC', 'No/Such_Zone', '../../etc/passwd']) {
      assert.deepEqual(localZone(name)(winter), { offsetSeconds: 0, abbreviation: 'UTC' }, name);
    }
  });
  test('a path', () => {
    const folder = mkdtempSync(join(tmpdir(), 'stackpile-zone-'));
    try {
      writeFileSync(join(folder, 'zone'), zoneFile('XYZ-5:30'));
      assert.deepEqual(localZone(join(folder, 'zone'))(winter), {
        offsetSeconds: 19_800,
        abbreviation: 'XYZ',
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  test('the system’s database', {
    skip: existsSync('/usr/share/zoneinfo/Europe/Berlin') ? false : 'no tz database',
  }, () => {
    const berlin = localZone('Europe/Berlin');
    assert.deepEqual(berlin(winter), { offsetSeconds: 3600, abbreviation: 'CET' });
    assert.deepEqual(berlin(summer), { offsetSeconds: 7200, abbreviation: 'CEST' });
    assert.equal(berlin(Date.UTC(1943, 6, 1) / 1000).abbreviation, 'CEST');
    assert.equal(berlin(Date.UTC(2090, 6, 1) / 1000).abbreviation, 'CEST');
  });
});
