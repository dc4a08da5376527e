// The report of `disasm`. There is no disassembler here: what is said is what pprof says without a usable binary.
// Upstream: google/pprof internal/report/report.go internal/report/source.go, 2025-11-14
import { reportFrames } from '../graph/trim.ts';
import { presentNodes, Graph } from '../graph/graph.ts';
import { sumNodes } from '../graph/kernel.ts';
import { parseGoInt } from '../options.ts';
import type { PreparedReport } from '../prepare.ts';
import type { SourceFiles } from '../context.ts';

/** Why there is no listing: the sentence, and the lines about binaries that pprof prints on stdout before it. */
export interface NoListing {
  readonly message: string;
  readonly output: string;
}

/** Says for which binaries a listing is missing. */
export function explainDisasm(report: PreparedReport, sources?: SourceFiles): NoListing {
  const { profile, weights, options } = report;
  const source = report.pattern?.source ?? '';
  const number = parseGoInt(source, true);
  const address = typeof number === 'bigint' && number >= 0n ? number : null;
  const frames = reportFrames(report);
  const graph = new Graph(frames.info, sumNodes(profile, frames, weights));
  const binaries = new Set<string>();
  for (const node of presentNodes(graph, options.drop_negative)) {
    const object = graph.info.object(node);
    if (object !== '' && report.pattern?.test(graph.printed(node))) binaries.add(object);
  }
  let output = '';
  const { mappings } = profile;
  for (let m = 0; m < mappings.length; m++) {
    const file = profile.strings.get(mappings.filename[m] as number);
    const covers =
      address !== null &&
      (mappings.start[m] as bigint) <= address &&
      address <= (mappings.limit[m] as bigint);
    if (!binaries.has(file) && !covers) continue;
    output += `${sources?.binaryProblem?.(file) ?? `open ${file}: no disassembler`}\n`;
  }
  const message =
    address === null
      ? `no matches found for regexp ${source}`
      : `no matches found for address 0x${address.toString(16)}`;
  return { message, output };
}
