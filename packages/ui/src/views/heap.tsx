// Heap: what a heap snapshot holds: the variable that holds most, the classes, and by which chains the chosen class is held.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type {
  Change,
  ClassSums,
  HeapAnswer,
  HeapFrame,
  HeapSort,
  HeldClass,
  Holder,
} from '../engine/questions/heap.ts';
import { FlameView } from '../flame/FlameView.tsx';
import { formatDelta, formatPercent, formatValue } from '../format.ts';
import { Segmented } from '../parts/controls.tsx';
import { PlaceLink } from '../parts/PlaceLink.tsx';
import { sourceLabel } from '../parts/source-label.ts';
import { Failure, Loading } from '../parts/states.tsx';
import { exactPattern } from '../pattern.ts';
import { baseline, current, navigate, profiles, stackQuery, state } from '../store.ts';
import { useAnswer } from '../use-answer.ts';

/** Whether another snapshot is compared with: an earlier one, unless one was chosen. */
function isCompared(): boolean {
  const base = baseline.value;
  if (base === null || !base.isHeap || base === current.value) return false;
  return state.value.base >= 0 || base.id < (current.value?.id ?? 0);
}

export function View(): JSX.Element {
  const [form, setForm] = useState<'classes' | 'holders'>('classes');
  const { heapClass, search, sort } = state.value;
  const compared = isCompared();
  const query = stackQuery(compared);
  const asked: HeapSort =
    sort === 'shallow' || sort === 'objects' || sort === 'fresh' || sort === 'name'
      ? sort
      : compared && sort === 'auto'
        ? 'fresh'
        : 'retained';
  const answer = useAnswer(
    'heap',
    query === null ? null : { ...query, class: heapClass, sort: asked, filter: search },
  );
  if (answer.error !== '') return <Failure message={answer.error} />;
  const { value } = answer;
  if (value === null) return <Loading text="Adding up the heap" />;
  return (
    <section class="heap" aria-label="Heap" aria-busy={answer.pending}>
      <Headline value={value} />
      <Holders value={value} />
      <div class="toolbar wraps">
        <Segmented
          label="Show"
          value={form}
          options={[
            { value: 'classes', label: 'Classes', title: 'What is held, by class' },
            {
              value: 'holders',
              label: 'Holders',
              title: 'A flame graph of what holds it, from the root inwards',
            },
          ]}
          choose={setForm}
        />
        <Since />
      </div>
      {form === 'holders' ? (
        <FlameView compare={compared} sampleType="shallow" />
      ) : (
        <div class="heap-columns">
          <Classes value={value} sort={asked} search={search} />
          <Chains value={value} />
        </div>
      )}
    </section>
  );
}

/** `cache` of `variable cache (server.mjs:4)`. */
function variableName(name: string): string {
  return name.replace(/^(?:variable|global|export) /, '').replace(/ \([^()]*\)$/, '');
}

/** What holds the bytes, in one sentence. */
function Headline({ value }: { readonly value: HeapAnswer }): JSX.Element {
  const { size, lead, compared } = value;
  const all = formatValue(size.now, 'bytes');
  if (lead === null)
    return (
      <h2 class="heap-lead">
        Of {all}, no variable with a line holds anything: what is here is Node's own and the engine's.
      </h2>
    );
  const growth = lead.bytes.now - lead.bytes.before;
  return (
    <h2 class="heap-lead">
      Of {all}, <b>{formatValue(lead.bytes.now, 'bytes')}</b> are held by{' '}
      <code>{variableName(lead.name)}</code> <PlaceLink file={lead.file} line={lead.line} parts={1} />
      {compared ? (
        <small>
          {' '}
          {formatDelta(growth, 'bytes')} since the first, of {formatDelta(size.now - size.before, 'bytes')} in
          all
        </small>
      ) : (
        <small> {formatPercent(lead.bytes.now, size.now)}</small>
      )}
    </h2>
  );
}

/** The variables that hold most. */
function Holders({ value }: { readonly value: HeapAnswer }): JSX.Element | null {
  const { holders, size, compared } = value;
  if (holders.length < 2) return null;
  const row = (holder: Holder): JSX.Element => (
    <li key={`${holder.name}\0${holder.file}`}>
      <button
        type="button"
        title={`${holder.name}\nClick to see only what it holds`}
        onClick={() => navigate({ focus: exactPattern(holder.name), zoom: '' })}
      >
        <span class="meter" aria-hidden="true">
          <i
            class={holder.origin}
            style={{ width: `${Math.max(1, (holder.bytes.now / Math.max(1, size.now)) * 100)}%` }}
          />
        </span>
        <b>{formatValue(holder.bytes.now, 'bytes')}</b>
        {compared ? <Delta change={holder.bytes} unit="bytes" /> : null}
        <span class="function">{variableName(holder.name)}</span>
      </button>
      <PlaceLink file={holder.file} line={holder.line} parts={2} />
    </li>
  );
  return (
    <ol class={`heap-holders${compared ? ' compared' : ''}`} aria-label="Variables that hold most">
      {holders.slice(0, 4).map(row)}
    </ol>
  );
}

function Delta({ change, unit }: { readonly change: Change; readonly unit: string }): JSX.Element {
  const delta = change.now - change.before;
  return (
    <span class={`delta ${delta > 0 ? 'more' : delta < 0 ? 'less' : 'same'}`}>
      {formatDelta(delta, unit)}
    </span>
  );
}

/** Which snapshot is compared with, where there are several. */
function Since(): JSX.Element | null {
  const list = profiles.value;
  const heaps = list.filter(({ isHeap }) => isHeap);
  const shown = current.value;
  if (heaps.length < 2 || shown === null) return null;
  const base = isCompared() ? baseline.value : null;
  return (
    <label class="field">
      <span>Since</span>
      <select
        aria-label="Since"
        value={base === null ? '' : String(list.indexOf(base))}
        onChange={(event) => navigate({ base: Number(event.currentTarget.value), zoom: '' })}
      >
        {base === null ? <option value="">choose a snapshot</option> : null}
        {heaps
          .filter((one) => one !== shown)
          .map((one) => (
            <option key={one.id} value={String(list.indexOf(one))}>
              {sourceLabel(one, list)}
            </option>
          ))}
      </select>
    </label>
  );
}

/** The name of a class, which chooses it, and its place. */
function ClassName({ row, isChosen }: { readonly row: ClassSums; readonly isChosen: boolean }): JSX.Element {
  return (
    <td class="name">
      <button
        type="button"
        title={`${row.name}\nWhat holds it`}
        aria-pressed={isChosen}
        onClick={() => navigate({ heapClass: row.name }, true)}
      >
        <span class="function">{row.name}</span>
      </button>
      {row.file === '' ? null : <PlaceLink file={row.file} line={row.line} parts={2} />}
    </td>
  );
}

/** What the table does not show, and why. */
function ClassesNote({
  shown,
  more,
  search,
}: {
  readonly shown: number;
  readonly more: number;
  readonly search: string;
}): JSX.Element {
  return (
    <>
      {shown === 0 ? (
        <p class="lead">
          {search === ''
            ? 'The filters leave no class over. Press r to reset them all.'
            : 'No class matches the search. Press r to reset it.'}
        </p>
      ) : null}
      {more > 0 ? (
        <p class="lead">and {formatValue(more, 'count')} smaller classes; search for a name.</p>
      ) : null}
    </>
  );
}

function Classes({
  value,
  sort,
  search,
}: {
  readonly value: HeapAnswer;
  readonly sort: HeapSort;
  readonly search: string;
}): JSX.Element {
  const { classes, compared, aged } = value;
  const fresh = compared || aged;
  const barOf = (row: ClassSums): number =>
    sort === 'shallow'
      ? row.shallow.now
      : sort === 'objects'
        ? row.objects.now
        : sort === 'fresh'
          ? (row.fresh ?? 0)
          : row.retained.now;
  const widest = Math.max(1, ...classes.map(barOf));
  const bars: HeapSort = sort === 'name' ? 'retained' : sort;
  const header = (key: HeapSort, label: string, title: string, more = ''): JSX.Element => (
    <th
      class={key === 'name' ? '' : `number ${more}`}
      scope="col"
      aria-sort={sort === key ? (key === 'name' ? 'ascending' : 'descending') : 'none'}
    >
      <button type="button" title={title} onClick={() => navigate({ sort: key }, true)}>
        {label}
        {sort === key ? <span aria-hidden="true"> {key === 'name' ? '↑' : '↓'}</span> : ''}
      </button>
    </th>
  );
  const cell = (row: ClassSums, key: HeapSort, text: string, more = ''): JSX.Element => (
    <td class={`number ${key === bars ? 'meter-cell strong' : ''} ${more}`}>
      {key === bars ? (
        <i class="heap" style={{ width: `${(Math.max(0, barOf(row)) / widest) * 100}%` }} />
      ) : null}
      <span>{text}</span>
    </td>
  );
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Classes">
      <table class="top-table heap-table">
        <thead>
          <tr>
            {header('objects', 'count', 'How many objects')}
            {fresh
              ? header(
                  'fresh',
                  'new',
                  aged
                    ? 'Born after the first snapshot, by the age of each object'
                    : 'How many more than in the snapshot compared with',
                )
              : null}
            {header('shallow', 'shallow', 'Bytes of the objects themselves', 'wide')}
            {header('retained', 'retained', 'With all that nothing else keeps alive')}
            {compared ? (
              <th class="number wide" scope="col">
                Δ retained
              </th>
            ) : null}
            {header('name', 'class', 'Name')}
          </tr>
        </thead>
        <tbody>
          {classes.map((row) => (
            <tr key={`${row.name}\0${row.file}`} class={row.name === value.chosen ? 'chosen' : ''}>
              {cell(row, 'objects', formatValue(row.objects.now, 'count'))}
              {fresh
                ? cell(
                    row,
                    'fresh',
                    row.fresh === null || row.fresh === 0 ? '–' : formatDelta(row.fresh, 'count'),
                  )
                : null}
              {cell(row, 'shallow', formatValue(row.shallow.now, 'bytes'), 'wide')}
              {cell(row, 'retained', formatValue(row.retained.now, 'bytes'))}
              {compared ? (
                <td class="number wide">
                  <Delta change={row.retained} unit="bytes" />
                </td>
              ) : null}
              <ClassName row={row} isChosen={row.name === value.chosen} />
            </tr>
          ))}
        </tbody>
      </table>
      <ClassesNote shown={classes.length} more={value.more} search={search} />
    </div>
  );
}

/** The chains that hold the chosen class, what grew most first. */
function Chains({ value }: { readonly value: HeapAnswer }): JSX.Element | null {
  const { chosen, chains, compared, moreChains } = value;
  if (chosen === '') return null;
  return (
    <aside class="heap-chains" aria-label={`What holds ${chosen}`}>
      <h3>
        What holds <code>{chosen}</code>
      </h3>
      {chains.map((chain, index) => (
        <Chain key={index} chain={chain} compared={compared} />
      ))}
      {moreChains > 0 ? <p class="soft">and {formatValue(moreChains, 'count')} smaller chains</p> : null}
    </aside>
  );
}

function Chain({ chain, compared }: { readonly chain: HeldClass; readonly compared: boolean }): JSX.Element {
  const [first, ...holders] = chain.frames;
  return (
    <div class="heap-chain">
      <p>
        <b>{formatValue(chain.objects.now, 'count')}</b>{' '}
        {compared ? <Delta change={chain.objects} unit="count" /> : null}
        <span class="soft"> {formatValue(chain.shallow.now, 'bytes')} of their own</span>
      </p>
      <ol class="stack">
        {holders.length === 0 ? <li class="runtime">nothing holds it but the engine</li> : null}
        {holders.map((frame, index) => (
          <Frame key={index} frame={frame} previous={index === 0 ? first : holders[index - 1]} />
        ))}
      </ol>
    </div>
  );
}

function Frame({
  frame,
  previous,
}: {
  readonly frame: HeapFrame;
  readonly previous: HeapFrame | undefined;
}): JSX.Element {
  const place = frame.file !== '' && (frame.file !== previous?.file || frame.line !== previous.line);
  return (
    <li class={frame.origin}>
      <span class="function">{frame.name.replace(/ \([^()]*:\d+\)$/, '')}</span>
      {place ? <PlaceLink file={frame.file} line={frame.line} parts={2} /> : null}
    </li>
  );
}
