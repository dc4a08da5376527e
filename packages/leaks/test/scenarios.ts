// The labelled Go programs and the real service of ../shared/fixtures, judged in every form of dump.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { readProfile } from '@stackpile/profile';
import { type Dump, findLeaks, type Verdict } from '../src/index.ts';

/** Where the fixtures lie beside the repository; absent in a user's clone. */
export const fixtures: string = fileURLToPath(new URL('../../../../shared/fixtures/', import.meta.url));
export const haveFixtures: boolean = existsSync(join(fixtures, 'scenarios/labels.json'));

/** The forms of a goroutine dump, and the one of a heap. */
export const goroutineForms = ['goroutine.pb.gz', 'goroutine.debug1.txt', 'goroutine.debug2.txt.gz'] as const;
export const heapForms = ['heap.pb.gz'] as const;

export interface Label {
  readonly name: string;
  readonly kind: 'goroutine' | 'heap';
  readonly leak: boolean;
  /** The user's function to be named; '' where the pattern is to be named, or there is none. */
  readonly function: string;
  readonly pattern: string;
}

export interface Judged {
  readonly label: Label;
  readonly form: string;
  readonly verdict: Verdict;
  readonly right: boolean;
  readonly why: string;
}

/** The dumps of a folder of `tN` folders, in order of time. */
export async function dumpsOf(folder: string, form: string): Promise<Dump[]> {
  const points = readdirSync(folder)
    .filter((name) => /^t\d+$/u.test(name) && statSync(join(folder, name)).isDirectory())
    .sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  const dumps: Dump[] = [];
  for (const point of points) {
    const bytes = readFileSync(join(folder, point, form));
    const profile = await readProfile(bytes, {
      inflate: (gz, limit) => gunzipSync(gz, { maxOutputLength: limit }),
    });
    dumps.push({
      profile,
      time: profile.timeNanos > 0n ? Number(profile.timeNanos / 1_000_000n) : null,
      name: point,
    });
  }
  return dumps;
}

/** Whether a verdict is what the label asks for, and if not, why. */
export function check(label: Label, form: string, verdict: Verdict): string {
  const ids = form.includes('debug2');
  if (!label.leak) {
    // Without ids, rising load cannot be told from a leak: the honest answer is that it could be either.
    const expected = label.name === 'load-rises' && !ids ? 'unsure' : 'none';
    return verdict.kind === expected ? '' : `${verdict.kind} instead of ${expected}`;
  }
  if (verdict.kind !== 'leak') return `${verdict.kind} instead of leak`;
  const top = verdict.findings[0];
  if (label.function === '')
    return top?.pattern?.text === label.pattern ? '' : `does not name ${label.pattern} first`;
  return top?.culprit?.name.includes(label.function) === true
    ? ''
    : `names ${top?.culprit?.name ?? 'nobody'} instead of ${label.function}`;
}

/** Judges every scenario in every form; `points` limits the dumps to the first so many. */
export async function judgeScenarios(points?: number): Promise<Judged[]> {
  const labels = JSON.parse(readFileSync(join(fixtures, 'scenarios/labels.json'), 'utf8')) as Label[];
  const judged: Judged[] = [];
  for (const label of labels) {
    for (const form of label.kind === 'heap' ? heapForms : goroutineForms) {
      const dumps = await dumpsOf(join(fixtures, 'scenarios', label.name), form);
      const verdict = findLeaks(points === undefined ? dumps : dumps.slice(0, points));
      const why = check(label, form, verdict);
      judged.push({ label, form, verdict, right: why === '', why });
    }
  }
  return judged;
}
