// What a report may ask of the outside world: the time zone, sources, the terminal.
import type { OriginOptions } from '@stackpile/profile';

/** What is known of the terminal that a report goes to. */
export interface Terminal {
  /** Width in cells; 0 where it is not known. */
  readonly columns: number;
  /** Cells that a text takes: scripts of East Asia and emoji are wide, marks take none. */
  readonly width: (text: string) => number;
  readonly color: boolean;
}

/** Offset and abbreviation of local time at one moment: `{ offsetSeconds: 3600, abbreviation: 'CET' }`. */
export interface ZoneTime {
  readonly offsetSeconds: number;
  readonly abbreviation: string;
}
/** Local time zone: what holds at `unixSeconds`. */
export type TimeZone = (unixSeconds: number) => ZoneTime;

/** What a file read gave: its bytes, or the reason why not, as the system words it (`no such file or directory`). */
export type FileContent = { readonly bytes: Uint8Array } | { readonly error: string };

/** Where Go keeps sources on this machine. */
export interface GoFolders {
  /** GOROOT; '' where there is none. */
  readonly root: string;
  /** GOMODCACHE, and what else may be one. */
  readonly moduleCaches: readonly string[];
}

/** Where `list`, `weblist` and `disasm` look for files. */
export interface SourceFiles {
  /** Absolute path with which relative search starts. */
  readonly workingDirectory: string;
  /** A folder has no bytes. */
  read(path: string): FileContent;
  /** Where sources of Go are looked for that do not lie where pprof looks; asked for when one is missing. */
  go?(): GoFolders;
  /** Why a file is no binary that could be opened; undefined where it is one. Absent where nobody can tell. */
  binaryProblem?(path: string): string | undefined;
}

/** What a report may ask of the outside world; all of it optional. */
export interface ReportContext {
  /** Zone of the times in headers; UTC where absent. */
  readonly timeZone?: TimeZone;
  readonly sources?: SourceFiles;
  /** The terminal that the text goes to; absent for pipes and files, whose bytes are pprof's. */
  readonly terminal?: Terminal;
  /** Whose code is whose, for `mine` and `hide_libs`, where the rules would say something else. */
  readonly origin?: OriginOptions;
}
