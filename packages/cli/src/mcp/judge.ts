// The tool `leaks`: dumps or a running service to a verdict, by the same judge as `stackpile leaks`.
import type { Finding } from '@stackpile/leaks';
import { quotePattern, shortName } from '@stackpile/profile';
import type { CliIo } from '../io.ts';
import { judge } from '../leaks/command.ts';
import type { LeaksOptions } from '../leaks/command-line.ts';
import { exitStatus, type Judgement } from '../leaks/judged.ts';
import { judgementText } from '../leaks/print.ts';
import type { Answer, NextCall } from './answer.ts';
import type { Named, Readable } from './catalog.ts';
import { RefusedCall } from './refusal.ts';

/** What a verdict is asked about. */
export type Subject = Named | Exclude<Readable, { kind: 'capture' }>;

const titles = { 0: 'No leak', 1: 'A leak', 2: 'Could not tell' } as const;

/** A pattern that finds a function; '' for a name that no pattern should be made of: it came from a profile. */
export function patternFor(name: string): string {
  const short = shortName(name);
  return /^[\w.$#*()<>/:@-]{1,200}$/u.test(short) ? quotePattern(short) : '';
}

/** What is blamed first, and what of. */
interface Guilty {
  readonly finding: Finding;
  /** The last dump that it was seen in. */
  readonly last: string;
  readonly profile: 'goroutine' | 'heap';
}

function guiltyOf({ judged }: Judgement): Guilty | null {
  for (const { verdict, sources } of judged) {
    const finding = verdict.findings.find(({ kind }) => kind === 'leak') ?? verdict.findings[0];
    if (finding?.kind === 'leak' || (finding?.kind === 'growing' && verdict.kind === 'unsure'))
      return {
        finding,
        last: sources.at(-1) ?? '',
        profile: verdict.series.measure.unit === 'bytes' ? 'heap' : 'goroutine',
      };
  }
  return null;
}

function nextOf(
  judgement: Judgement,
  subjects: readonly Subject[],
  idOf: (path: string) => string,
): NextCall[] {
  const guilty = guiltyOf(judgement);
  const [first] = subjects;
  const service = first?.kind === 'service' ? first.id : null;
  const pattern = guilty === null ? '' : patternFor(guilty.finding.culprit?.name ?? '');
  const file = guilty === null ? '' : idOf(guilty.last);
  if (guilty !== null && service === null && file !== '' && pattern !== '')
    return [
      {
        tool: 'list',
        args: { source: file, function: pattern },
        why: 'the source lines of the guilty function',
      },
      { tool: 'peek', args: { source: file, function: pattern }, why: 'who calls it, and what it calls' },
    ];
  if (service !== null)
    return guilty === null
      ? [
          {
            tool: 'leaks',
            args: { sources: [service], seconds: 120 },
            why: 'a longer watch, which sees slower leaks',
          },
        ]
      : [
          {
            tool: 'capture',
            args: { source: service, profile: guilty.profile },
            why: 'a capture, of which list shows the source lines',
          },
        ];
  return [{ tool: 'list_sources', args: {}, why: 'what else can be asked about' }];
}

/** The output of a judgement that nobody sees: progress goes to `onProgress`. */
export function quietIo(io: CliIo, onProgress: (line: string) => void): CliIo {
  return {
    ...io,
    stdout: { write: () => undefined },
    stderr: { write: (chunk) => onProgress(typeof chunk === 'string' ? chunk : '') },
    isTTY: { stdin: false, stdout: false, stderr: false },
    env: {},
  };
}

/** What a judgement is told with. */
export interface JudgeCall {
  readonly subjects: readonly Subject[];
  readonly options: LeaksOptions;
  /** Milliseconds that a service is watched. */
  readonly watch: number;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
  /** The name that a call gives a file; '' where it has none. */
  readonly idOf: (path: string) => string;
}

/** Judges files together, or one service for a while. */
export async function leaksAnswer(call: JudgeCall, io: CliIo): Promise<Answer> {
  const { subjects, watch, signal } = call;
  const services = subjects.filter(({ kind }) => kind === 'service');
  if (services.length > 0 && subjects.length > 1)
    throw new RefusedCall('leaks: judge one running service at a time, or files together');
  const sources = subjects.map((one) => (one.kind === 'service' ? one.source : one.path));
  const options: LeaksOptions = {
    ...call.options,
    sources,
    ...(services.length > 0 ? { for: watch, every: Math.max(1000, watch / 12) } : {}),
  };
  const quiet = quietIo(io, call.onProgress);
  const judgement = await judge(options, {
    ...quiet,
    signal,
    sleep: (ms) => quiet.sleep(ms, signal),
  });
  const status = judgement.process?.exitStatus ?? exitStatus(judgement.judged);
  return {
    said: `${titles[status]} (status ${status}, as stackpile leaks ends).`,
    data: judgementText(judgement, { all: false, commands: false }, quiet).split('\n'),
    narrower: 'Name fewer sources.',
    next: nextOf(judgement, subjects, call.idOf),
  };
}
