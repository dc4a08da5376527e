// Downloads: the profile as other tools and people read it.
import { encodeProfile, shortPath } from '@stackpile/profile';
import {
  flameSvg,
  foldedStacks,
  layoutFlame,
  planFlame,
  speedscopeJson,
  sumFrames,
} from '@stackpile/report/flame';
import { formatPercent, formatValue, forNumber } from '../../format.ts';
import type { Prepared, Profiles, ProfileSummary, StackQuery } from '../profiles.ts';

export type ExportKind = 'proto' | 'folded' | 'speedscope' | 'markdown' | 'svg';

export interface ExportQuery extends StackQuery {
  readonly kind: ExportKind;
}

export interface ExportAnswer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly mediaType: string;
  readonly fileName: string;
}

/** Writes the profile in one of the forms. */
export async function exportAs(profiles: Profiles, query: ExportQuery): Promise<ExportAnswer> {
  const { summary, profile } = profiles.entry(query.profile);
  const base = fileBase(summary.name);
  if (query.kind === 'proto') {
    const plain = encodeProfile(profile) as Uint8Array<ArrayBuffer>;
    const packed = new Blob([plain]).stream().pipeThrough(new CompressionStream('gzip'));
    return {
      bytes: new Uint8Array(await new Response(packed).arrayBuffer()),
      mediaType: 'application/vnd.google.protobuf+gzip',
      fileName: `${base}.pb.gz`,
    };
  }
  const prepared = profiles.prepare(query);
  const { stacks, unit, type } = prepared;
  const text = (content: string, mediaType: string, extension: string): ExportAnswer => ({
    bytes: new TextEncoder().encode(content),
    mediaType,
    fileName: `${base}.${extension}`,
  });
  switch (query.kind) {
    case 'folded':
      return text(foldedStacks(stacks), 'text/plain', 'folded.txt');
    case 'speedscope':
      return text(speedscopeJson(stacks, summary.name, unit), 'application/json', 'speedscope.json');
    case 'svg': {
      const layout = layoutFlame(planFlame(stacks, 'down'), { minShare: 1 / 2400 });
      const title = `${summary.name}: ${type}, ${formatValue(stacks.total, unit)}`;
      return text(
        flameSvg(layout, stacks.table, {
          title,
          total: stacks.total,
          format: (value) => formatValue(value, unit),
        }),
        'image/svg+xml',
        'svg',
      );
    }
    case 'markdown':
      return text(markdownTop(summary, prepared), 'text/markdown', 'md');
  }
}

function fileBase(name: string): string {
  const base = shortPath(name, 1)
    .replace(/(?:\.pb)?(?:\.gz)?$/, '')
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 80);
  return base === '' ? 'profile' : base;
}

function markdownTop(summary: ProfileSummary, prepared: Prepared): string {
  const { stacks, unit, type } = prepared;
  const sums = sumFrames(stacks);
  const rows = Array.from({ length: stacks.table.length }, (_, frame) => frame)
    .filter((frame) => sums.cum[frame] !== 0)
    .sort((a, b) => Math.abs(sums.flat[b] as number) - Math.abs(sums.flat[a] as number))
    .slice(0, 30);
  const cell = (text: string): string => text.replace(/[\\|`<>*_[\]]/g, '\\$&');
  const lines = [
    `### ${cell(summary.name)}`,
    '',
    `${cell(type)}: ${formatValue(stacks.total, unit)} in ${summary.samples} ${forNumber(summary.samples, 'samples')}`,
    '',
    '| flat | flat% | cum | cum% | function | file |',
    '|---:|---:|---:|---:|---|---|',
    ...rows.map((frame) => {
      const flat = sums.flat[frame] as number;
      const cum = sums.cum[frame] as number;
      const { table } = stacks;
      const file = shortPath(table.file[frame] as string, 3);
      const line = table.line[frame] as number;
      return `| ${formatValue(flat, unit)} | ${formatPercent(flat, stacks.total)} | ${formatValue(cum, unit)} | ${formatPercent(cum, stacks.total)} | ${cell(table.name[frame] as string)} | ${cell(line > 0 ? `${file}:${line}` : file)} |`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}
