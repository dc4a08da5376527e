// The stacks that grow steepest, over the whole fleet or of one series.
import { shortName } from '@stackpile/profile';
import type { Grower } from '../growers.ts';
import type { Frame, Range, Series } from '../store/index.ts';
import { ownFrame } from './layers.ts';
import { address, amountOf, escaped, page } from './shell.ts';

/** The name of the target that a series is of. */
export type NameOf = (series: Series) => string;

/** A file with the folder that it is in, and the line. */
function nearPlace({ file, line }: Frame): string {
  return escaped(`${file.split('/').slice(-2).join('/')}${line > 0 ? `:${line}` : ''}`);
}

export function growerRows(growers: readonly Grower[], range: Range, nameOf: NameOf): string {
  const rows = growers.map(({ series, stack, frames, perHour, fit, early, late }) => {
    const { profile, sampleType, unit } = series;
    const place = ownFrame(frames);
    const href = address('/timeline', {
      target: nameOf(series),
      name: profile,
      type: sampleType,
      stack: BigInt.asUintN(64, stack).toString(16).padStart(16, '0'),
      from: range.from,
      to: range.to,
    });
    return `<tr><td class="place"><a href="${href}" title="${escaped(`${place?.function ?? ''} ${place?.file ?? ''}`)}">${escaped(place === undefined ? '(no stack)' : shortName(place.function) || '(no name)')}</a> <span class="quiet">${place === undefined ? '' : nearPlace(place)}</span></td><td>${escaped(nameOf(series))}</td><td>${escaped(sampleType)}</td><td class="number">+${amountOf(perHour, unit)}/h</td><td class="number">${amountOf(early, unit)} → ${amountOf(late, unit)}</td><td class="number steady">${Math.round(fit * 100)} %</td></tr>`;
  });
  return `<div class="wide"><table><thead><tr><th>where</th><th>target</th><th>what</th><th class="number">rate</th><th class="number">from → to</th><th class="number">steady</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

/** Of one function in one series there is one row: its steepest stack stands for all, and their rates add up. */
function byFunction(growers: readonly Grower[]): Grower[] {
  const rows = new Map<string, Grower>();
  for (const one of growers) {
    const { function: name = '', file = '' } = ownFrame(one.frames) ?? {};
    const key = JSON.stringify([one.series.id, name, file]);
    const known = rows.get(key);
    rows.set(
      key,
      known === undefined
        ? one
        : {
            ...known,
            perHour: known.perHour + one.perHour,
            early: known.early + one.early,
            late: known.late + one.late,
          },
    );
  }
  return [...rows.values()];
}

const SPANS = { '15m': 15, '1h': 60, '6h': 360, '1d': 1440, '7d': 10_080 } as const;

export function growersPage(growers: readonly Grower[], range: Range, nameOf: NameOf): string {
  const body = `<h1>What grows</h1>
<p>The stacks that grow steepest over all targets, by a straight line through the range; a restart begins a line anew.</p>
<div class="row">${Object.entries(SPANS)
    .map(
      ([one, minutes]) =>
        `<a href="${address('/growers', { from: `-${one}` })}"${range.to - range.from === minutes * 60_000 ? ' aria-current="true"' : ''}>last ${one}</a>`,
    )
    .join('')}</div>
${growers.length === 0 ? '<p>Nothing grows in this range.</p>' : growerRows(byFunction(growers), range, nameOf)}`;
  return page({ title: 'growers', here: 'growers', body, reload: 60 });
}
