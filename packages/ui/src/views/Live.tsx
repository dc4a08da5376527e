// Live: counts of a running service over time, buttons that capture, and a brush that compares two moments.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { capture, capturing, liveError, looks, offered, recording, watch } from '../live.ts';
import { Switch } from '../parts/controls.tsx';
import { LineChart } from '../parts/LineChart.tsx';
import { Loading } from '../parts/states.tsx';
import { live, navigate, notice, theme } from '../store.ts';

/** Names on the index that are not counts of anything alive. */
const notCounts = new Set(['cmdline', 'profile', 'symbol', 'trace', 'ui']);
const colors = {
  light: ['#b45309', '#1d6fa5', '#7c3aed', '#0f766e', '#be185d', '#4d7c0f'],
  dark: ['#f5a354', '#6bb7e8', '#b79bff', '#4fd1c5', '#f687b3', '#b5d66b'],
} as const;

export function LiveView(): JSX.Element {
  const target = live.value;
  useEffect(() => (target === null ? undefined : watch()), [target]);
  const list = looks.value;
  const names = offered.value.filter(({ name }) => !notCounts.has(name)).map(({ name }) => name);
  const busy = capturing.value;
  const button = (name: string, path: string, label: string): JSX.Element => (
    <button
      type="button"
      class="chip"
      key={name}
      disabled={busy !== ''}
      onClick={() => {
        void capture(name, path).then((row) => {
          if (row >= 0) navigate({ source: row, view: 'flame', zoom: '' });
        });
      }}
    >
      {busy === name ? 'Capturing…' : label}
    </button>
  );
  const kinds = offered.value.map(({ name }) => name);
  return (
    <section class="live" aria-label="Live">
      <div class="toolbar">
        <b>{target?.name}</b>
        <span class="grow" />
        {kinds.includes('goroutine') ? button('goroutine', 'goroutine', 'Capture tasks') : null}
        {kinds.includes('profile') ? button('profile', 'profile?seconds=5', 'Capture 5 s of CPU') : null}
        {kinds.includes('heap') ? button('heap', 'heap', 'Capture heap') : null}
        {kinds
          .filter(
            (name) =>
              !notCounts.has(name) && !['goroutine', 'heap', 'goroutineleak', 'allocs'].includes(name),
          )
          .map((name) => button(name, name, name))}
        <Switch
          label="Record tasks every 10 s"
          on={recording.value}
          toggle={() => (recording.value = !recording.value)}
        />
      </div>
      {liveError.value === '' ? null : <p class="note">{liveError.value} Trying again every two seconds.</p>}
      {list.length === 0 && liveError.value === '' ? <Loading text="Waiting for the first counts" /> : null}
      {list.length === 0 ? null : <Chart names={names} />}
      <p class="hint">
        Drag across the chart to compare the recorded tasks at its two ends.{' '}
        {list.filter(({ recorded }) => recorded >= 0).length} moments are recorded.
      </p>
    </section>
  );
}

function Chart({ names }: { readonly names: readonly string[] }): JSX.Element {
  const [hidden, setHidden] = useState<readonly string[]>([
    'allocs',
    'heap',
    'threadcreate',
    'block',
    'mutex',
    'goroutineleak',
  ]);
  const list = looks.value;
  const palette = colors[theme.value];
  const shown = names.filter((name) => !hidden.includes(name));
  const lines = shown.map((name, index) => ({
    name,
    color: palette[index % palette.length] ?? '',
    values: list.map(({ counts }) => counts.get(name) ?? null),
  }));
  const last = list.at(-1);
  return (
    <>
      <div class="live-legend" role="group" aria-label="Counts shown">
        {names.map((name) => (
          <button
            type="button"
            key={name}
            aria-pressed={!hidden.includes(name)}
            onClick={() =>
              setHidden(hidden.includes(name) ? hidden.filter((one) => one !== name) : [...hidden, name])
            }
          >
            <i style={{ background: lines.find((line) => line.name === name)?.color ?? 'transparent' }} />
            {name} <b>{last?.counts.get(name) ?? '–'}</b>
          </button>
        ))}
      </div>
      <LineChart
        times={list.map(({ time }) => time)}
        lines={lines}
        marks={list.filter(({ recorded }) => recorded >= 0).map(({ time }) => time)}
        brush={compareMoments}
        label={`Counts over time: ${shown.map((name) => `${name} ${last?.counts.get(name) ?? 'unknown'}`).join(', ')}`}
      />
    </>
  );
}

/** Compares the recordings nearest to two moments. */
function compareMoments(from: number, to: number): void {
  const recorded = looks.peek().filter((look) => look.recorded >= 0);
  const nearest = (time: number): number =>
    recorded.reduce(
      (best, look) =>
        Math.abs(look.time - time) < Math.abs((best?.time ?? Number.POSITIVE_INFINITY) - time) ? look : best,
      recorded[0],
    )?.recorded ?? -1;
  const base = nearest(from);
  const source = nearest(to);
  if (base < 0 || source < 0 || base === source) {
    notice.value =
      'Two recorded moments are needed for a comparison: wait some seconds, or brush a longer stretch.';
    return;
  }
  navigate({ view: 'compare', base, source, zoom: '' });
}
