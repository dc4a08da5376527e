// Targets that a name server knows, as Prometheus's `dns_sd_configs` have them.
import type { SrvRecord } from 'node:dns';
import { systemReason } from '@stackpile/sources';
import type { Discovery } from '../config/model.ts';
import { MonitorError } from '../errors.ts';
import type { TargetGroup } from './group.ts';

/** What of `node:dns/promises` is asked. */
export interface NameServer {
  resolve4(name: string): Promise<string[]>;
  resolve6(name: string): Promise<string[]>;
  resolveSrv(name: string): Promise<SrvRecord[]>;
}

async function addressesOf(
  { type, port }: Extract<Discovery, { kind: 'dns' }>,
  name: string,
  names: NameServer,
): Promise<string[]> {
  switch (type) {
    case 'A':
      return (await names.resolve4(name)).map((address) => `${address}:${port}`);
    case 'AAAA':
      return (await names.resolve6(name)).map((address) => `[${address}]:${port}`);
    case 'SRV':
      return (await names.resolveSrv(name)).map((one) => `${one.name.replace(/\.$/u, '')}:${one.port}`);
  }
}

/** @throws MonitorError `MONITOR_DISCOVERY` where the server does not answer; a name without records has no targets */
export async function dnsFinder(
  discovery: Extract<Discovery, { kind: 'dns' }>,
  names: NameServer,
): Promise<TargetGroup[]> {
  const groups: TargetGroup[] = [];
  for (const name of discovery.names) {
    try {
      const targets = await addressesOf(discovery, name, names);
      groups.push({ targets: targets.toSorted(), labels: { __meta_dns_name: name } });
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      if (code === 'ENODATA' || code === 'ENOTFOUND') continue;
      throw new MonitorError('MONITOR_DISCOVERY', `${name}: ${systemReason(error)}`, { cause: error });
    }
  }
  return groups;
}
