// Judges looks that record.ts kept by the rules as they are now: the same report as `stackpile leaks --json`, of the same looks.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { ProcessWatch } from '@stackpile/leaks';
import { decodeProfile, readCounters } from '@stackpile/profile';
import { jsonReport } from '../../packages/cli/src/leaks/json.ts';
import { inBlame } from '../../packages/cli/src/leaks/judged.ts';
import type { Told } from './record.ts';

/** The report on what was kept in a file; `isBare`: the process was looked at by its number. */
export function replay(path: string, isBare: boolean): string {
  const first = new ProcessWatch({ source: 'SOURCE', snapshots: isBare });
  const watches = new Map([[0, first]]);
  for (const line of readFileSync(path, 'utf8').split('\n'))
    if (line !== '') tell(watches, JSON.parse(line) as Told);
  const process = first.verdict();
  const judged = process.verdicts.map((verdict) => ({ verdict, sources: [], base: null }));
  return JSON.stringify({ ...jsonReport(inBlame(judged, process), process) });
}

function tell(watches: Map<number, ProcessWatch>, told: Told): void {
  const watch = watches.get(told.watch);
  if (watch === undefined) throw new Error(`nobody said what watch ${told.watch} is`);
  switch (told.call) {
    case 'counters':
      watch.counters(readCounters(told.counters, 'a look'));
      break;
    case 'dump': {
      const profile = decodeProfile(gunzipSync(Buffer.from(told.profile, 'base64')));
      const { evidence, time, name } = told;
      watch.dump(evidence, { profile, time, ...(name === null ? {} : { name }) });
      break;
    }
    case 'part':
      watches.set(told.part, watch.part(told.kind === 'workers' ? 'workers' : 'children', told.name));
      break;
    case 'notSeen':
      watch.notSeen(told.unseen as Parameters<ProcessWatch['notSeen']>[0]);
      break;
    case 'callers':
      watch.callers(told.known);
      break;
    case 'restart':
      watch.restart();
      break;
  }
}
