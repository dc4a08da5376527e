// Live: the numbers of a running service over time, buttons that capture, and a brush that compares two moments.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { formatDelta, formatMs, formatValue } from '../format.ts';
import type { BootService } from '@stackpile/profile';
import { Spark } from '../verdict/Trend.tsx';
import type { Outlook } from '../live-index.ts';
import { notCounts } from '../live-index.ts';
import {
  capture,
  capturing,
  choose,
  forgetShown,
  historyOf,
  liveError,
  looks,
  memoryOutlook,
  offered,
  recording,
  wantsRecording,
  watch,
} from '../live.ts';
import { Switch } from '../parts/controls.tsx';
import { Loading } from '../parts/states.tsx';
import { TrackChart } from '../timeline/TrackChart.tsx';
import { nearest } from '../timeline/window.ts';
import { live, navigate, notice, series, services, theme } from '../store.ts';

const colors = {
  light: ['#b45309', '#1d6fa5', '#7c3aed', '#0f766e', '#be185d', '#4d7c0f'],
  dark: ['#f5a354', '#6bb7e8', '#b79bff', '#4fd1c5', '#f687b3', '#b5d66b'],
} as const;
/** Counts of a Go service that say little over time; they can be switched on. */
const quiet = ['allocs', 'heap', 'threadcreate', 'block', 'mutex', 'goroutineleak'];
/** What has a button of its own, in this order; everything else is offered behind them. */
const captures = [
  { name: 'goroutine', path: 'goroutine', label: 'Capture tasks' },
  { name: 'profile', path: 'profile?seconds=5', label: 'Capture 5 s of CPU' },
  { name: 'heap', path: 'heap', label: 'Capture heap' },
] as const;

export function View(): JSX.Element {
  const target = live.value;
  useEffect(() => (target === null ? undefined : watch()), [target]);
  const list = looks.value;
  const busy = capturing.value;
  const take = (name: string, path: string): void => {
    void capture(name, path).then((row) => {
      if (row >= 0) navigate({ source: row, view: 'flame', zoom: '' });
    });
  };
  const button = (name: string, path: string, label: string): JSX.Element => (
    <button type="button" class="chip" key={name} disabled={busy !== ''} onClick={() => take(name, path)}>
      {busy === name ? 'Capturing…' : label}
    </button>
  );
  const kinds = offered.value.map(({ name }) => name);
  const recorded = list.filter((look) => look.recorded >= 0).length;
  const heading = memoryOutlook.value;
  return (
    <section class="live" aria-label="Live">
      {services.value.length > 1 ? <Services /> : null}
      <div class="toolbar wraps">
        {services.value.length > 1 ? null : <b class="live-name">{target?.name}</b>}
        <span class="grow" />
        {captures
          .filter(({ name }) => kinds.includes(name))
          .map(({ name, path, label }) => button(name, path, label))}
        <OtherCaptures names={kinds.filter(isOther)} take={take} busy={busy} />
        {kinds.includes('goroutine') ? (
          <Switch
            label={target?.heavy === true ? 'Record tasks (it stands still each time)' : 'Record tasks'}
            on={recording.value}
            toggle={() => (wantsRecording.value = !recording.value)}
          />
        ) : null}
      </div>
      {liveError.value === '' ? null : (
        <p class="note" role="alert">
          {liveError.value} Trying again every two seconds.
        </p>
      )}
      {list.length === 0 && liveError.value === '' ? <Loading text="Waiting for the first numbers" /> : null}
      {heading === null ? null : <Heading outlook={heading} />}
      {list.length === 0 ? null : <Chart />}
      <p class="hint row">
        <span>
          {recorded === 0 && !recording.value
            ? 'Capture the tasks of two moments, or record them all the time, to compare them here.'
            : `Drag across the timeline to compare the tasks recorded at its two ends: ${recorded} ${
                recorded === 1 ? 'moment is' : 'moments are'
              } recorded.`}
          {recorded === 0 ? '' : ' This browser keeps them over a reload.'}
        </span>
        {recorded > 0 ? (
          <button type="button" class="chip" onClick={() => void forgetShown()}>
            Forget what is kept
          </button>
        ) : null}
        {recorded > 1 && series.value.length > 1 ? (
          <button
            type="button"
            class="chip"
            onClick={() => navigate({ view: 'verdict', source: -1, sampleType: '', zoom: '' })}
          >
            What grows? The verdict
          </button>
        ) : null}
      </p>
    </section>
  );
}

/** Whether a name is that of a profile without a button of its own. */
function isOther(name: string): boolean {
  return !notCounts.has(name) && !captures.some((one) => one.name === name);
}

/** All other profiles of the service, in a list: few are wanted often. */
function OtherCaptures({
  names,
  take,
  busy,
}: {
  readonly names: readonly string[];
  readonly take: (name: string, path: string) => void;
  readonly busy: string;
}): JSX.Element | null {
  if (names.length === 0) return null;
  return (
    <label class="field">
      <span class="offscreen">Capture another profile</span>
      <select
        disabled={busy !== ''}
        value=""
        onChange={(event) => {
          const name = event.currentTarget.value;
          event.currentTarget.value = '';
          take(name, name);
        }}
      >
        <option value="" disabled>
          {names.includes(busy) ? 'Capturing…' : 'Capture another…'}
        </option>
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Where memory is heading, and when it is there. */
function Heading({ outlook: { perMinute, untilLimit, limit } }: { readonly outlook: Outlook }): JSX.Element {
  const rate = `${formatDelta(Math.round(perMinute), 'bytes')} per minute`;
  return untilLimit === null || limit === null ? (
    <p class="live-heading">Memory: {rate}.</p>
  ) : (
    <p class="live-heading limit" role="status">
      Memory reaches its limit of {formatValue(limit, 'bytes')} in <b>{formatMs(untilLimit)}</b> at this rate,{' '}
      {rate}.
    </p>
  );
}

/** The services of the page, each with its history; the one that is looked at is chosen here. */
function Services(): JSX.Element {
  const list = services.value;
  const shown = live.value;
  return (
    <ul class="services" aria-label="Services">
      {list.map((service) => (
        <li key={service.name}>
          <ServiceCard service={service} shown={service.name === shown?.name} />
        </li>
      ))}
    </ul>
  );
}

/** What is drawn of a service that is not the one looked at. */
const carded = ['tasks', 'goroutine', 'RSS'] as const;

function ServiceCard({
  service,
  shown,
}: {
  readonly service: BootService;
  readonly shown: boolean;
}): JSX.Element {
  const { looks: seen, error } = historyOf(service.name);
  const moments = seen.filter(({ recorded }) => recorded >= 0).length;
  const tracks = carded.flatMap((name) => {
    const values = seen.flatMap(({ readings }) => readings.get(name) ?? []);
    const last = values.at(-1);
    return last === undefined
      ? []
      : [{ name, text: formatValue(last.value, last.unit), values: values.map(({ value }) => value) }];
  });
  return (
    <button type="button" class="service" aria-pressed={shown} onClick={() => choose(service)}>
      <b>{service.name.replace(/^https?:\/\//, '').replace(/\/debug\/pprof\/$/, '')}</b>
      {tracks.map(({ name, text, values }) => (
        <span key={name} class="service-track">
          <Spark values={values} />
          {name} <b>{text}</b>
        </span>
      ))}
      <span class="soft">
        {error !== ''
          ? 'does not answer'
          : seen.length === 0
            ? service.heavy
              ? 'looked at when it is chosen'
              : 'waiting for its numbers'
            : `${moments} ${moments === 1 ? 'moment' : 'moments'} recorded`}
      </span>
    </button>
  );
}

function Chart(): JSX.Element {
  const [chosen, setChosen] = useState<ReadonlyMap<string, boolean>>(new Map());
  const list = looks.value;
  const palette = colors[theme.value];
  const names = [...new Set(list.flatMap(({ readings }) => [...readings.keys()]))];
  const isHidden = (name: string): boolean =>
    // The agent's heap is in bytes and worth a look; Go's is a count of samples.
    chosen.get(name) ?? (quiet.includes(name) && list.at(-1)?.readings.get(name)?.unit === 'count');
  const color = (name: string): string => palette[names.indexOf(name) % palette.length] ?? '';
  const shown = names.filter((name) => !isHidden(name));
  const tracks = shown.map((name) => {
    const latest = list.findLast(({ readings }) => readings.has(name))?.readings.get(name);
    return {
      name,
      color: color(name),
      unit: latest?.unit ?? 'count',
      limit: latest?.limit ?? null,
      values: list.map(({ readings }) => readings.get(name)?.value ?? null),
    };
  });
  const last = list.at(-1);
  const text = (name: string): string => {
    const reading = last?.readings.get(name);
    return reading === undefined ? '–' : formatValue(reading.value, reading.unit);
  };
  return (
    <>
      <div class="live-legend" role="group" aria-label="Numbers shown">
        {names.map((name) => (
          <button
            type="button"
            key={name}
            aria-pressed={!isHidden(name)}
            onClick={() => setChosen(new Map(chosen).set(name, !isHidden(name)))}
          >
            <i style={{ background: isHidden(name) ? 'transparent' : color(name) }} />
            {name} <b>{text(name)}</b>
          </button>
        ))}
      </div>
      <div class="chart-scroll">
        <TrackChart
          times={list.map(({ time }) => time)}
          tracks={tracks}
          marks={list.filter(({ recorded }) => recorded >= 0).map(({ time }) => time)}
          brush={compareMoments}
          label={`Over time: ${shown.map((name) => `${name} ${text(name)}`).join(', ')}`}
        />
      </div>
    </>
  );
}

/** Compares the recordings nearest to two moments. */
function compareMoments(from: number, to: number): void {
  const recorded = looks.peek().filter((look) => look.recorded >= 0);
  const times = recorded.map(({ time }) => time);
  const base = recorded[nearest(times, from)]?.recorded ?? -1;
  const source = recorded[nearest(times, to)]?.recorded ?? -1;
  if (base < 0 || source < 0 || base === source) {
    notice.value =
      'Two recorded moments are needed for a comparison: wait some seconds, or brush a longer stretch.';
    return;
  }
  navigate({ view: 'compare', base, source, zoom: '' });
}
