// Compare: two profiles, what grew and what shrank, as a flame graph and as a table.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { FlameView } from '../flame/FlameView.tsx';
import { formatTime } from '../format.ts';
import { Segmented } from '../parts/controls.tsx';
import { sourceLabel } from '../parts/source-label.ts';
import { Failure } from '../parts/states.tsx';
import { baseline, current, navigate, nounOf, profiles, stackQuery } from '../store.ts';
import { changeSentence } from '../top/change-sentence.ts';
import { CompareTable } from '../top/CompareTable.tsx';
import { useAnswer } from '../use-answer.ts';

export function View(): JSX.Element {
  const [form, setForm] = useState<'flame' | 'table'>('flame');
  const list = profiles.value;
  const shown = current.value;
  const base = baseline.value;
  if (shown === null || base === null) {
    return (
      <Failure
        title="Nothing to compare with"
        message="Drop a second profile of the same kind onto this page, or start with several: stackpile -http=: before.pb.gz after.pb.gz"
      />
    );
  }
  const picker = (label: string, value: number, choose: (index: number) => void): JSX.Element => (
    <label class="field">
      <span>{label}</span>
      <select value={String(value)} onChange={(event) => choose(Number(event.currentTarget.value))}>
        {list.map((profile, index) => (
          <option key={profile.id} value={String(index)}>
            {sourceLabel(profile, list)}
            {profile.time === null
              ? ''
              : ` · ${formatTime(
                  profile.time,
                  list.map(({ time }) => time),
                )}`}
          </option>
        ))}
      </select>
    </label>
  );
  const from = list.indexOf(base);
  const to = list.indexOf(shown);
  return (
    <section class="compare" aria-label="Comparison">
      <div class="toolbar">
        {picker('From', from, (index) => navigate({ base: index, zoom: '' }))}
        <button
          type="button"
          class="icon"
          aria-label="Swap"
          title="Swap"
          onClick={() => navigate({ base: to, source: from, zoom: '' })}
        >
          ⇄
        </button>
        {picker('to', to, (index) => navigate({ source: index, base: from, zoom: '' }))}
        <Segmented
          label="Show as"
          value={form}
          options={[
            { value: 'flame', label: 'Flame graph' },
            { value: 'table', label: 'Table' },
          ]}
          choose={setForm}
        />
      </div>
      <Change />
      {form === 'flame' ? <FlameView compare /> : <CompareTable />}
    </section>
  );
}

/** What changed, in one sentence; its line keeps its height while it is worked out. */
function Change(): JSX.Element {
  const answer = useAnswer('change', stackQuery(true));
  const { value } = answer;
  return (
    <p class="change" role="status" aria-busy={answer.pending}>
      {value === null ? '\u00a0' : changeSentence(value, nounOf(value.type))}
    </p>
  );
}
