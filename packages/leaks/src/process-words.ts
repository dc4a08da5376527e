// What a balance says in words: the sentence of a verdict on a process, the bound, and at most five lines for a terminal.
import type { CounterName } from './counter-kinds.ts';
import type { LedgerRow, ProcessFinding, ProcessVerdict } from './process-verdict.ts';
import { amount, duration } from './words.ts';

/** Counters of which a bound is told in a sentence; the others follow them, or are seldom what leaks. */
const bounded: ReadonlySet<CounterName> = new Set(['tasks', 'handles', 'fds', 'heapLive', 'rss']);
/** Lines that a ledger takes at most. */
const mostLines = 5;

function per(timed: boolean): string {
  return timed ? 'per minute' : 'per dump';
}

function moved({ first, last, unit }: LedgerRow): string {
  return `${amount(first, unit)} → ${amount(last, unit)}`;
}

function pace({ perMinute, unit }: LedgerRow): string {
  return `${perMinute < 0 ? '−' : '+'}${amount(Math.abs(rounded(perMinute)), unit)}`;
}

/** Two digits are all that a rate is good for. */
function rounded(value: number): number {
  return value === 0 || !Number.isFinite(value) ? 0 : Number(value.toPrecision(2));
}

/** `below 5 tasks, 5 handles or 130 kB of live heap per minute`; '' where a counter is not bounded. */
export function boundText(ledger: readonly LedgerRow[], timed: boolean): string {
  const bounds = ledger
    .filter(({ counter, state, atMost }) => bounded.has(counter) && state === 'flat' && atMost !== null)
    .map(({ unit, noun, atMost }) => {
      const most = atMost ?? 0;
      return unit === 'bytes'
        ? `${amount(Number(most.toPrecision(2)), unit)} of ${noun}`
        : most <= 1
          ? `1 ${noun.replace(/s$/u, '')}`
          : `${amount(Math.ceil(most), unit)} ${noun}`;
    });
  if (bounds.length === 0) return '';
  const last = bounds.pop() ?? '';
  return `below ${bounds.length === 0 ? last : `${bounds.join(', ')} or ${last}`} ${per(timed)}`;
}

function list(texts: readonly string[], most: number): string {
  const shown = texts.slice(0, most);
  return texts.length > most ? `${shown.join(', ')} and ${texts.length - most} more` : shown.join(', ');
}

/** What is said of why a counter grows. */
function reasonOf({ by, explained, gain, unit }: LedgerRow): string {
  if (by.length === 0) return 'nothing that was looked at explains it';
  const rest = explained === null ? 0 : gain - explained;
  const left =
    explained !== null && rest > 0.1 * gain ? `, ${amount(rounded(rest), unit)} are unexplained` : '';
  return `explained by ${list(by, 2)}${left}`;
}

function unclearText(row: LedgerRow, timed: boolean): string {
  switch (row.note) {
    case 'few':
      return 'too few looks';
    case 'slowing':
      return 'rises more slowly at the end';
    default:
      return row.atMost === null
        ? 'too unsteady to tell'
        : `too unsteady to tell: up to ${amount(rounded(row.atMost), row.unit)} ${per(timed)} could hide in it`;
  }
}

/** One sentence for the whole process. */
export function processSentence(verdict: ProcessVerdict, growing: readonly ProcessFinding[]): string {
  const { kind, convicted, ledger, unseen, earlier } = verdict;
  if (kind === 'leak') {
    const [top] = convicted;
    if (top === undefined)
      return `Before the last restart: ${earlier.findLast((one) => one.kind === 'leak')?.sentence ?? ''}`;
    return `${top.part === '' ? '' : `In ${top.part}: `}${top.finding.sentence}`;
  }
  const flat = ledger.filter(({ state }) => state === 'flat');
  if (kind === 'none') {
    const main = flat.filter(({ counter }) => ['tasks', 'handles', 'heapLive'].includes(counter));
    const shown = (main.length > 0 ? main : flat).map(
      (row) => `${moved(row)} ${row.unit === 'bytes' ? 'of ' : ''}${row.noun}`,
    );
    const unheard = verdict.bound === '' ? '' : `; a leak ${verdict.bound} would have gone unseen`;
    const settled = main.some(({ note, first, last }) => note === 'settled' && last > first);
    return `Nothing ${settled ? 'piles up' : 'grows'}: ${list(shown, 3)}${verdict.span > 0 ? ` in ${duration(verdict.span)}` : ` over ${verdict.looks} dumps`}${unheard}.`;
  }
  const [grows] = ledger.filter(({ state }) => state === 'grows');
  if (grows !== undefined) {
    const why = growing.length > 0 && grows.by.length > 0 ? 'it could be load' : reasonOf(grows);
    return `Could not tell: ${grows.noun} ${grows.unit === 'bytes' ? 'grows' : 'grow'}, ${moved(grows)} (${pace(grows)} ${per(verdict.span > 0)}), and ${why}.`;
  }
  const blocking = unseen.find(({ blocks }) => blocks);
  if (blocking !== undefined) return `Could not tell: ${blocking.text}.`;
  const [unclear] = ledger.filter(({ state }) => state === 'unclear');
  if (unclear !== undefined)
    return `Could not tell: ${unclear.noun}, ${moved(unclear)}, ${unclearText(unclear, verdict.span > 0)}.`;
  const open = verdict.verdicts.find((one) => one.kind === 'unsure');
  return open?.sentence ?? 'Could not tell: one look cannot show growth.';
}

/**
 * The balance in at most five lines: what grows and why, what is unclear, what is flat and by how much at most, what nobody looked at.
 * Pure text without colours; the caller makes names visible and cuts lines to its width.
 */
export function ledgerLines(verdict: ProcessVerdict): string[] {
  const timed = verdict.span > 0;
  const of = (state: LedgerRow['state']): LedgerRow[] => verdict.ledger.filter((row) => row.state === state);
  const grows = of('grows').map(
    (row) => `grows    ${row.noun} ${moved(row)} (${pace(row)} ${per(timed)}): ${reasonOf(row)}`,
  );
  const unclear = of('unclear').map(({ noun }) => noun);
  const flat = of('flat').map(({ noun }) => noun);
  const tail: string[] = [];
  if (unclear.length > 0) {
    const [first] = of('unclear');
    tail.push(`unclear  ${list(unclear, 4)}${first === undefined ? '' : `: ${unclearText(first, timed)}`}`);
  }
  if (flat.length > 0)
    tail.push(
      `flat     ${list(flat, 5)}${verdict.bound === '' ? '' : `: a leak ${verdict.bound} would not show`}`,
    );
  if (verdict.unseen.length > 0)
    tail.push(
      `unseen   ${list(
        verdict.unseen.map(({ text }) => text),
        3,
      )}`,
    );
  if (verdict.next !== '')
    tail.push(
      verdict.next === 'watch'
        ? `next     watch ${duration(verdict.watchFor ?? 0)} longer`
        : `next     ${verdict.next}`,
    );
  const room = mostLines - tail.length;
  const shown =
    grows.length <= room
      ? grows
      : [
          ...grows.slice(0, room - 1),
          `grows    also ${list(
            of('grows')
              .slice(room - 1)
              .map(({ noun }) => noun),
            6,
          )}`,
        ];
  return [...shown, ...tail];
}
