// Downloads: the profile as other tools and people read it.
import { encodeProfile, shortPath } from '@stackpile/profile';
import { ReportError, runExport } from '@stackpile/report';
import { flameSvg, layoutFlame, planFlame } from '@stackpile/report/flame';
import { formatValue } from '../../format.ts';
import { EngineError } from '../error.ts';
import { type Profiles, typeIndex } from '../profiles.ts';
import { reportOptions, type StackQuery } from '../stack-query.ts';

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
  const text = (content: string, mediaType: string, extension: string): ExportAnswer => ({
    bytes: new TextEncoder().encode(content),
    mediaType,
    fileName: `${base}.${extension}`,
  });
  switch (query.kind) {
    case 'folded':
      return text(written(profiles, query, 'folded'), 'text/plain', 'folded.txt');
    case 'speedscope':
      return text(written(profiles, query, 'speedscope'), 'application/json', 'speedscope.json');
    case 'markdown':
      return text(written(profiles, query, 'markdown'), 'text/markdown', 'md');
    case 'svg': {
      const { stacks, unit, type } = profiles.prepare(query);
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
  }
}

/** An export of the command line's. */
function written(profiles: Profiles, query: StackQuery, kind: 'folded' | 'speedscope' | 'markdown'): string {
  const { summary, profile } = profiles.entry(query.profile);
  const options = reportOptions(query, typeIndex(profile, query.sampleType, summary.defaultType));
  try {
    const output = runExport(profile, kind, options);
    return output.type === 'text' ? [...output.chunks].join('') : '';
  } catch (error) {
    if (error instanceof ReportError) throw new EngineError('REPORT', error.message);
    throw error;
  }
}

function fileBase(name: string): string {
  const base = shortPath(name, 1)
    .replace(/(?:\.pb)?(?:\.gz)?$/, '')
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 80);
  return base === '' ? 'profile' : base;
}
