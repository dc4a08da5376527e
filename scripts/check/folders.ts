// Arrows between the folders of a package: which may import which, and that no way leads back.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, trackedFiles } from '../house.ts';
import { importsIn } from './imports.ts';
import { arrows } from './folder-arrows.ts';

/** An import from one part of a package to another. A part is a folder of its `src`, or a file that lies there itself. */
export interface PartImport {
  readonly room: string;
  readonly from: string;
  readonly to: string;
  /** Who imports whom, from the root of the repository. */
  readonly said: string;
}

/** Folders of a package → the folders that each may import. */
export type Arrows = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** The part of a package that a path lies in; `files` names those below folders that are parts of their own. */
function partOf(path: string, files: ReadonlySet<string>): { room: string; part: string } | null {
  const [, room, rest] = /^packages\/([^/]+)\/src\/(.+)$/.exec(path) ?? [];
  if (room === undefined || rest === undefined) return null;
  if (files.has(`${room} ${rest}`)) return { room, part: rest };
  const slash = rest.indexOf('/');
  return { room, part: slash < 0 ? rest : rest.slice(0, slash + 1) };
}

/** All imports between parts, of sources given as path and text. */
export function partImports(
  sources: readonly { readonly path: string; readonly text: string }[],
  allowed: Arrows,
): PartImport[] {
  const files = new Set(
    Object.entries(allowed).flatMap(([room, parts]) => Object.keys(parts).map((part) => `${room} ${part}`)),
  );
  const found: PartImport[] = [];
  for (const { path, text } of sources) {
    const from = partOf(path, files);
    for (const target of importsIn(path, text)) {
      const to = partOf(target, files);
      if (from === null || to === null || from.room !== to.room || from.part === to.part) continue;
      found.push({ room: from.room, from: from.part, to: to.part, said: `${path} → ${target}` });
    }
  }
  return found;
}

/** Imports between folders that the table does not allow, and arrows of the table that nobody uses. */
export function arrowFaults(imports: readonly PartImport[], allowed: Arrows): string[] {
  const unused = new Set(
    Object.entries(allowed).flatMap(([room, parts]) =>
      Object.entries(parts).flatMap(([from, targets]) => targets.map((to) => `${room}: ${from} → ${to}`)),
    ),
  );
  const faults: string[] = [];
  for (const { room, from, to, said } of imports) {
    const parts = allowed[room] ?? {};
    // Whatever lies beside the folders may import them; whom it may be imported by, the circles say.
    const isPlain = (part: string): boolean => !part.endsWith('/') && parts[part] === undefined;
    unused.delete(`${room}: ${from} → ${to}`);
    if (isPlain(from) || isPlain(to) || parts[from]?.includes(to) === true) continue;
    faults.push(`${said}: ${from} may not import ${to} (folder-arrows.ts)`);
  }
  return [
    ...faults,
    ...Array.from(unused, (arrow) => `${arrow}: nothing goes there; take it from folder-arrows.ts`),
  ];
}

/** Groups of parts from each of which every other one can be reached, by package. */
export function tiedParts(
  imports: readonly PartImport[],
): { readonly room: string; readonly parts: string[] }[] {
  const next = new Map<string, Set<string>>();
  for (const { room, from, to } of imports) {
    const key = `${room} ${from}`;
    next.set(key, (next.get(key) ?? new Set()).add(`${room} ${to}`));
  }
  const reached = (start: string): Set<string> => {
    const seen = new Set<string>();
    const todo = [start];
    for (let at = todo.pop(); at !== undefined; at = todo.pop())
      for (const to of next.get(at) ?? []) {
        if (seen.has(to)) continue;
        seen.add(to);
        todo.push(to);
      }
    return seen;
  };
  const ways = new Map(Array.from(next.keys(), (part) => [part, reached(part)]));
  const done = new Set<string>();
  const groups: { room: string; parts: string[] }[] = [];
  for (const [part, way] of ways) {
    if (done.has(part) || !way.has(part)) continue;
    const group = [...way].filter((other) => ways.get(other)?.has(part) === true).sort();
    for (const one of group) done.add(one);
    const [room = ''] = part.split(' ', 1);
    groups.push({ room, parts: group.map((one) => one.slice(room.length + 1)) });
  }
  return groups;
}

/** Parts that lead back to themselves. */
export function tieFaults(imports: readonly PartImport[]): string[] {
  return tiedParts(imports).map(({ room, parts }) => {
    const ways = imports.filter(
      (one) => one.room === room && parts.includes(one.from) && parts.includes(one.to),
    );
    return `packages/${room}: ${parts.join(', ')} import one another: ${waysOf(ways)}`;
  });
}

/** One import for each pair of parts. */
function waysOf(imports: readonly PartImport[]): string {
  const pairs = new Map(imports.map((one) => [`${one.from} ${one.to}`, one.said]));
  return [...pairs.values()].join('; ');
}

function sources(): { path: string; text: string }[] {
  return trackedFiles()
    .filter((path) => /^packages\/[^/]+\/src\/.*\.tsx?$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** What of the sources goes against the arrows between folders. */
export function folderArrowFaults(): string[] {
  return arrowFaults(partImports(sources(), arrows), arrows);
}

/** Which folders of the sources lead back to themselves. */
export function folderTieFaults(): string[] {
  return tieFaults(partImports(sources(), arrows));
}
