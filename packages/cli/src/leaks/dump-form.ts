// What the dumps of a running service are asked for: which form it can afford, and what that form leaves out.
import type { Profile } from '@stackpile/profile';
import {
  type Capture,
  type Query,
  type RunningSpec,
  type Service,
  shownSource,
  SourceError,
} from '@stackpile/sources';
import type { Ask } from '@stackpile/sources/looks';
import { serviceAddress } from '@stackpile/sources/service';
import type { ProcessPlan } from './process-looks.ts';

/** Above this many goroutines a full dump stops the program for too long and is cut by Go at 64 MiB. */
const mostForIds = 10_000;

/** Which dumps of a service are judged. */
export interface DumpForm {
  readonly ask: Ask;
  /** Where they come from; safe to show. */
  readonly name: string;
  /** Why it is this form, in words. */
  readonly form: string;
  /** What shows handles (sockets, timers) of a Node service, which the form above leaves out; null where there are none. */
  readonly handles: Ask | null;
}

/** Whether a dump is of a Node service: Go's frames have files that end in .go. */
function isNode({ functions, strings }: Profile): boolean {
  for (let i = 0; i < functions.length; i++) {
    if (/\.(?:go|s)$/u.test(strings.get(functions.filename[i] ?? 0))) return false;
  }
  return true;
}

function countedIn(profile: Profile): number {
  const values = profile.samples.values[0];
  let count = 0;
  for (let i = 0; i < profile.samples.length; i++) count += Number(values?.[i] ?? 0);
  return count;
}

/**
 * Finds out what to ask a service for: its goroutines with ids (`debug=2`) where they are few enough, else as protobuf; or
 * exactly what the address says.
 */
export async function dumpForm(service: Service, spec: RunningSpec, signal: AbortSignal): Promise<DumpForm> {
  if (spec.kind !== 'url')
    return { ask: { name: 'goroutine' }, name: service.name, form: 'through its inspector', handles: null };
  const { profile, query } = serviceAddress(spec.url);
  const plain: Ask = { name: profile ?? 'goroutine', query };
  const nameOf = (ask: Ask): string => shownAsk(service, ask.name, ask.query ?? {});
  const only = (ask: Ask, form: string): DumpForm => ({ ask, name: nameOf(ask), form, handles: null });
  if (plain.name !== 'goroutine' || query['debug'] !== undefined) return only(plain, 'as asked');

  const take = (ask: Ask): Promise<Capture> => service.capture(ask.name, ask.query, signal);
  const { offers } = await service.offers(signal);
  const count =
    offers.find(({ name }) => name === 'goroutine')?.count ?? countedIn(await (await take(plain)).profile());
  if (count > mostForIds)
    return only(plain, `protobuf without ids, for ${count} goroutines are too many for a full dump`);
  if (offers.some((offer) => offer.name === 'goroutine' && offer.query.includes('ids'))) {
    const members: Ask = { name: 'goroutine', query: { ...query, ids: '1' } };
    return { ...only(members, 'each task by its number, which tells load from a leak'), handles: members };
  }
  const full: Ask = { name: 'goroutine', query: { ...query, debug: '2' } };
  try {
    const dump = await (await take(full)).profile();
    // Go's texts know goroutines only: what else a Node service holds open is in its protobuf.
    const handles =
      isNode(dump) &&
      (await (await take(plain)).profile()).sampleTypes.some(({ type }) => type === 'handles');
    return {
      ...only(full, 'full dumps, whose ids tell load from a leak'),
      handles: handles ? plain : null,
    };
  } catch (error) {
    if (!(error instanceof SourceError) || error.code === 'SOURCE_ABORTED') throw error;
    return only(plain, 'protobuf, for it gives no full dump');
  }
}

/** How a service is to be watched as a whole: what it offers, and the form of its dumps. */
export async function processPlan(
  service: Service,
  spec: RunningSpec,
  given: Omit<ProcessPlan, 'service' | 'name' | 'form' | 'tasks' | 'offers'>,
  signal: AbortSignal,
): Promise<ProcessPlan> {
  const offers = await service.offers(signal);
  const tasks = await dumpForm(service, spec, signal);
  const { name, form } = tasks;
  return { ...given, service, name, form, tasks, offers };
}

function shownAsk(service: Service, name: string, query: Query): string {
  const asked = new URLSearchParams(query).toString();
  return shownSource(`${service.name}${name}${asked === '' ? '' : `?${asked}`}`);
}
