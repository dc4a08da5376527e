// The keys of a timeline: arrows look at the next moment, Enter marks the two ends of a comparison.
import { nearest, type TimeWindow } from './window.ts';

/** With Shift an arrow goes so many moments. */
const farStep = 10;

/** Handles one key; what it does not know goes on to the page. */
export function onTimelineKey(
  window: TimeWindow,
  event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'preventDefault' | 'stopPropagation'>,
): void {
  const run = keys[event.key];
  if (run === undefined) return;
  if (!window.steered.current.byKeys) window.steered.current = { byKeys: true, at: null };
  run(window, event.shiftKey ? farStep : 1);
  event.preventDefault();
  event.stopPropagation();
}

/** Looks at the moment `by` rows further on; without one yet, from the last. */
function step({ times, cursor, range }: TimeWindow, by: number): void {
  const now = cursor.value === null ? times.length - 1 : nearest(times, cursor.value);
  const next = times[Math.min(times.length - 1, Math.max(0, now + by))] ?? null;
  cursor.value = next;
  if (range.value !== null && next !== null) range.value = [range.value[0], next];
}

function mark(window: TimeWindow): void {
  const { cursor, range } = window;
  if (range.value !== null) {
    window.finish();
    return;
  }
  if (cursor.value === null) step(window, 0);
  if (cursor.value !== null) range.value = [cursor.value, cursor.value];
}

const keys: Readonly<Record<string, (window: TimeWindow, far: number) => void>> = {
  ArrowLeft: (window, far) => step(window, -far),
  ArrowRight: (window, far) => step(window, far),
  Home: (window) => step(window, -window.times.length),
  End: (window) => step(window, window.times.length),
  Enter: mark,
  ' ': mark,
  Escape: ({ cursor, range }) => {
    range.value = null;
    cursor.value = null;
  },
};
