// The tools of the server: what each is for, in words that a model can act on, what it takes, and what it answers.
import type { Profile } from '@stackpile/profile';
import { compilePattern, type ReportContext } from '@stackpile/report';
import type { Service, SourceOptions } from '@stackpile/sources';
import { asItIs, loadSource } from '@stackpile/sources/load';
import { openService } from '@stackpile/sources/service';
import type { CliIo } from '../io.ts';
import type { LeaksOptions } from '../leaks/command-line.ts';
import type { Answer, NextCall } from './answer.ts';
import { type Arguments, type Parameter, type Parameters, quoted } from './arguments.ts';
import { type Catalog, MOST_CAPTURES, type Readable } from './catalog.ts';
import { hasClasses, heldObjects } from './holders.ts';
import { leaksAnswer, type Subject } from './judge.ts';
import { RefusedCall } from './refusal.ts';
import { type Asked, difference, reportLines } from './reports.ts';

/** What tools work with. */
export interface Workshop {
  readonly catalog: Catalog;
  readonly io: CliIo;
  /** The options of the command line. */
  readonly options: LeaksOptions;
  /** How sources are read. */
  readonly read: SourceOptions;
  /** What reports may see of the sources of programs. */
  readonly context: ReportContext;
}

/** One call, while it runs. */
export interface Call {
  readonly args: Arguments;
  readonly signal: AbortSignal;
  /** Aborted with `signal`, and when the client has gone: no service is asked any more. */
  readonly left: AbortSignal;
  /** Told what goes on, now and then. */
  readonly onProgress: (line: string) => void;
}

/** A tool. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly parameters: Parameters;
  run(workshop: Workshop, call: Call): Promise<Answer>;
}

/** Captures that may be asked for: what tells of memory, tasks and time. `heapsnapshot` is V8's own file, and `heapclasses` says the same. */
const CAPTURES: readonly string[] = [
  'goroutine',
  'heap',
  'allocs',
  'allocations',
  'heapclasses',
  'profile',
  'block',
  'mutex',
  'goroutineleak',
  'threadcreate',
];
/** Captures of an agent for which its process stands still. */
const STOPPING: ReadonlySet<string> = new Set(['heapclasses']);
/** Bytes of a capture, packed. */
const MOST_CAPTURED = 64 * 2 ** 20;
const MOST_ROWS = 100;

const source: Parameter = {
  type: 'source',
  required: true,
  description: 'Id of a file or capture, as list_sources names it: "s1", "s2/monday.pb.gz", "c1".',
};
const sampleType: Parameter = {
  type: 'word',
  description:
    'Which numbers: a sample type of the profile, such as "inuse_space", "tasks", "cpu". Default: the profile\'s own.',
};
const functionPattern: Parameter = {
  type: 'pattern',
  required: true,
  description:
    'Regular expression (Go\'s RE2 syntax) for the name of a function. Escape dots and parentheses: "main\\\\.work".',
};
const focus: Parameter = {
  type: 'pattern',
  description: 'Only stacks with a function that matches this regular expression.',
};
const rows: Parameter = {
  type: 'integer',
  least: 1,
  most: MOST_ROWS,
  description: `How many rows, at most ${MOST_ROWS}. Default 25.`,
};

async function profileOf(readable: Readable, { read }: Workshop, signal: AbortSignal): Promise<Profile> {
  if (readable.kind === 'capture') return readable.capture.profile;
  const { profile } = await loadSource(
    { kind: 'file', spec: readable.id, path: readable.path },
    { ...read, signal },
  );
  return profile;
}

const next = (tool: string, args: NextCall['args'], why: string): NextCall => ({ tool, args, why });

/** What a report on a profile leaves to ask. */
function afterReport(id: string): NextCall[] {
  return [
    next('peek', { source: id, function: 'NAME' }, 'who calls one of these functions, and what it calls'),
    next('list', { source: id, function: 'NAME' }, 'its source, line by line'),
  ];
}

function askedOf(args: Arguments): Asked {
  const given = { sample_index: args.text('sample_type'), focus: args.text('focus') };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
}

/** Sources of a call of `leaks`, or what goes without saying where it names none. */
function subjectsOf(names: readonly string[], catalog: Catalog): Subject[] {
  const subjects: Subject[] = [];
  const all = names.length > 0 ? names.map((name) => catalog.any(name)) : catalog.named;
  for (const one of all) {
    if (one.kind === 'capture')
      throw new RefusedCall(
        `leaks: ${one.id} is one capture, and growth needs a series: name its service, or several files`,
      );
    subjects.push(one);
  }
  const running = subjects.filter(({ kind }) => kind === 'service');
  if (names.length === 0 && running.length > 0 && subjects.length > 1)
    throw new RefusedCall('leaks: say which sources: one running service, or files that one process left');
  return subjects;
}

async function capture(workshop: Workshop, { args, left: signal }: Call): Promise<Answer> {
  const { catalog, options, read } = workshop;
  const { id, spec } = catalog.service(args.text('source'));
  const wanted = args.text('profile') || 'goroutine';
  if (!CAPTURES.includes(wanted))
    throw new RefusedCall(`capture: no profile ${quoted(wanted)}; it is one of ${CAPTURES.join(', ')}`);
  const open = (actual: typeof spec): Promise<Service> =>
    openService(actual, { ...read, signal, maxBytes: MOST_CAPTURED });
  const service = await asItIs(spec, (actual) => open(actual as typeof spec));
  try {
    if (!options.stops && (STOPPING.has(wanted) || (service.heavy && wanted !== 'profile')))
      throw new RefusedCall(`capture: ${id} would stand still for ${wanted}, which --no-stops forbids`);
    const { offers } = await service.offers(signal);
    const offer = offers.find(({ name }) => name === wanted);
    if (offer === undefined) {
      const there = offers.map(({ name }) => name).filter((name) => CAPTURES.includes(name));
      throw new RefusedCall(`capture: ${id} has no ${wanted}; it has ${there.join(', ')}`);
    }
    const seconds = offer.kind === 'recording' ? { seconds: String(args.number('seconds', 10)) } : {};
    const taken = await service.capture(wanted, seconds, signal);
    const kept = catalog.keep(`${wanted} of ${id}`, await taken.profile(), taken.time ?? Date.now());
    return {
      said: `Captured: ${kept.id} is ${kept.shown}, at ${new Date(kept.time).toISOString()}. The last ${MOST_CAPTURES} captures are kept.`,
      data: reportLines(kept.profile, { kind: 'top' }, { nodecount: 15, sort: 'cum' }, {}),
      narrower: '',
      next:
        wanted === 'heapclasses'
          ? [next('classes', { source: kept.id }, 'what is alive, by class')]
          : [
              next('top', { source: kept.id, cum: true }, 'more rows of this'),
              next(
                'compare',
                { before: kept.id, after: 'c…' },
                'against a capture of the same profile that you take later',
              ),
            ],
    };
  } finally {
    await service.close();
  }
}

/** Every tool, in the order in which a list shows them. */
export const tools: readonly Tool[] = [
  {
    name: 'list_sources',
    description:
      'Start here. Lists what can be asked about: profile files, folders of dumps and running services that were named when this server was started, and the captures taken since. Nothing else can be opened. Each line begins with the id that the other tools take.',
    parameters: {},
    async run({ catalog }) {
      const series = catalog.named.some(({ kind }) => kind !== 'service');
      const service = catalog.named.find(({ kind }) => kind === 'service');
      return {
        said: `${catalog.named.length} source${catalog.named.length === 1 ? '' : 's'}, ${catalog.captures.length} captures.`,
        data: catalog.lines(),
        narrower: '',
        next: [
          ...(series
            ? [
                next(
                  'leaks',
                  service === undefined ? {} : { sources: ['s…'] },
                  'which stack piles up over the dumps, and the line to mend',
                ),
              ]
            : []),
          ...(service === undefined
            ? []
            : [
                next(
                  'leaks',
                  { sources: [service.id], seconds: 30 },
                  'watches the running service, and names what grows',
                ),
                next(
                  'capture',
                  { source: service.id, profile: 'goroutine' },
                  'what it is doing or waiting for right now',
                ),
              ]),
        ],
      };
    },
  },
  {
    name: 'leaks',
    description:
      'Says whether something leaks (goroutines, async tasks, timers, sockets, memory, objects) and names the guilty function with file and line, the evidence and the advice. Give it the ids of two or more dumps of one program, a folder of dumps, or one running service, which it then watches. Without sources it takes all files. Growth needs a series: one dump alone cannot tell. It ends with status 0 (no leak), 1 (leak) or 2 (could not tell: give more or longer-spaced dumps).',
    parameters: {
      sources: {
        type: 'sources',
        description:
          'Ids from list_sources: files, a folder, or exactly one running service. Default: all of them.',
      },
      seconds: {
        type: 'integer',
        least: 5,
        most: 600,
        description:
          'How long to watch a running service, 5 to 600. Default 30; slow leaks need more. Your own timeout has to be longer.',
      },
    },
    run({ catalog, io, options }, { args, signal, left, onProgress }) {
      const paths = new Map<string, string>();
      for (const [id, readable] of catalog.readables())
        if (readable.kind === 'file') paths.set(readable.path, id);
      const subjects = subjectsOf(args.texts('sources'), catalog);
      return leaksAnswer(
        {
          subjects,
          options,
          watch: args.number('seconds', 30) * 1000,
          signal: subjects.some(({ kind }) => kind === 'service') ? left : signal,
          onProgress,
          idOf: (path) => paths.get(path) ?? '',
        },
        io,
      );
    },
  },
  {
    name: 'capture',
    description: `Takes one profile of a running service and keeps it under an id (c1, c2, …) that top, peek, list, classes and compare take. profile is one of: goroutine (what waits, with stacks; for Node its async tasks), heap (live memory by allocating stack), allocs, heapclasses (Node: objects by class and holder; the process stands still meanwhile), profile (CPU), block, mutex, goroutineleak, threadcreate. Changes nothing in the service.`,
    parameters: {
      source: { type: 'source', required: true, description: 'Id of a running service.' },
      profile: { type: 'word', description: 'Which profile. Default goroutine.' },
      seconds: {
        type: 'integer',
        least: 1,
        most: 60,
        description: 'How long a recording (profile: CPU) takes. Default 10.',
      },
    },
    run: capture,
  },
  {
    name: 'top',
    description:
      'The functions with the largest values of one profile: flat is what a function has itself, cum includes what it calls. For goroutine and task profiles use cum=true: the leaf is always the runtime.',
    parameters: {
      source,
      sample_type: sampleType,
      focus,
      cum: { type: 'flag', description: 'Sort by cum instead of flat. Default false.' },
      rows,
    },
    async run(workshop, { args, signal }) {
      const readable = workshop.catalog.readable(args.text('source'));
      const profile = await profileOf(readable, workshop, signal);
      const asked: Asked = {
        ...askedOf(args),
        nodecount: args.number('rows', 25),
        ...(args.flag('cum') ? { sort: 'cum' } : {}),
      };
      return {
        said: `Top of ${readable.id}.`,
        data: reportLines(profile, { kind: 'top' }, asked, workshop.context),
        narrower: 'Use focus, or fewer rows.',
        next: afterReport(readable.id),
      };
    },
  },
  {
    name: 'peek',
    description:
      'Who calls a function and what it calls, with values: the way from a library function up to your own code, or down to where the cost is.',
    parameters: { source, function: functionPattern, sample_type: sampleType, focus },
    async run(workshop, { args, signal }) {
      const readable = workshop.catalog.readable(args.text('source'));
      const profile = await profileOf(readable, workshop, signal);
      const pattern = args.text('function');
      return {
        said: `Callers and callees in ${readable.id}.`,
        data: reportLines(profile, { kind: 'peek', pattern }, askedOf(args), workshop.context),
        narrower: 'Use a narrower function pattern.',
        next: [
          next('list', { source: readable.id, function: pattern }, 'the source of it, line by line'),
          next('peek', { source: readable.id, function: 'NAME' }, 'one caller further up'),
        ],
      };
    },
  },
  {
    name: 'list',
    description:
      "The source text of a function with the profile's values beside each line: this names the exact line. Source files are read below the folder that the server shows sources from, and nowhere else; where a file is not there only its lines' values are told.",
    parameters: { source, function: functionPattern, sample_type: sampleType },
    async run(workshop, { args, signal }) {
      const readable = workshop.catalog.readable(args.text('source'));
      const profile = await profileOf(readable, workshop, signal);
      const pattern = args.text('function');
      return {
        said: `Source lines in ${readable.id}. Where no source is shown, read the file yourself at the line that peek or leaks told.`,
        data: reportLines(profile, { kind: 'list', pattern }, askedOf(args), workshop.context),
        narrower: 'Use a narrower function pattern.',
        next: [next('peek', { source: readable.id, function: pattern }, 'who calls it')],
      };
    },
  },
  {
    name: 'compare',
    description:
      'What grew and what shrank between two profiles of the same kind: top of (after minus before), largest first. For more than two dumps, or for a verdict, use leaks.',
    parameters: {
      before: { ...source, description: 'Id of the earlier file or capture.' },
      after: { ...source, description: 'Id of the later one.' },
      sample_type: sampleType,
      focus,
      cum: { type: 'flag', description: 'Sort by cum instead of flat; right for goroutines. Default false.' },
      rows,
    },
    async run(workshop, { args, signal }) {
      const before = workshop.catalog.readable(args.text('before'));
      const after = workshop.catalog.readable(args.text('after'));
      const change = difference(
        await profileOf(before, workshop, signal),
        await profileOf(after, workshop, signal),
      );
      const asked: Asked = {
        ...askedOf(args),
        nodecount: args.number('rows', 25),
        ...(args.flag('cum') ? { sort: 'cum' } : {}),
      };
      return {
        said: `${after.id} minus ${before.id}: positive values grew.`,
        data: reportLines(change, { kind: 'top' }, asked, workshop.context),
        narrower: 'Use focus, or fewer rows.',
        next: afterReport(after.id),
      };
    },
  },
  {
    name: 'classes',
    description:
      'What a heap holds, by class: how many objects and bytes. With class, every chain of holders of the classes that match, from the nearest holder (a property, a variable with its line, a listener) to the root: the holder is what to mend. Takes heap snapshots (.heapsnapshot) and captures of heapclasses.',
    parameters: {
      source,
      class: { type: 'pattern', description: 'Regular expression for class names; shows who holds them.' },
      rows,
    },
    async run(workshop, { args, signal }) {
      const readable = workshop.catalog.readable(args.text('source'));
      const profile = await profileOf(readable, workshop, signal);
      if (!hasClasses(profile))
        throw new RefusedCall(
          `classes: ${readable.id} tells no classes; name a heap snapshot, or a capture of heapclasses`,
        );
      const wanted = args.text('class');
      const compiled = wanted === '' ? null : compilePattern(wanted);
      const found = heldObjects(profile, typeof compiled === 'string' ? null : compiled);
      const most = args.number('rows', 25);
      return {
        said: `${found.length} ${wanted === '' ? 'classes' : 'chains of holders'} in ${readable.id}, by bytes.`,
        data: [
          `${'objects'.padStart(10)} ${'bytes'.padStart(13)}  ${wanted === '' ? 'class' : 'class ← holders'}`,
          ...found
            .slice(0, most)
            .map(
              ({ objects, bytes, chain }) =>
                `${String(objects).padStart(10)} ${String(bytes).padStart(13)}  ${chain.join(' ← ')}`,
            ),
          ...(found.length > most ? [`… and ${found.length - most} more`] : []),
        ],
        narrower: 'Use class, or fewer rows.',
        next:
          wanted === ''
            ? [next('classes', { source: readable.id, class: 'NAME' }, 'who holds the objects of one class')]
            : [next('leaks', {}, 'whether they grow: needs two or more snapshots of one process')],
      };
    },
  },
];
