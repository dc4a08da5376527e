// What a SOURCE on the command line is, and what reading one gives.
import type { Profile } from '@stackpile/profile';

/** What a process is asked for where the source itself says it: `pid:1234/heap?seconds=3`. */
export interface AskedOfProcess {
  readonly profile?: string;
  /** How long it is recorded; 0 is as good as absent. */
  readonly seconds?: number;
}

/** A process whose inspector is asked. */
export type InspectorTarget = AskedOfProcess &
  (
    | { readonly kind: 'pid'; readonly pid: number }
    | { readonly kind: 'ws'; readonly url: string }
    /** An inspector's own HTTP port, as in `host:9229`. */
    | { readonly kind: 'port'; readonly host: string; readonly port: number }
  );

/** A SOURCE, taken apart but not yet opened. */
export type SourceSpec =
  | { readonly kind: 'file'; readonly spec: string; readonly path: string }
  | { readonly kind: 'stdin'; readonly spec: string }
  | { readonly kind: 'folder'; readonly spec: string; readonly path: string }
  | {
      readonly kind: 'url';
      readonly spec: string;
      /** Without user info: that is in `authorization`. */
      readonly url: URL;
      /** `Basic …` from the user info of the URL. */
      readonly authorization?: string;
      /** `https+insecure://`: the certificate is not checked. */
      readonly insecure: boolean;
    }
  | { readonly kind: 'inspector'; readonly spec: string; readonly target: InspectorTarget };

/** A source that runs: it can be asked again and again, and is a `Service`. */
export type RunningSpec = Exclude<SourceSpec, { readonly kind: 'file' | 'stdin' | 'folder' }>;

/** All dumps below a folder: a `Service` whose looks were taken before. */
export type FolderSpec = Extract<SourceSpec, { readonly kind: 'folder' }>;

/** How TLS servers are met. */
export interface TlsOptions {
  /** PEM text of the certificate authorities to trust besides the usual ones. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Accept any certificate. */
  readonly insecure?: boolean;
}

/** How sources are read. All times in seconds where the name says so, else milliseconds. */
export interface SourceOptions {
  /** `['Authorization: Bearer …', …]`, as typed after `--header`. */
  readonly headers?: readonly string[];
  /** Short for `Authorization: Bearer TOKEN`. */
  readonly token?: string;
  /** Added to the URL as `seconds=`: duration of a CPU profile, or a delta of a named one. */
  readonly seconds?: number;
  /** Limit for the whole answer in seconds; `seconds` is added to it. Default 60. */
  readonly timeout?: number;
  readonly tls?: TlsOptions;
  /** Which profile a URL without a path (or a pid) means: `profile` is CPU, as in pprof. Default `profile`. */
  readonly profile?: string;
  /** Of a heap snapshot in a series: the largest ids of earlier ones of the same process, oldest first. */
  readonly looks?: readonly number[];
  /** Milliseconds between two dumps of a folder that do not say when they were taken. */
  readonly interval?: number;
  /** Collect a Go process's garbage now and then (`heap?gc=1`), so that `heapLive` of its counters is known. Default false. */
  readonly collect?: boolean;
  /** Follow no redirection to another host or port: for whoever promised to ask nobody else. Default false. */
  readonly sameHost?: boolean;
  /** Keep the order in time of profiles that have one, for whoever draws it. */
  readonly times?: boolean;
  /** Bytes that one answer or file may have, packed. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Bytes that a profile of an address may have unpacked. Default: a hundred times what came, at least 64 MiB. */
  readonly maxUnpacked?: number;
  readonly signal?: AbortSignal;
  /** Called with one line of progress for whatever takes long. */
  readonly onProgress?: (line: string) => void;
  /** Base of relative file names; default the process's working directory. */
  readonly cwd?: string;
  /** Standard input, for `-`; default the process's. */
  readonly stdin?: AsyncIterable<Uint8Array | string>;
}

/** A SOURCE that was read. */
export interface LoadedSource {
  /** As the user wrote it; an address without its secrets. */
  readonly spec: string;
  /** For messages: the path, or the URL without secrets. */
  readonly name: string;
  readonly profile: Profile;
  /** The bytes as they came, packed or not; null where there were none (an inspector). */
  readonly bytes: Uint8Array | null;
  /** Came over a network or from another process: worth saving a copy. */
  readonly remote: boolean;
  /** When the profile was taken, milliseconds since 1970: what the profile says, else when a remote one was fetched, else null. */
  readonly time: number | null;
}
