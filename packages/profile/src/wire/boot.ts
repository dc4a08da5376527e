// What a page is booted with: the command, a report file or the agent's build writes it into the page, the page reads it.
import { type Counters, readCounters } from './counters.ts';
import { Fields } from './fields.ts';

/** A profile that the page opens at its start. */
interface BootSource {
  readonly name: string;
  /** When it was taken, in milliseconds since 1970; null where nobody knows. */
  readonly time: number | null;
  /** Bytes of the file that it came from. */
  readonly size: number;
}

/** A service that the page may ask again. */
export interface BootService {
  readonly name: string;
  /** Base URL of its endpoints, relative to the page. */
  readonly base: string;
  /** Whether looking at its tasks makes it stand still. */
  readonly heavy: boolean;
}

/** What goes with a report that was made in a page. */
export interface Shared {
  /** When it was made, in milliseconds since 1970. */
  readonly time: number;
  /** The view that was looked at: the fragment of its address. */
  readonly view: string;
  readonly note: string;
  /** Of the service that was watched, oldest first: a verdict rests on them too. */
  readonly counters: readonly Counters[];
}

/** What a page that was served or written with data says of itself. */
export type Boot =
  | { readonly mode: 'none' }
  | {
      readonly mode: 'server';
      readonly sources: readonly (BootSource & {
        /** Relative to the page. */
        readonly address: string;
      })[];
      /** Services that the page may ask again. */
      readonly live: readonly BootService[];
      /** Whether the server may be asked for the text of source files. */
      readonly files: boolean;
      /** Whether the server keeps saved views. */
      readonly views: boolean;
      /** Address of Graphviz's worker. */
      readonly graphviz: string;
    }
  | {
      readonly mode: 'report';
      readonly sources: readonly (BootSource & {
        /** Id of the element that holds the profile's bytes in base64. */
        readonly data: string;
      })[];
      /** Id of the element that holds Graphviz's worker; '' where there is none. */
      readonly graphviz: string;
      /** What whoever made the file from a page says with it. */
      readonly shared?: Shared;
      /** The verdict as text, which stands in the file as plain words too; absent where there is none. */
      readonly said?: string;
    }
  | { readonly mode: 'agent'; readonly name: string; readonly base: string };

const MOST_SOURCES = 10_000;
const MOST_COUNTERS = 10_000;
/** Names and addresses come from the command line and may be as long as that. */
const LONGEST_NAME = 2 ** 20;

/**
 * What stands in a page.
 *
 * @throws {WireError} `WIRE_MALFORMED`, which names the field
 */
export function readBoot(value: unknown, name = 'boot'): Boot {
  const fields = new Fields(value, name);
  const mode = fields.oneOf('mode', ['none', 'server', 'report', 'agent']);
  switch (mode) {
    case 'none':
      return { mode };
    case 'server':
      return {
        mode,
        sources: fields.list('sources', MOST_SOURCES, (one, where) => {
          const source = new Fields(one, where);
          return { ...readSource(source), address: source.text('address') };
        }),
        live: fields.list('live', MOST_SOURCES, readService),
        files: fields.boolean('files'),
        views: fields.boolean('views'),
        graphviz: fields.text('graphviz'),
      };
    case 'report':
      return {
        mode,
        sources: fields.list('sources', MOST_SOURCES, (one, where) => {
          const source = new Fields(one, where);
          return { ...readSource(source), data: source.text('data') };
        }),
        graphviz: fields.text('graphviz'),
        ...(fields.has('shared') ? { shared: readShared(fields.get('shared'), `${name}.shared`) } : {}),
        ...(fields.has('said') ? { said: fields.text('said', LONGEST_NAME) } : {}),
      };
    case 'agent':
      return { mode, name: fields.text('name'), base: fields.text('base') };
  }
}

function readShared(value: unknown, name: string): Shared {
  const shared = new Fields(value, name);
  return {
    time: shared.number('time'),
    view: shared.text('view', LONGEST_NAME),
    note: shared.text('note', LONGEST_NAME),
    counters: shared.list('counters', MOST_COUNTERS, readCounters),
  };
}

function readSource(fields: Fields): BootSource {
  return {
    name: fields.text('name', LONGEST_NAME),
    time: fields.finiteOrNull('time'),
    size: fields.number('size'),
  };
}

function readService(value: unknown, name: string): BootService {
  const service = new Fields(value, name);
  return {
    name: service.text('name', LONGEST_NAME),
    base: service.text('base'),
    heavy: service.boolean('heavy'),
  };
}
