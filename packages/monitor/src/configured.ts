// The targets of a configuration file as services that can be opened, and its receivers.
import type { LeakOptions } from '@stackpile/leaks';
import { parseSource, type Service, type SourceOptions } from '@stackpile/sources';
import { openService } from '@stackpile/sources/service';
import type { JobConfig } from './config/model.ts';
import { authorizationOf, tlsOf } from './config/secret.ts';
import type { JobTarget } from './discovery/discovered.ts';
import type { Target } from './target.ts';

/** Profiles shrink to a fifth or less when they are packed; what grows more than this was made to. */
const MOST_GROWTH = 32;
const MOST_UNPACKED = 256 << 20;

/** Bytes that an answer of so many may become once it is unpacked. */
export function mostUnpacked(maxBytes: number): number {
  return Math.min(MOST_UNPACKED, maxBytes * MOST_GROWTH);
}

/** Read anew for each opening: whoever replaces a token's file need not start the monitor anew. */
async function optionsOf({ auth, tls, timeout, maxBytes }: JobConfig): Promise<SourceOptions> {
  const authorization = await authorizationOf(auth);
  return {
    timeout: timeout / 1000,
    maxBytes,
    maxUnpacked: mostUnpacked(maxBytes),
    tls: await tlsOf(tls),
    // Whoever answers does not send us, and our credentials, elsewhere.
    sameHost: true,
    ...(authorization === null ? {} : { headers: [`Authorization: ${authorization}`] }),
  };
}

/** A target that was found, as one that is looked at. */
export function targetOf({ job, url, labels }: JobTarget, leaks: LeakOptions): Target {
  const { job: name = job.job, instance = '' } = labels;
  return {
    name: name === instance ? instance : `${name} ${instance}`,
    labels,
    url,
    plan: { every: job.every, profiles: job.profiles, leaks },
    access: JSON.stringify([job.auth, job.tls, job.timeout, job.maxBytes]),
    open: async (): Promise<Service> => openService(parseSource(url, '/'), await optionsOf(job)),
  };
}

/** Each name once: the first of a name, and the names that came again. */
export function onceEach(targets: readonly Target[]): { readonly kept: Target[]; readonly again: string[] } {
  const kept = new Map<string, Target>();
  const again: string[] = [];
  for (const target of targets) {
    if (kept.has(target.name)) again.push(target.name);
    else kept.set(target.name, target);
  }
  return { kept: [...kept.values()], again };
}
