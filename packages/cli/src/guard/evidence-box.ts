// A bundle about a service, written from outside: first what is known of it, then what it still answers.
import { Bundle, Delivery, type Progress, tidy } from '@stackpile/agent/inspector';
import type { ProcessVerdict } from '@stackpile/leaks';
import { type Counters, safeText } from '@stackpile/profile';
import { type Service, SourceError } from '@stackpile/sources';
import type { Ask } from '@stackpile/sources/looks';
import { inBlame } from '../leaks/judged.ts';
import { jsonReport } from '../leaks/json.ts';
import { packed } from './kept.ts';

/** How long one profile may take: there is not much time left. */
const PROFILE_MS = 8000;

/** What crossed its line, or that nothing answers any more. */
export interface Crossed {
  readonly what: Progress['what'] | 'gone';
  readonly value: number;
  readonly line: number;
  readonly limit: number | null;
}

/** Where bundles go. */
export interface BoxPlan {
  /** Absolute. */
  readonly dir: string;
  readonly bundles: number;
  readonly megabytes: number;
  readonly upload: string | null;
  readonly webhook: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** All that is known when a bundle is begun. */
export interface Known {
  /** Of the service, fit to be shown. */
  readonly name: string;
  readonly pid: number | null;
  readonly runtime: Counters['runtime'];
  readonly commandLine: readonly string[];
  readonly crossed: Crossed;
  readonly ledger: readonly Counters[];
  readonly verdict: ProcessVerdict | null;
  readonly earlier: Readonly<Record<string, Uint8Array>>;
}

/** A profile that is asked for at the line, and the file that it becomes. */
export interface LastAsk {
  readonly file: 'goroutine' | 'heap' | 'heapclasses' | 'profile';
  readonly ask: Ask;
}

function verdictText(verdict: ProcessVerdict | null, name: string): string | null {
  if (verdict === null) return null;
  const judged = inBlame(
    verdict.verdicts.map((one) => ({ verdict: one, sources: [name], base: null })),
    verdict,
  );
  return `${JSON.stringify(jsonReport(judged, verdict))}\n`;
}

/** The sentence that says what happened, for people. */
function sentenceOf({ name, crossed, verdict }: Known, path: string): string {
  const what = crossed.what === 'gone' ? 'is gone' : `has crossed ${crossed.what}`;
  const so = verdict === null ? '' : ` ${safeText(verdict.sentence, 1000)}`;
  return `${name} ${what}: evidence is in ${path}.${so}`;
}

/** What is told while a bundle is written. */
export interface BoxEvents {
  readonly say: (line: string) => void;
  /** There is none, not even its beginning. */
  readonly unmade: () => void;
}

/**
 * Writes one bundle; the folder is within its bounds afterwards.
 *
 * @param known asked twice: when it is begun, and for what has come meanwhile when it is whole
 * @param last what the service is asked for now; nothing where it is gone
 * @throws what the file system says
 */
export async function writeBox(
  plan: BoxPlan,
  known: () => Known,
  last: { readonly service: Service; readonly asks: readonly LastAsk[]; readonly signal: AbortSignal } | null,
  { say, unmade }: BoxEvents,
): Promise<void> {
  const begun = known();
  const time = Date.now();
  const missing: Record<string, string> = {};
  const box = (isWhole: boolean): string =>
    `${JSON.stringify({
      schema: 'stackpile.box/1',
      time,
      pid: begun.pid,
      runtime: begun.runtime,
      source: begun.name,
      commandLine: begun.commandLine,
      crossed: begun.crossed,
      isWhole,
      missing,
    })}\n`;
  const told = ({ ledger, verdict }: Known): Record<string, string> => {
    const judged = verdictText(verdict, begun.name);
    return {
      'ledger.json': `${JSON.stringify(ledger)}\n`,
      ...(judged === null ? {} : { 'verdict.json': judged }),
    };
  };
  const first = { 'box.json': box(false), ...told(begun), ...begun.earlier };
  let bundle: Bundle;
  try {
    bundle = Bundle.create(plan.dir, time, first, begun.pid ?? 0);
  } catch (error) {
    unmade();
    throw error;
  }
  tidy(plan.dir, plan, bundle.name, time);
  const text = sentenceOf(begun, bundle.path);
  say(text);
  const delivery = new Delivery(bundle, plan, say);
  delivery.tell({ text, pid: begun.pid, time, program: begun.name, crossed: begun.crossed });
  delivery.send(Object.keys(first));
  // One file that the disk has no room for keeps no other out.
  const add = (file: string, content: string | Uint8Array): void => {
    try {
      bundle.add(file, content);
      delivery.send([file]);
    } catch (error) {
      missing[file] = error instanceof Error ? error.message : String(error);
    }
  };
  for (const { file, ask } of last?.asks ?? []) {
    const taken = await take(last?.service, ask, last?.signal);
    if (typeof taken === 'string') missing[file] = taken;
    else add(`${file}.pb.gz`, taken);
  }
  for (const [file, content] of Object.entries(told(known()))) add(file, content);
  add('box.json', box(true));
  tidy(plan.dir, plan, bundle.name, time);
  await delivery.end();
}

/** A profile packed, or why there is none. */
async function take(
  service: Service | undefined,
  { name, query }: Ask,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | string> {
  if (service === undefined) return 'nobody to ask';
  const deadline = AbortSignal.timeout(PROFILE_MS);
  try {
    const within = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
    const time = Date.now();
    return await packed(await service.capture(name, query, within), time);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return deadline.aborted ? `not there within ${PROFILE_MS / 1000} s` : safeText(error.message, 300);
  }
}
