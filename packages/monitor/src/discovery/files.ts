// Targets that files list, in JSON or YAML, as Prometheus's `file_sd_configs` have them.
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readTypedFile, systemReason } from '@stackpile/sources';
import type { Discovery } from '../config/model.ts';
import { parseConfig } from '../config/node.ts';
import { MonitorError } from '../errors.ts';
import type { TargetGroup } from './group.ts';

const MOST_BYTES = 4 << 20;

/** The files that a path means: its last part may hold `*`. */
async function filesOf(path: string): Promise<string[]> {
  const [folder, last] = [dirname(path), basename(path)];
  if (!last.includes('*')) return [path];
  const parts = last.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/gu, '\\$&'));
  const pattern = new RegExp(`^${parts.join('[^/]*')}$`, 'u');
  const names = await readdir(folder);
  return names
    .filter((name) => pattern.test(name) && !name.startsWith('.'))
    .map((name) => join(folder, name));
}

/** @throws MonitorError */
async function read(path: string): Promise<TargetGroup[]> {
  const text = Buffer.from(await readTypedFile(path, MOST_BYTES)).toString();
  return parseConfig(text, path)
    .list()
    .map((one) => {
      const known = one.fields(['targets', 'labels']);
      return {
        targets: (known.targets ?? one.fail('targets is missing')).texts(),
        labels: { ...known.labels?.labels(), __meta_filepath: path },
      };
    });
}

/** @throws MonitorError `MONITOR_DISCOVERY`, or `MONITOR_CONFIG` for what is wrong in a file */
export async function fileFinder({ paths }: Extract<Discovery, { kind: 'file' }>): Promise<TargetGroup[]> {
  const groups: TargetGroup[] = [];
  for (const path of paths) {
    try {
      for (const file of (await filesOf(path)).toSorted()) groups.push(...(await read(file)));
    } catch (error) {
      if (error instanceof MonitorError) throw error;
      throw new MonitorError('MONITOR_DISCOVERY', `${path}: ${systemReason(error)}`, { cause: error });
    }
  }
  return groups;
}
