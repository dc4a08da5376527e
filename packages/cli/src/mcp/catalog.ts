// The sources that were named at the start, and what was captured since: a call may name these, and nothing else is ever opened.
import { statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { type Profile } from '@stackpile/profile';
import { isRunning, parseSource, type RunningSpec, SourceError } from '@stackpile/sources';
import { filesBelow } from '@stackpile/sources/dumps';
import { didYouMean } from '../closest.ts';
import { quoted } from './arguments.ts';
import { RefusedCall } from './refusal.ts';

/** A source as it was named at the start. */
export type Named = { readonly id: string; readonly shown: string } & (
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'folder'; readonly path: string }
  /** `source` as it was typed, with whatever secrets stand in it. */
  | { readonly kind: 'service'; readonly source: string; readonly spec: RunningSpec }
);

/** Something that can be read into a profile at once. */
export type Readable =
  | { readonly kind: 'file'; readonly id: string; readonly path: string }
  | { readonly kind: 'capture'; readonly id: string; readonly capture: Captured };

/** A profile that a service gave, kept for later questions. */
export interface Captured {
  readonly id: string;
  /** `goroutine of s1`. */
  readonly shown: string;
  readonly profile: Profile;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Captures that are kept. */
export const MOST_CAPTURES = 8;
/** Files that a list tells one by one. */
const MOST_LISTED = 100;

function namedOf(source: string, index: number, cwd: string): Named {
  const id = `s${index + 1}`;
  const spec = parseSource(source, cwd);
  if (isRunning(spec)) return { id, kind: 'service', shown: spec.spec, source, spec };
  if (!('path' in spec))
    throw new SourceError('SOURCE_USAGE', '-: standard input belongs to the protocol; name a file instead');
  const found = statSync(spec.path, { throwIfNoEntry: false });
  if (found === undefined) throw new SourceError('SOURCE_NOT_FOUND', `${spec.spec}: no such file`);
  return { id, kind: found.isDirectory() ? 'folder' : 'file', shown: spec.spec, path: spec.path };
}

/** What may be asked about. */
export class Catalog {
  readonly #named: readonly Named[];
  readonly #captures = new Map<string, Captured>();
  #count = 0;

  /** @throws SourceError for a source that can mean nothing, and for a file that is not there */
  constructor(sources: readonly string[], cwd: string) {
    this.#named = sources.map((source, index) => namedOf(source, index, cwd));
  }

  get named(): readonly Named[] {
    return this.#named;
  }

  get captures(): readonly Captured[] {
    return [...this.#captures.values()];
  }

  /** Keeps a capture under a name of its own; the oldest goes where there are too many. */
  keep(shown: string, profile: Profile, time: number): Captured {
    const id = `c${++this.#count}`;
    const captured = { id, shown, profile, time };
    this.#captures.set(id, captured);
    const [oldest] = this.#captures.keys();
    if (oldest !== undefined && this.#captures.size > MOST_CAPTURES) this.#captures.delete(oldest);
    return captured;
  }

  /** The files of a folder as they are now, by the names that calls give them. */
  filesOf(folder: Extract<Named, { kind: 'folder' }>): ReadonlyMap<string, string> {
    const paths = filesBelow(folder.path, folder.path);
    return new Map(
      paths.map((path) => [
        `${folder.id}/${relative(folder.path, resolve(folder.path, path)).replaceAll('\\', '/')}`,
        resolve(folder.path, path),
      ]),
    );
  }

  /** What can be read at once, by name: a closed list, so that no path that a client writes is ever opened. */
  readables(): Map<string, Readable> {
    const all = new Map<string, Readable>();
    for (const one of this.#named) {
      if (one.kind === 'file') all.set(one.id, { kind: 'file', id: one.id, path: one.path });
      if (one.kind === 'folder')
        for (const [id, path] of this.filesOf(one)) all.set(id, { kind: 'file', id, path });
    }
    for (const capture of this.captures) all.set(capture.id, { kind: 'capture', id: capture.id, capture });
    return all;
  }

  /** @throws RefusedCall where the name is that of no file and no capture */
  readable(name: string): Readable {
    const named = this.#find(name);
    if (named?.kind === 'service')
      throw new RefusedCall(
        `${named.id} is a running service: take a capture of it first, and ask about that (capture {"source":"${named.id}","profile":"goroutine"})`,
      );
    const all = this.readables();
    if (named?.kind === 'folder')
      throw new RefusedCall(
        `${named.id} is a folder: name one of its files, such as ${[...all.keys()].find((id) => id.startsWith(`${named.id}/`)) ?? ''}, or ask leaks about all of them`,
      );
    const found = all.get(named?.id ?? name);
    if (found === undefined) throw this.#unknown(name, [...all.keys()]);
    return found;
  }

  /** @throws RefusedCall where the name is that of no service */
  service(name: string): Extract<Named, { kind: 'service' }> {
    const named = this.#find(name);
    if (named?.kind === 'service') return named;
    const services = this.#named.filter(({ kind }) => kind === 'service').map(({ id }) => id);
    if (named === undefined) throw this.#unknown(name, services);
    throw new RefusedCall(
      `${named.id} is no running service, so nothing can be captured of it${services.length === 0 ? '; none was named at the start' : `; ${services.join(', ')} can be asked`}`,
    );
  }

  /** A source, a file of a folder or a capture, whatever has this name; @throws RefusedCall where nothing has. */
  any(name: string): Named | Readable {
    return this.#find(name) ?? this.readable(name);
  }

  /** By its number, or as it was written at the start. */
  #find(name: string): Named | undefined {
    return this.#named.find(({ id, shown }) => id === name || shown === name);
  }

  #unknown(name: string, known: readonly string[]): RefusedCall {
    const meant = didYouMean(name, known);
    return new RefusedCall(
      `no source ${quoted(name)}; ${meant === '' ? 'only what was named at the start can be asked about (list_sources tells)' : meant}`,
    );
  }

  /** Every source in a line or more, and how many files are not told. */
  lines(): string[] {
    const lines: string[] = [];
    for (const one of this.#named) {
      if (one.kind === 'service') lines.push(`${one.id}  running service  ${one.shown}`);
      else if (one.kind === 'file') lines.push(`${one.id}  file  ${one.shown}  ${sizeOf(one.path)}`);
      else {
        const files = [...this.filesOf(one)];
        lines.push(`${one.id}  folder  ${one.shown}  ${files.length} files`);
        for (const [id, path] of files.slice(0, MOST_LISTED)) lines.push(`${id}  file  ${sizeOf(path)}`);
        if (files.length > MOST_LISTED)
          lines.push(`… and ${files.length - MOST_LISTED} more files of ${one.id}`);
      }
    }
    for (const { id, shown, time } of this.captures)
      lines.push(`${id}  capture  ${shown}  ${new Date(time).toISOString()}`);
    return lines;
  }
}

function sizeOf(path: string): string {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  return size === undefined ? 'gone' : `${size} bytes`;
}
