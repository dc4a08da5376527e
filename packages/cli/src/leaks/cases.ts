// A judgement as a list of cases, for forms of CI that know nothing but cases: each passed, failed, or could not be told.
import type { Finding } from '@stackpile/leaks';
import { type Judgement, exitStatus, leaksOf } from './judged.ts';
import type { VerifyReport } from './json.ts';

/** One case. */
export interface Case {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'unsure';
  /** One sentence. */
  readonly sentence: string;
  /** What it failed for; may be empty. */
  readonly findings: readonly Finding[];
}

/** Cases on one thing that was judged. */
export interface Suite {
  /** `stackpile leaks`, or which process of several. */
  readonly name: string;
  readonly cases: readonly Case[];
}

const outcomes = { 0: 'passed', 1: 'failed', 2: 'unsure' } as const;
const ofKind = { none: 'passed', leak: 'failed', unsure: 'unsure' } as const;

/** The cases of a judgement: one for each kind of thing that was counted, and one for the balance where nothing of these failed. */
export function suiteOf(name: string, judgement: Judgement): Suite {
  const { judged, process } = judgement;
  const cases: Case[] = judged.map(({ verdict }) => ({
    name: verdict.series.measure.unit === 'bytes' ? 'memory' : verdict.series.noun,
    // The balance says what could not be told: a part of it that is unclear by itself may be clear there.
    outcome: process !== null && verdict.kind === 'unsure' ? 'passed' : ofKind[verdict.kind],
    sentence: verdict.sentence,
    findings: verdict.findings.filter(({ kind }) => kind === 'leak'),
  }));
  const status = process?.exitStatus ?? exitStatus(judged);
  if (process !== null && !(status === 1 && leaksOf(judgement).length > 0))
    cases.push({ name: 'balance', outcome: outcomes[status], sentence: process.sentence, findings: [] });
  return { name, cases };
}

const states = { gone: 'passed', stays: 'failed', unsure: 'unsure' } as const;

/** The cases of a verification: the fix, and each thing that leaked before it. */
export function suiteOfFix({ verification, after }: VerifyReport): Suite {
  const { exitStatus: status, sentence, suspects, others } = verification;
  const judged = after.verdicts.map((verdict) => ({ verdict, sources: [], base: null }));
  return {
    name: 'stackpile verify',
    cases: [
      {
        name: 'the fix holds',
        outcome: outcomes[status],
        sentence,
        findings: status === 1 ? leaksOf({ judged }) : [],
      },
      ...suspects.map(({ subject, state }) => ({
        name: subject,
        outcome: states[state],
        sentence: `${subject}: ${state}`,
        findings: [],
      })),
      ...others.map((other) => ({ name: other, outcome: 'failed', sentence: other, findings: [] }) as const),
    ],
  };
}
