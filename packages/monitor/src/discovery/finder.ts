// Where targets come from, asked now and then: lists, files, names of a name server, pods of a cluster.
import type { Discovery } from '../config/model.ts';
import { dnsFinder, type NameServer } from './dns.ts';
import { fileFinder } from './files.ts';
import type { TargetGroup } from './group.ts';
import { kubernetesFinder } from './kubernetes.ts';

export interface Finder {
  /** Milliseconds between two questions; Infinity where the answer stays. */
  readonly every: number;
  /** @throws MonitorError `MONITOR_DISCOVERY`, one sentence */
  find(signal: AbortSignal): Promise<readonly TargetGroup[]>;
}

export function finderOf(discovery: Discovery, names: NameServer): Finder {
  switch (discovery.kind) {
    case 'static':
      return { every: Infinity, find: () => Promise.resolve([discovery]) };
    case 'file':
      return { every: discovery.every, find: () => fileFinder(discovery) };
    case 'dns':
      return { every: discovery.every, find: () => dnsFinder(discovery, names) };
    case 'kubernetes':
      return { every: discovery.every, find: (signal) => kubernetesFinder(discovery, signal) };
  }
}
