// The verdict: what grows, where, since when, what it waits for, and what to do; in words first, numbers after.
import type { Finding, Verdict } from '@stackpile/leaks';
import { shortName, tellingFrame, safeText } from '@stackpile/profile';
import type { JSX } from 'preact';
import { exactPattern } from '../pattern.ts';
import { formatValue } from '../format.ts';
import { memoryOutlook } from '../live.ts';
import { Place } from '../parts/Place.tsx';
import { Failure, Loading } from '../parts/states.tsx';
import { navigate, series, state } from '../store.ts';
import { useAnswer } from '../use-answer.ts';
import { latest } from '../verdict/frames.ts';
import { Lead } from '../verdict/Lead.tsx';
import { Spark, Trend } from '../verdict/Trend.tsx';

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
        <h1>{safeText(verdict.sentence)}</h1>
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

const kinds = { leak: 'leaks', growing: 'grows', steady: 'steady' } as const;

function Other({ finding, verdict }: { readonly finding: Finding; readonly verdict: Verdict }): JSX.Element {
  const frame = finding.culprit ?? tellingFrame(finding.stack);
  return (
    <li>
      <button
        type="button"
        title={safeText(finding.sentence)}
        onClick={() =>
          frame === undefined
            ? undefined
            : navigate({
                view: 'flame',
                focus: exactPattern(safeText(frame.name)),
                zoom: '',
                source: latest(),
              })
        }
      >
        <Spark values={finding.counts} />
        <b>{formatValue(finding.count, verdict.series.measure.unit)}</b>
        <span class="function">{frame === undefined ? '(no stack)' : safeText(shortName(frame.name))}</span>
        {frame === undefined ? (
          <span class="place" />
        ) : (
          <Place file={safeText(frame.file)} line={frame.line} parts={2} />
        )}
        <span class={`tag ${finding.kind}`}>{kinds[finding.kind]}</span>
      </button>
    </li>
  );
}
