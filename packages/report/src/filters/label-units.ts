// Units of numeric labels: one per key, the first that the samples name.
// Upstream: google/pprof profile/profile.go, 2025-11-14
import type { Profile } from '@stackpile/profile';
import { compareBytes } from '../go/bytewise.ts';

/** The unit of every numeric label key; warns of keys with several. */
export function labelUnits(profile: Profile, warnings: string[]): Map<string, string> {
  const { strings } = profile;
  const { labels } = profile.samples;
  const units = new Map<string, string>();
  const others = new Map<string, Set<string>>();
  const keys = new Set<string>();
  // Most rows repeat the pair of key and unit before them.
  const done = new Map<number, Set<number>>();
  let lastKey = -1;
  let lastUnit = -1;
  for (let i = 0; i < labels.length; i++) {
    if (labels.text[i] !== 0) continue;
    const keyRow = labels.key[i] as number;
    const unitRow = labels.unit[i] as number;
    if (keyRow === lastKey && unitRow === lastUnit) continue;
    lastKey = keyRow;
    lastUnit = unitRow;
    let seen = done.get(keyRow);
    if (seen === undefined) done.set(keyRow, (seen = new Set()));
    if (seen.has(unitRow)) continue;
    seen.add(unitRow);
    const key = strings.get(keyRow);
    keys.add(key);
    const unit = strings.get(unitRow);
    if (unit === '') continue;
    const first = units.get(key);
    if (first === undefined) units.set(key, unit);
    else if (first !== unit) {
      const more = others.get(key);
      if (more === undefined) others.set(key, new Set([unit]));
      else more.add(unit);
    }
  }
  for (const key of keys) {
    if (!units.has(key)) units.set(key, key === 'alignment' || key === 'request' ? 'bytes' : key);
  }
  for (const [key, more] of others) {
    const list = [...more].sort(compareBytes).join(', ');
    warnings.push(`For tag ${key} used unit ${units.get(key) ?? ''}, also encountered unit(s) ${list}`);
  }
  return units;
}
