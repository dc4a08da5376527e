// The picture of all watched services at a moment, as lines for a terminal of any size.
import { amount, duration, percent } from '@stackpile/leaks';
import { elide, visible, widthOf, wrap } from '../leaks/terminal.ts';
import { growerLines, paceOf, type Telling, verdictLines } from './verdict-lines.ts';
import type { Row, Told } from './told.ts';
import type { WatchedState } from './watched.ts';

/** What is shown of one service. */
export interface Panel {
  readonly name: string;
  readonly state: WatchedState;
  readonly told: Told | null;
}

/** Everything that is shown. */
export interface Scene {
  /** Lines above the services, fit to be shown. */
  readonly header: readonly string[];
  readonly panels: readonly Panel[];
  /** The one that keys are about. */
  readonly selected: number;
  /** Milliseconds since it began. */
  readonly elapsed: number;
  /** What came of the last key; '' for nothing. */
  readonly note: string;
  /** What keys there are; '' where none can be read. */
  readonly keys: string;
}

const BARS = '▁▂▃▄▅▆▇█';
/** A counter that moves by less than this share of itself looks flat. */
const LEAST_RANGE = 0.2;
/** Services stand side by side where each has so many columns, and below one another where each has so many rows. */
const PANEL_COLUMNS = 90;
const PANEL_ROWS = 7;
const GAP = 3;
const LEAST_FOR_HEADER = 12;
const NOUN = 16;
const VALUE = 9;
const PACE = 13;
const STATE = 9;
const MOST_SPARK = 60;
/** With so many columns limits are told in numbers too. */
const ROOMY = 110;

/** `1:04`, `2:00:07`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes}:${two(seconds % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** One character for each value, of the last `width` ones: the lowest bar is the least of them, and a gap nothing that is known. */
export function sparkline(values: readonly (number | null)[], width: number): string {
  const drawn = values.slice(Math.max(0, values.length - width));
  const known = drawn.filter((value) => value !== null);
  const most = Math.max(1, ...known);
  const least = Math.min(most * (1 - LEAST_RANGE), ...known);
  return drawn
    .map((value) =>
      value === null
        ? ' '
        : BARS[Math.min(7, Math.max(0, Math.floor(((value - least) / (most - least)) * 7.999)))],
    )
    .join('');
}

function pad(text: string, width: number): string {
  return `${text}${' '.repeat(Math.max(0, width - widthOf(text)))}`;
}

function padStart(text: string, width: number): string {
  return `${' '.repeat(Math.max(0, width - widthOf(text)))}${text}`;
}

/** Cuts a line with colours in it to so many columns. */
export function cut(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line;
  let width = 0;
  let shown = '';
  for (const piece of line.split(/(\u001b\[[\d;]*m)/u)) {
    if (piece.startsWith('\u001b')) {
      shown += piece;
      continue;
    }
    for (const character of piece) {
      width += widthOf(character);
      if (width >= columns) return `${shown}…${shown.includes('\u001b') ? '\u001b[0m' : ''}`;
      shown += character;
    }
  }
  return shown;
}

const colors = { grows: 'red', unclear: 'yellow', flat: 'green', unknown: 'dim' } as const;

/** How far it is to the limit: in time where it grows, else by what is used of it. */
function limitOf({ limit, last, unit, untilLimit }: Row, columns: number): string {
  if (limit === null || limit <= 0) return '';
  const most = columns < ROOMY ? '' : `${amount(limit, unit)}`;
  if (untilLimit !== null) return `${most === '' ? 'full' : most} in ${duration(untilLimit)}`;
  return `${percent(last / limit)}${most === '' ? ' used' : ` of ${most}`}`;
}

/** Nouns that are too long to stand beside a number. */
const short: ReadonlyMap<string, string> = new Map([['memory outside the heap', 'off-heap memory']]);

/** Counters below one another, their sparklines of one width. */
function rowLines(rows: readonly Row[], { paint, columns }: Telling): string[] {
  const limits = rows.map((row) => limitOf(row, columns));
  const room = columns - 1 - NOUN - VALUE - 2 - PACE - 2 - STATE - Math.max(0, ...limits.map(widthOf)) - 1;
  const spark = Math.max(0, Math.min(MOST_SPARK, room));
  return rows.map((row, i) =>
    [
      ` ${pad(elide(short.get(row.noun) ?? row.noun, NOUN - 1), NOUN)}`,
      paint('bold', padStart(amount(row.last, row.unit), VALUE)),
      '  ',
      paint('cyan', padStart(sparkline(row.values, spark), spark)),
      padStart(paceOf(row), PACE),
      '  ',
      // Of a few looks nothing is said yet.
      paint(colors[row.state], pad(row.perMinute === null ? '' : row.state, STATE)),
      paint(row.untilLimit === null ? 'dim' : 'yellow', limits[i] ?? ''),
    ]
      .join('')
      .trimEnd(),
  );
}

const urgency = { grows: 0, unclear: 1, flat: 2, unknown: 3 } as const;

/** The counters that matter most, in their own order. */
function rowsFor(rows: readonly Row[], most: number): Row[] {
  const kept = rows
    .map((row, index) => ({ row, index }))
    .toSorted((a, b) => urgency[a.row.state] - urgency[b.row.state] || a.index - b.index)
    .slice(0, Math.max(0, most));
  return kept.toSorted((a, b) => a.index - b.index).map(({ row }) => row);
}

/** Shortens lines to a number of rows; the last one says how many are left out. */
function within(lines: readonly string[], rows: number, telling: Telling): string[] {
  if (lines.length <= rows) return [...lines];
  if (rows <= 0) return [];
  const left = lines.length - rows + 1;
  return [...lines.slice(0, rows - 1), telling.paint('dim', `      … ${left} more lines`)];
}

function stateText({ state, told }: Panel): string {
  const looks = told === null ? '' : `${told.looks} look${told.looks === 1 ? '' : 's'}`;
  const restarts =
    told === null || told.restarts === 0 ? '' : `, ${told.restarts} restart${told.restarts === 1 ? '' : 's'}`;
  switch (state.kind) {
    case 'opening':
      return 'waiting for its first answer';
    case 'watching':
      return `${looks}${restarts}`;
    case 'failing':
      return `does not answer; ${looks === '' ? 'nothing was seen yet' : `this is what the last of ${looks} saw`}${restarts}`;
    case 'ended':
      // Its time was over.
      if (state.why === '') return `${looks}${restarts}`;
      return `watched no longer${looks === '' ? '' : `; ${looks}${restarts}`}`;
  }
}

/** One service in so many rows. */
function panelLines(panel: Panel, rows: number, marked: boolean, telling: Telling): string[] {
  const { paint, columns } = telling;
  const said = stateText(panel);
  const room = Math.max(10, columns - widthOf(said) - 3);
  const name = elide(visible(panel.name, 500), room);
  const title = `${paint(marked ? ['bold', 'underline'] : 'bold', name)}  ${paint('dim', said)}`;
  const lines = [title];
  const why = 'why' in panel.state ? panel.state.why : '';
  if (why !== '') lines.push(paint('yellow', ` ${elide(visible(why), columns - 2)}`));
  const { told } = panel;
  if (told === null) return within(lines, rows, telling);
  const verdict = verdictLines(told, telling);
  const growers = growerLines(told, telling);
  const spaced = rows >= 14;
  const left = rows - lines.length - (spaced ? 2 : 0);
  // Half for the counters at least, where they need it; what the verdict leaves is theirs too.
  const counters = rowsFor(
    told.rows,
    Math.max(Math.min(3, left - 1), Math.floor(left / 2), left - verdict.length),
  );
  if (spaced) lines.push('');
  lines.push(...rowLines(counters, telling));
  if (spaced) lines.push('');
  const some = within(verdict, rows - lines.length, telling);
  lines.push(...some);
  if (growers.length > 0 && lines.length < rows) lines.push(...within(growers, rows - lines.length, telling));
  return within(lines, rows, telling);
}

/** How many services stand beside and below one another, and which of them. */
interface Layout {
  readonly across: number;
  readonly down: number;
  readonly first: number;
}

function layoutOf(count: number, selected: number, columns: number, rows: number): Layout {
  const across = Math.max(1, Math.min(count, Math.floor(columns / PANEL_COLUMNS)));
  const down = Math.max(1, Math.min(Math.ceil(count / across), Math.floor(rows / PANEL_ROWS)));
  const page = across * down;
  return { across, down, first: Math.floor(selected / page) * page };
}

/**
 * The picture for a terminal of so many columns and rows: never wider, never longer.
 *
 * @param telling its columns are those of the terminal
 */
export function frame(scene: Scene, rows: number, telling: Telling): string[] {
  const { columns } = telling;
  const { panels, selected } = scene;
  const head = rows >= LEAST_FOR_HEADER ? scene.header : [];
  const top = [...head, ...(head.length > 0 ? [''] : [])];
  const foot = footerLines(scene, Math.max(1, Math.floor(rows / 3)), telling);
  const body = Math.max(1, rows - top.length - foot.length);
  const shown = panelsBeside(panels, selected, body, telling);
  const filled = [...top, ...shown].slice(0, rows - foot.length);
  while (filled.length < rows - foot.length) filled.push('');
  return [...filled, ...foot].slice(-rows).map((line) => cut(line, columns));
}

/** All services that there is room for. */
function panelsBeside(panels: readonly Panel[], selected: number, body: number, telling: Telling): string[] {
  const { columns } = telling;
  const { across, down, first } = layoutOf(panels.length, selected, columns, body);
  const width = Math.floor((columns - (across - 1) * GAP) / across);
  const height = Math.floor(body / down);
  const shown: string[] = [];
  for (let row = 0; row < down; row++) {
    const isLast = row === down - 1;
    // A blank row between one service and the next.
    const own = isLast ? body - row * height : height - 1;
    const from = first + row * across;
    const beside = panels.slice(from, from + across).map((panel, i) => {
      const marked = panels.length > 1 && from + i === selected;
      return panelLines(panel, own, marked, { ...telling, columns: width });
    });
    const tallest = isLast ? Math.max(0, ...beside.map((lines) => lines.length)) : height;
    for (let i = 0; i < tallest; i++) {
      const cells = beside.map((lines) => pad(cut(lines[i] ?? '', width), width));
      shown.push(cells.join(' '.repeat(GAP)).trimEnd());
    }
  }
  return shown;
}

/** The clock, and what keys there are or what came of one. */
function footerLines(scene: Scene, most: number, { paint, columns }: Telling): string[] {
  const time = clock(scene.elapsed).padStart(6);
  const room = Math.max(1, columns - time.length - 2);
  const several =
    scene.panels.length > 1 && scene.keys !== '' ? `${scene.keys}  Tab next service` : scene.keys;
  const lines =
    scene.note === '' ? [paint('dim', several)] : wrap(visible(scene.note, 1000), room).slice(0, most);
  return lines.map((line, i) => `${i === 0 ? paint('dim', time) : ' '.repeat(time.length)}  ${line}`);
}
