// The verdict: what grows, where, since when, what it waits for, and what to do; in words first, numbers after.
import type { Finding, StackFrame, Verdict } from '@stackpile/leaks';
import { shortName, shortPath, tellingFrame, visibleText } from '@stackpile/report/flame';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { formatDelta, formatMs, formatPercent, formatTime, formatValue } from '../format.ts';
import { highlightLines, type Token } from '../highlight.ts';
import { memoryOutlook } from '../live.ts';
import { copyText } from '../parts/controls.tsx';
import { Failure, Loading } from '../parts/states.tsx';
import { exactPattern } from '../filters/pattern.ts';
import { navigate, profiles, series, sourceText, state } from '../store.ts';
import { useAnswer } from '../use-answer.ts';

export function View(): JSX.Element {
  const dumps = series.value;
  const chosen = state.value.sampleType;
  const answer = useAnswer(
    'verdict',
    dumps.length < 2
      ? null
      : {
          profiles: dumps.map(({ id }) => id),
          sampleType: chosen,
          memoryLimit: memoryOutlook.value?.limit ?? null,
        },
  );
  if (dumps.length < 2) {
    return (
      <Failure
        title="One moment is not enough"
        message="A verdict needs two or more profiles of the same service over time. Drop another one here, or run: stackpile -http=: first.pb.gz later.pb.gz"
      />
    );
  }
  if (answer.error !== '') return <Failure title="No verdict" message={answer.error} />;
  if (answer.value === null) return <Loading text={`Comparing ${dumps.length} profiles`} />;
  const { verdict } = answer.value;
  const [first, ...others] = verdict.findings;
  return (
    <section class="verdict" aria-label="Verdict">
      <div class={`judgement ${verdict.kind}`}>
        <Badge kind={verdict.kind} />
        <h1>{visibleText(verdict.sentence)}</h1>
      </div>
      {first === undefined ? null : <Lead finding={first} verdict={verdict} />}
      <div class="verdict-side">
        <Trend
          title={`All ${verdict.series.noun}`}
          values={verdict.series.totals}
          unit={verdict.series.measure.unit}
          times={verdict.series.times}
        />
        {others.length === 0 ? null : (
          <div class="others">
            <h2>Also looked at</h2>
            <ol>
              {others.map((finding, index) => (
                <Other key={index} finding={finding} verdict={verdict} />
              ))}
            </ol>
          </div>
        )}
      </div>
    </section>
  );
}

const words = { leak: 'Leak', none: 'No leak', unsure: 'Not sure' } as const;

function Badge({ kind }: { readonly kind: Verdict['kind'] }): JSX.Element {
  return (
    <span class={`badge ${kind}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        {kind === 'leak' ? <path d="M2 13h3V9H2zm4.5 0h3V6h-3zM11 13h3V2h-3z" /> : null}
        {kind === 'none' ? <path class="line" d="m3 8.5 3.2 3.2L13 5" /> : null}
        {kind === 'unsure' ? <path class="line" d="M2 8c2-4 4-4 6 0s4 4 6 0" /> : null}
      </svg>
      {words[kind]}
    </span>
  );
}

function place(frame: StackFrame, parts: number): string {
  const file = visibleText(shortPath(frame.file, parts));
  return file === '' ? '' : frame.line > 0 ? `${file}:${frame.line}` : file;
}

/** What is known of a finding as numbers: each with what it says and a remark. */
function figures(finding: Finding, verdict: Verdict): readonly (readonly [string, string, string])[] {
  const { unit } = verdict.series.measure;
  const facts: [string, string, string][] = [
    [
      formatValue(finding.count, unit),
      `of ${formatValue(verdict.series.totals.at(-1) ?? 0, unit)} ${verdict.series.noun}`,
      formatPercent(finding.share, 1),
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
      formatPercent(finding.survival.survived, Math.max(1, finding.survival.seen)),
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

function Lead({ finding, verdict }: { readonly finding: Finding; readonly verdict: Verdict }): JSX.Element {
  const unit = verdict.series.measure.unit;
  const culprit = finding.culprit ?? finding.stack[0] ?? null;
  const facts = figures(finding, verdict);
  return (
    <article class={`lead-finding ${finding.kind}`}>
      {culprit === null ? null : (
        <div class="culprit">
          <span class="eyebrow">{finding.culprit === null ? 'Innermost frame' : 'Your code'}</span>
          <p class="culprit-place">{place(culprit, 3) || visibleText(culprit.name)}</p>
          <p class="culprit-name">{visibleText(culprit.name)}</p>
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
      {finding.sentence === verdict.sentence ? null : <p class="sentence">{visibleText(finding.sentence)}</p>}
      {adviceOn(finding, verdict) === '' ? null : (
        <p class="advice">
          <b>What to do:</b> {visibleText(adviceOn(finding, verdict))}
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
                view: 'flame',
                focus: exactPattern(visibleText(culprit.name)),
                zoom: '',
                source: latest(),
              })
            }
          >
            See it in the flame graph
          </button>
        )}
        <button
          type="button"
          class="chip"
          onClick={() =>
            navigate({
              view: 'compare',
              source: latest(),
              base: profiles.value.indexOf(series.value[0] ?? (profiles.value[0] as never)),
              zoom: '',
            })
          }
        >
          Compare first and last
        </button>
        <button type="button" class="chip" onClick={() => copyText(asText(verdict), 'Verdict copied')}>
          Copy as text
        </button>
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

/** What to do about it: what the pattern knows, else what helps against its kind. */
export function adviceOn(finding: Finding, verdict: Verdict): string {
  if (finding.pattern !== null) return finding.pattern.advice;
  if (finding.kind === 'steady') return '';
  const culprit = finding.culprit ?? finding.stack[0];
  const name = culprit === undefined ? 'it' : shortName(culprit.name);
  if (verdict.series.measure.unit === 'bytes') {
    return `Look for what keeps the memory that ${name} allocates: a cache without a bound, a listener that is never removed, a list that only grows. Bound it or let go of it, then compare again.`;
  }
  const [holder] = finding.holders;
  if (holder !== undefined) {
    const frame = holder.stack.find(({ origin }) => origin === 'user') ?? holder.stack[0];
    return `They queue for a lock. Look first at ${frame === undefined ? 'the stack that was there before them' : `${frame.name} (${place(frame, 2)})`}, which may hold it.`;
  }
  const go = culprit?.file.endsWith('.go') === true;
  return `Give what ${name} waits for an end: pass it ${go ? 'a context' : 'an AbortSignal'}, return when that is done, and close what it opened. Then take two more profiles: the count must stay flat.`;
}

/** The line itself with its neighbours, where this page can have the file. */
function Snippet({ file, line }: { readonly file: string; readonly line: number }): JSX.Element | null {
  const load = sourceText.value;
  const profile = series.value.at(-1)?.id ?? -1;
  const [shown, setShown] = useState<readonly { number: number; tokens: readonly Token[] }[]>([]);
  useEffect(() => {
    setShown([]);
    if (load === null || file === '' || line <= 0) return;
    let stale = false;
    load(profile, file).then(
      (text) => {
        if (stale) return;
        const lines = highlightLines(text, file);
        const from = Math.max(1, line - 1);
        setShown(lines.slice(from - 1, line + 1).map((tokens, index) => ({ number: from + index, tokens })));
      },
      // The file is not on this machine: the place alone has to do.
      () => undefined,
    );
    return () => {
      stale = true;
    };
  }, [load, profile, file, line]);
  if (shown.length === 0) return null;
  return (
    <pre class="snippet" tabIndex={0} aria-label={`Line ${line} and its neighbours`}>
      {shown.map(({ number, tokens }) => (
        <span key={number} class={number === line ? 'guilty' : ''}>
          <i>{number}</i>
          {tokens.map((token, at) => (
            <span key={at} class={token.kind}>
              {token.text}
            </span>
          ))}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}

/** What it waits for, who started it, what holds it: each where the dumps say so. */
function Story({ finding, unit }: { readonly finding: Finding; readonly unit: string }): JSX.Element | null {
  const rows: [string, string][] = [];
  if (finding.state !== '') rows.push(['Waits in', finding.state]);
  if (finding.createdBy !== '') rows.push(['Started by', finding.createdBy]);
  if (finding.retained !== null) {
    const { bytes, growth, heldBy } = finding.retained;
    if (bytes > 0)
      rows.push([
        'Keeps alive',
        `${formatValue(bytes, 'bytes')}${growth > 0 ? ` (${formatDelta(growth, 'bytes')})` : ''}`,
      ]);
    if (heldBy !== null) rows.push(['Held by', heldBy]);
  }
  for (const { stack, count } of finding.also.slice(0, 3)) {
    const frame = stack.find(({ origin }) => origin === 'user') ?? stack[0];
    if (frame !== undefined)
      rows.push(['Grows with it', `${formatValue(count, unit)} in ${frame.name} ${place(frame, 2)}`]);
  }
  if (rows.length === 0) return null;
  return (
    <dl class="story">
      {rows.map(([name, text], index) => (
        <div key={index}>
          <dt>{name}</dt>
          <dd>{visibleText(text)}</dd>
        </div>
      ))}
    </dl>
  );
}

function latest(): number {
  const last = series.value.at(-1);
  return last === undefined ? -1 : profiles.value.indexOf(last);
}

function round(value: number): number {
  return Math.abs(value) >= 10 ? Math.round(value) : Math.round(value * 10) / 10;
}

function Stack({ finding }: { readonly finding: Finding }): JSX.Element {
  const [all, setAll] = useState(false);
  const { stack, culpritIndex } = finding;
  const short = 3;
  const from = culpritIndex < 0 ? stack.length : Math.max(short, culpritIndex - 1);
  const rows: (StackFrame | null)[] =
    all || stack.length <= 9 ? [...stack] : [...stack.slice(0, short), null, ...stack.slice(from, from + 5)];
  return (
    <div class="stack-box">
      <h2>
        The stack{finding.state === '' ? '' : <span class="tag">{visibleText(finding.state)}</span>}
        {finding.labels.map(({ key, value }) => (
          <span class="tag" key={key}>
            {visibleText(`${key}=${value}`)}
          </span>
        ))}
      </h2>
      <ol class="stack">
        {rows.map((frame, index) =>
          frame === null ? (
            <li class="soft" key="gap">
              <button type="button" class="chip" onClick={() => setAll(true)}>
                {stack.length - rows.length + 1} library frames
              </button>
            </li>
          ) : (
            <li key={index} class={`${frame.origin} ${frame === stack[culpritIndex] ? 'guilty' : ''}`}>
              <span class="function">{visibleText(frame.name)}</span>
              <span class="place" title={visibleText(frame.file)}>
                {place(frame, 3)}
              </span>
            </li>
          ),
        )}
      </ol>
    </div>
  );
}

const kinds = { leak: 'leaks', growing: 'grows', steady: 'steady' } as const;

function Other({ finding, verdict }: { readonly finding: Finding; readonly verdict: Verdict }): JSX.Element {
  const frame = finding.culprit ?? tellingFrame(finding.stack);
  return (
    <li>
      <button
        type="button"
        title={visibleText(finding.sentence)}
        onClick={() =>
          frame === undefined
            ? undefined
            : navigate({
                view: 'flame',
                focus: exactPattern(visibleText(frame.name)),
                zoom: '',
                source: latest(),
              })
        }
      >
        <Spark values={finding.counts} />
        <b>{formatValue(finding.count, verdict.series.measure.unit)}</b>
        <span class="function">
          {frame === undefined ? '(no stack)' : visibleText(shortName(frame.name))}
        </span>
        <span class="place">{frame === undefined ? '' : place(frame, 2)}</span>
        <span class={`tag ${finding.kind}`}>{kinds[finding.kind]}</span>
      </button>
    </li>
  );
}

/** A line of values small enough for a table row. */
function Spark({ values }: { readonly values: readonly number[] }): JSX.Element {
  const width = 64;
  const height = 18;
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
      <polyline points={points(values, width, height, 2, null)} />
    </svg>
  );
}

function points(
  values: readonly number[],
  width: number,
  height: number,
  pad: number,
  times: readonly number[] | null,
): string {
  const top = Math.max(1, ...values);
  const first = times?.[0] ?? 0;
  const span = times === null ? values.length - 1 : (times.at(-1) ?? first) - first;
  return values
    .map((value, index) => {
      const at = times === null ? index : (times[index] ?? first) - first;
      const x = pad + (span > 0 ? at / span : 0) * (width - 2 * pad);
      const y = height - pad - (value / top) * (height - 2 * pad);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
}

/** Values over the profiles' times, from zero up, with the first and the last written on it. */
function Trend({
  title,
  values,
  unit,
  times,
}: {
  readonly title: string;
  readonly values: readonly number[];
  readonly unit: string;
  readonly times: readonly number[] | null;
}): JSX.Element {
  const width = 360;
  const height = 96;
  const line = points(values, width, height, 6, times);
  const first = values[0] ?? 0;
  const last = values.at(-1) ?? 0;
  const span = times === null ? `${values.length} profiles` : formatMs((times.at(-1) ?? 0) - (times[0] ?? 0));
  return (
    <figure class="trend">
      <figcaption>
        {title}
        <span>
          {formatValue(first, unit)} → <b>{formatValue(last, unit)}</b> in {span}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: from ${formatValue(first, unit)} to ${formatValue(last, unit)} in ${span}`}
      >
        <polygon points={`6,${height - 6} ${line} ${width - 6},${height - 6}`} />
        <polyline points={line} />
      </svg>
      {times === null || times.length < 2 ? null : (
        <p class="trend-times">
          <span>{formatTime(times[0] ?? 0, times)}</span>
          <span>{formatTime(times.at(-1) ?? 0, times)}</span>
        </p>
      )}
    </figure>
  );
}

/** The verdict for a ticket. */
function asText(verdict: Verdict): string {
  const lines = [verdict.sentence, ''];
  for (const finding of verdict.findings.filter(({ kind }) => kind !== 'steady')) {
    lines.push(finding.sentence);
    for (const frame of finding.stack) lines.push(`  ${frame.name}\n      ${frame.file}:${frame.line}`);
    lines.push(`  ${adviceOn(finding, verdict)}`);
    lines.push('');
  }
  return lines.join('\n');
}
