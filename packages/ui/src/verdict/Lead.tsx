// The first finding: where, how much, since when, what to do.
import { adviceOn, type Finding, percent, startedBy, type Verdict } from '@stackpile/leaks';
import { safeText } from '@stackpile/profile';
import type { JSX } from 'preact';
import { exactPattern } from '../pattern.ts';
import { formatDelta, formatMs, formatTime, formatValue } from '../format.ts';
import { memoryOutlook } from '../live.ts';
import { current, navigate } from '../store.ts';
import { PlaceLink } from '../parts/PlaceLink.tsx';
import { latest, place } from './frames.ts';
import { NextSteps } from './NextSteps.tsx';
import { Snippet } from './Snippet.tsx';
import { Stack } from './Stack.tsx';
import { Words } from './Words.tsx';
import { Trend } from './Trend.tsx';

/** What is known of a finding as numbers: each with what it says and a remark. */
function figures(finding: Finding, verdict: Verdict): readonly (readonly [string, string, string])[] {
  const { unit } = verdict.series.measure;
  const facts: [string, string, string][] = [
    [
      formatValue(finding.count, unit),
      `of ${formatValue(verdict.series.totals.at(-1) ?? 0, unit)} ${unit === 'bytes' ? 'live memory' : verdict.series.noun}`,
      percent(finding.share),
    ],
    [
      finding.growth.perMinute === null
        ? formatDelta(round(finding.growth.perDump), unit)
        : formatDelta(round(finding.growth.perMinute), unit),
      finding.growth.perMinute === null ? 'per profile' : 'per minute',
      `${formatDelta(finding.growth.total, unit)} in all`,
    ],
  ];
  const since = growingSince(finding, verdict);
  if (since !== null) {
    const { times } = verdict.series;
    facts.push([
      formatTime(since, times ?? []),
      'growing since',
      `for ${formatMs((times?.at(-1) ?? since) - since)}`,
    ]);
  }
  if (finding.oldest !== null) {
    facts.push([
      `${finding.oldest.atLeast ? '≥ ' : ''}${formatMs(finding.oldest.ms)}`,
      'the oldest has waited',
      finding.state,
    ]);
  }
  if (finding.survival !== null) {
    facts.push([
      percent(finding.survival.survived / Math.max(1, finding.survival.seen)),
      'of those seen before are still there',
      `${finding.survival.ended} ended`,
    ]);
  }
  if (finding.untilLimit !== null)
    facts.push([formatMs(finding.untilLimit), 'until the limit', 'at this rate']);
  else if (finding.kind !== 'steady' && memoryOutlook.value?.untilLimit != null) {
    // The tasks themselves have no limit; the memory of the service that is watched has.
    const { untilLimit, limit } = memoryOutlook.value;
    facts.push([
      formatMs(untilLimit),
      'until memory runs out',
      limit === null ? '' : `limit ${formatValue(limit, 'bytes')}`,
    ]);
  }
  return facts;
}

export function Lead({
  finding,
  verdict,
  headline,
  copy,
}: {
  readonly finding: Finding;
  readonly verdict: Verdict;
  /** What is said above it already. */
  readonly headline: string;
  readonly copy: () => void;
}): JSX.Element {
  const unit = verdict.series.measure.unit;
  const culprit = finding.culprit ?? finding.stack[0] ?? null;
  const facts = figures(finding, verdict);
  const isHeap = current.value?.isHeap === true;
  return (
    <article class={`lead-finding ${finding.kind}`}>
      {culprit === null ? null : (
        <div class="culprit">
          <span class="eyebrow">{finding.culprit === null ? 'Innermost frame' : 'Your code'}</span>
          <p class="culprit-place">
            {culprit.file === '' ? (
              safeText(culprit.name)
            ) : (
              <PlaceLink file={safeText(culprit.file)} line={culprit.line} parts={3} />
            )}
          </p>
          <p class="culprit-name">{safeText(culprit.name)}</p>
          <Snippet file={culprit.file} line={culprit.line} />
        </div>
      )}
      <dl class="figures">
        {facts.map(([number, text, more]) => (
          <div key={text}>
            <dt>{text}</dt>
            <dd>
              <b>{number}</b>
              {more === '' ? null : <span>{more}</span>}
            </dd>
          </div>
        ))}
      </dl>
      <Trend title="This stack" values={finding.counts} unit={unit} times={verdict.series.times} />
      {finding.sentence === headline ? null : <p class="sentence">{safeText(finding.sentence)}</p>}
      {adviceOn(finding) === '' ? null : (
        <p class="advice">
          <b>What to do:</b> <Words text={adviceOn(finding)} />
        </p>
      )}
      <Story finding={finding} unit={unit} />
      <p class="row">
        {culprit === null ? null : (
          <button
            type="button"
            class="primary"
            onClick={() =>
              navigate({
                view: isHeap ? 'heap' : 'flame',
                focus: exactPattern(safeText(culprit.name)),
                zoom: '',
                source: latest(),
              })
            }
          >
            {isHeap ? 'See what it holds' : 'See it in the flame graph'}
          </button>
        )}
        <NextSteps copy={copy} />
      </p>
      <Stack finding={finding} />
    </article>
  );
}

/** When it began to grow: the time of the last dump in which it was no more than in the first; null where times are unknown. */
export function growingSince(finding: Pick<Finding, 'counts' | 'kind'>, verdict: Verdict): number | null {
  const { times } = verdict.series;
  if (times === null || finding.kind === 'steady') return null;
  const first = finding.counts[0] ?? 0;
  const row = finding.counts.findLastIndex((count) => count <= first);
  return times[row] ?? null;
}

/** What it waits for, who started it, what holds it: each where the dumps say so. */
function Story({ finding, unit }: { readonly finding: Finding; readonly unit: string }): JSX.Element | null {
  const rows: [string, string][] = [];
  if (finding.state !== '') rows.push(['Waits in', finding.state]);
  if (finding.createdBy !== '') rows.push([upperFirst(finding.createdHow), startedBy(finding.createdBy)]);
  if (finding.retained !== null) {
    const { bytes, growth, heldBy } = finding.retained;
    if (bytes > 0)
      rows.push([
        'Keeps alive',
        `${formatValue(bytes, 'bytes')}${growth > 0 ? ` (${formatDelta(growth, 'bytes')})` : ''}`,
      ]);
    if (heldBy !== null) rows.push(['Held by', heldBy]);
  }
  for (const text of growsWith(finding, unit).slice(0, 3)) rows.push(['Grows with it', text]);
  if (rows.length === 0) return null;
  return (
    <dl class="story">
      {rows.map(([name, text], index) => (
        <div key={index}>
          <dt>{name}</dt>
          <dd>{safeText(text)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What grows with it, each once: where it is at the same place, what it is. */
function growsWith({ also, culprit }: Finding, unit: string): string[] {
  return [
    ...new Set(
      also.flatMap(({ stack, count }) => {
        const frame = stack.find(({ origin }) => origin === 'user') ?? stack[0];
        if (frame === undefined) return [];
        const same = frame.name === culprit?.name && frame.line === culprit.line;
        return `${formatValue(count, unit)} ${same ? (stack[0]?.name ?? '') : `in ${frame.name} ${place(frame, 2)}`}`;
      }),
    ),
  ];
}

function round(value: number): number {
  return Math.abs(value) >= 10 ? Math.round(value) : Math.round(value * 10) / 10;
}

/** `started by` as the name of a row. */
function upperFirst(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
