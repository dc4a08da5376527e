// Groups of addresses, as they were found, made into targets by a job's rules.
import type { JobConfig } from '../config/model.ts';
import type { TargetGroup } from './group.ts';
import { type Labels, relabelled } from './relabel.ts';

/** A target as it was found: where it is, and its labels, `job` and `instance` among them. */
export interface FoundTarget {
  /** Of the service: `http://10.0.0.7:6060/debug/pprof/`. */
  readonly url: string;
  readonly labels: Labels;
}

/** `http://host:6060/base` as scheme, address and what stands before `/debug/pprof/`. */
function addressLabels(target: string, job: JobConfig): Labels {
  const url = target.includes('://') ? URL.parse(target) : null;
  if (url === null) return { __address__: target, __scheme__: job.scheme, __path_prefix__: job.pathPrefix };
  const path = url.pathname.replace(/\/(?:debug\/pprof\/?)?$/u, '');
  return {
    __address__: url.host,
    __scheme__: url.protocol.slice(0, -1),
    __path_prefix__: path === '' ? job.pathPrefix : path,
  };
}

/** The target that an address becomes; null where a rule leaves it out; a sentence where it makes no sense. */
function foundOf(target: string, labels: Labels, job: JobConfig): FoundTarget | string | null {
  const changed = relabelled({ job: job.job, ...labels, ...addressLabels(target, job) }, job.relabel);
  if (changed === null) return null;
  const address = changed['__address__'] ?? '';
  const url = URL.parse(`${changed['__scheme__'] ?? 'http'}://${address}`);
  const isAddress = url !== null && url.pathname === '/' && url.search === '' && url.username === '';
  if (!isAddress || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    return `${job.job}: ${address.slice(0, 100)} is no address of a target`;
  const prefix = (changed['__path_prefix__'] ?? '').replace(/\/+$/u, '');
  url.pathname = `${prefix}/debug/pprof/`;
  const kept = Object.entries(changed).filter(([name]) => !name.startsWith('__'));
  return { url: url.href, labels: { instance: address, ...Object.fromEntries(kept) } };
}

/** All targets of a job, and what is wrong with those that are none. */
export function targetsOfGroups(
  groups: readonly TargetGroup[],
  job: JobConfig,
): { readonly targets: readonly FoundTarget[]; readonly wrong: readonly string[] } {
  const targets: FoundTarget[] = [];
  const wrong: string[] = [];
  for (const group of groups)
    for (const target of group.targets) {
      const found = foundOf(target, group.labels, job);
      if (typeof found === 'string') wrong.push(found);
      else if (found !== null) targets.push(found);
    }
  return { targets, wrong };
}
