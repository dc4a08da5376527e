// Programs with a known answer: where they are, what is expected of them, and what a profile says of them.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Profile } from '@stackpile/profile';
import { withoutPipes } from '../../../../testing/pipes.ts';

/** How tasks are found: by the hook, or in the heap. */
export type Way = 'tracked' | 'heap';
export type Kind = 'task' | 'handle' | 'closures';

/** What a program is expected to show, or what a profile shows of it. */
export interface Pile {
  readonly kind: Kind;
  readonly count: number;
  /** '' where the expectation leaves it open. */
  readonly state: string;
  /** Names of the frames, leaf first, joined by ` < `. */
  readonly stack: string;
}

export interface Program {
  readonly name: string;
  readonly path: string;
  readonly lines: readonly string[];
  /** What the two ways should find with a given Node, and why one of them cannot. */
  expected(way: Way, major: number): { readonly piles: readonly Pile[]; readonly blind: string };
}

/** Where a function without a name stands, at the end of what it is called. */
const place = / \([^()]+:\d+(?::\d+)?\)$/u;

const folder = join(fileURLToPath(new URL('.', import.meta.url)), 'fixtures');

/** `//= task@heap,20-24 7 await: inner < outer`: kind, way and versions where they differ, count, state, stack. */
const grammar =
  /^\/\/= (task|handle|closures)(?:@(tracked|heap))?(?:,(\d+)(-(\d+)?)?)? (\d+)(?: ([a-z ]+))?: (.+)$/u;
const blindness = /^\/\/= blind@(tracked|heap): (.+)$/u;

/** Every program, by name. */
export function programs(): Program[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.mjs'))
    .sort()
    .map((file) => read(join(folder, file)));
}

function read(path: string): Program {
  const lines = readFileSync(path, 'utf8').split('\n');
  const rules: { pile: Pile; way: string | undefined; from: number; to: number }[] = [];
  const blind = new Map<string, string>();
  for (const line of lines) {
    if (!line.startsWith('//= ')) continue;
    const reason = blindness.exec(line);
    if (reason !== null) {
      blind.set(reason[1] as string, reason[2] as string);
      continue;
    }
    const match = grammar.exec(line);
    if (match === null) throw new Error(`${path}: cannot read "${line}"`);
    const [, kind, way, from, open, to, count, state, stack] = match;
    rules.push({
      pile: { kind: kind as Kind, count: Number(count), state: state ?? '', stack: stack as string },
      way,
      from: Number(from ?? 0),
      to: from === undefined || (open !== undefined && to === undefined) ? Infinity : Number(to ?? from),
    });
  }
  return {
    name: basename(path, '.mjs'),
    path,
    lines,
    expected: (way, major) => ({
      piles: rules
        .filter((rule) => (rule.way ?? way) === way && major >= rule.from && major <= rule.to)
        .map((rule) => rule.pile),
      blind: blind.get(way) ?? '',
    }),
  };
}

export interface Frame {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

export interface Found extends Pile {
  readonly frames: readonly Frame[];
  readonly labels: Readonly<Record<string, string>>;
}

/** The samples of a profile of either way; the count is that of the sample's own kind. */
export function piles(profile: Profile): Found[] {
  const { samples, locations, functions, strings } = profile;
  const column = (type: string): number => profile.sampleTypes.findIndex((one) => one.type === type);
  const tasks = Math.max(column('goroutine'), column('tasks'));
  const columns: Record<Kind, number> = {
    task: tasks,
    handle: column('handles'),
    closures: column('closures'),
  };
  const found: Found[] = [];
  for (let i = 0; i < samples.length; i++) {
    const frames: Frame[] = [];
    for (let at = samples.stackStart[i] as number; at < (samples.stackStart[i + 1] as number); at++) {
      const line = locations.lineStart[samples.stackLocations[at] as number] as number;
      const fn = locations.lines.function[line] as number;
      frames.push({
        name: strings.get(functions.name[fn] as number),
        file: strings.get(functions.filename[fn] as number),
        line: Number(locations.lines.line[line]),
      });
    }
    const labels: Record<string, string> = {};
    for (let l = samples.labelStart[i] as number; l < (samples.labelStart[i + 1] as number); l++) {
      const text = samples.labels.text[l] as number;
      if (text !== 0) labels[strings.get(samples.labels.key[l] as number)] = strings.get(text);
    }
    const kind = (labels['kind'] ?? 'task') as Kind;
    found.push({
      kind,
      count: Number(samples.values[columns[kind] >= 0 ? columns[kind] : tasks]?.[i]),
      state: labels['state'] ?? '',
      stack: frames.map((frame) => frame.name.replace(place, '')).join(' < '),
      frames,
      labels,
    });
  }
  return found;
}

/** A pile on one line, for comparing and for messages. */
export function lineOf(pile: Pile, withState: boolean): string {
  const state = withState && pile.state !== '' ? ` ${pile.state}` : '';
  return `${pile.kind} ${pile.count}${state}: ${pile.stack}`;
}

/** Why a program cannot run on this machine; false where it can, and in CI, where it must. */
export function cannotRun(program: { readonly name: string }): string | false {
  return program.name === 'file-read' && withoutPipes;
}
