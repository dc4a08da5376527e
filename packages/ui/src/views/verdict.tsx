// The verdict: what grows, where, since when, what it waits for, and what to do; in words first, numbers after.
import type { Finding, Verdict } from '@stackpile/leaks';
import { shortName, tellingFrame, safeText } from '@stackpile/profile';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { exactPattern } from '../pattern.ts';
import { formatValue } from '../format.ts';
import { copyText } from '../parts/controls.tsx';
import { PlaceLink } from '../parts/PlaceLink.tsx';
import { Failure, Loading } from '../parts/states.tsx';
import { current, navigate, said, series } from '../store.ts';
import { useAnswer } from '../use-answer.ts';
import { verdictQuestion } from '../verdict-question.ts';
import { latest } from '../verdict/frames.ts';
import { Lead } from '../verdict/Lead.tsx';
import { reasonOf } from '../verdict/reasons.ts';
import { NextSteps } from '../verdict/NextSteps.tsx';
import { Words } from '../verdict/Words.tsx';
import { Spark, Trend } from '../verdict/Trend.tsx';

export function View(): JSX.Element {
  const dumps = series.value;
  const answer = useAnswer('verdict', verdictQuestion());
  const told = answer.value?.text ?? '';
  useEffect(() => {
    if (told !== '') said.value = told;
  }, [told]);
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
  const { verdicts, kind, headline, ledger, next, text } = answer.value;
  const [verdict, ...besides] = verdicts;
  const [first, ...others] = verdict.findings;
  // Somebody is blamed only where something is convicted.
  const lead = kind === 'leak' && verdict.kind === 'leak' ? first : undefined;
  const looked: Looked[] = [
    ...(lead === undefined ? verdict.findings : others).map((finding) => ({ finding, verdict })),
    ...besides.flatMap((one) => one.findings.slice(0, 3).map((finding) => ({ finding, verdict: one }))),
  ];
  const copy = (): void => copyText(text, 'Verdict copied');
  return (
    <section class="verdict" aria-label="Verdict" aria-busy={answer.pending}>
      <div class={`judgement ${kind}`}>
        <Badge kind={kind} />
        <h1>{safeText(headline)}</h1>
      </div>
      <Balance lines={ledger} />
      {lead === undefined ? (
        <Calm grows={growingWords(verdict, headline)} next={next} copy={copy} />
      ) : (
        <Lead finding={lead} verdict={verdict} headline={headline} copy={copy} />
      )}
      <div class="verdict-side">
        {verdicts
          .filter(({ series }) => series.totals.some((total) => total !== 0))
          .map(({ series }) => (
            <Trend
              key={series.measure.type}
              title={series.measure.unit === 'bytes' ? 'All live memory' : `All ${series.noun}`}
              values={series.totals}
              unit={series.measure.unit}
              times={series.times}
            />
          ))}
        {looked.length === 0 ? null : (
          <div class="others">
            <h2>{lead === undefined ? 'Looked at' : 'Also looked at'}</h2>
            <ol>
              {looked.map((one, index) => (
                <Other key={index} {...one} />
              ))}
            </ol>
          </div>
        )}
      </div>
    </section>
  );
}

interface Looked {
  readonly finding: Finding;
  readonly verdict: Verdict;
}

/** What the counters of the process balance to. */
function Balance({ lines }: { readonly lines: readonly string[] }): JSX.Element | null {
  if (lines.length === 0) return null;
  return (
    <ul class="balance" aria-label="The counters of the process">
      {lines.map((line) => {
        const [state = '', ...rest] = safeText(line, 2000).split(/\s{2,}/);
        return (
          <li key={line}>
            <b>{state}</b>
            <span>{rest.join(' ')}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** What grows and why it convicts nobody, where the headline does not say so; '' where nothing grows. */
function growingWords({ findings }: Verdict, headline: string): string {
  const [first] = findings;
  return first?.kind === 'growing' && first.sentence !== headline ? first.sentence : '';
}

/** Where nothing is convicted: what grows all the same, as a remark, and what to do next. */
function Calm({
  grows,
  next,
  copy,
}: {
  readonly grows: string;
  readonly next: string;
  readonly copy: () => void;
}): JSX.Element {
  return (
    <article class="lead-finding calm">
      {grows === '' ? null : <p class="sentence">{safeText(grows)}</p>}
      <p class="next">
        <b>What to do next:</b> <Words text={next} />
      </p>
      <p class="row">
        {current.value?.isHeap === true ? (
          <button type="button" class="primary" onClick={() => navigate({ view: 'heap', zoom: '' })}>
            See what holds it
          </button>
        ) : null}
        <NextSteps copy={copy} />
      </p>
    </article>
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

function Other({ finding, verdict }: Looked): JSX.Element {
  const frame = finding.culprit ?? tellingFrame(finding.stack);
  return (
    <li class={finding.kind}>
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
        <span class={`tag ${finding.kind}`}>{kinds[finding.kind]}</span>
        {finding.kind === 'leak' ? null : <span class="why">{reasonOf(finding)}</span>}
      </button>
      {frame === undefined ? null : <PlaceLink file={safeText(frame.file)} line={frame.line} parts={2} />}
    </li>
  );
}
