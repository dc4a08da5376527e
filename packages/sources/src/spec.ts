// Takes a SOURCE apart: a file, standard input, an address, or a process.
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { monitorAddress } from './monitor-address.ts';
import { shownSource } from './shown.ts';
import { SourceError } from './errors.ts';
import { socketUrl } from './socket-address.ts';
import type { AskedOfProcess, FolderSpec, RunningSpec, SourceSpec } from './options.ts';

/** What the inspector of Node says to every request that it does not know, and to every name that it does not go by. */
export const INSPECTOR_REFUSAL = 'WebSockets request was expected';

/** What can be had from a process that has no agent. */
export const PROCESS_PROFILES: readonly string[] = [
  'goroutine',
  'tasks',
  'profile',
  'cpu',
  'heap',
  'allocs',
  'heapclasses',
  'heapsnapshot',
];

/** The sentence for a profile that a process without an agent does not have. */
export function noSuchProfile(spec: string, profile: string): SourceError {
  return new SourceError(
    'SOURCE_USAGE',
    `${spec}: a process without an agent has no profile ${profile}, only goroutine, profile, heap, heapclasses and heapsnapshot`,
  );
}

/** Ports that Node's inspector takes by default, and the next ones that `--inspect` scripts use. */
const inspectorPort = /^([\w.-]+|\[[\da-f:]+\]):(92(?:29|3\d))(?:\/([a-z]+))?$/iu;
const scheme = /^([a-z][a-z\d+.-]*):\/\//iu;
/** `http:/host`: a scheme that is known, without its two slashes; `http:6060` is a host of that name. */
const halfAddress = /^(https?|https\+insecure|wss?|file):(?!\d+(?:[/?]|$))/iu;
/** `host:6060`, `host:6060/debug/pprof/heap`, `localhost/…`, `[::1]:6060`. */
const bareAddress =
  /^(?:localhost|[\w-]+(?:\.[\w-]+)*|\[[\da-f:]+\])(?::\d{1,5})(?:[/?]|$)|^localhost(?:\/|$)/iu;
const barePort = /^:\d{1,5}(?:[/?]|$)/u;
const bareEndpoint = /^[\w-]+(?:\.[\w-]+)+\/(?:.*\/)?debug\/pprof(?:\/|$|\?)/iu;

/** Whether a source is meant to be a process: then it is never an address of the web. */
export function namesProcess(spec: string): boolean {
  return /^pid:/iu.test(spec);
}

/** Whether a source can be asked again and again, as a running service. */
export function isRunning(spec: SourceSpec): spec is RunningSpec {
  return spec.kind !== 'file' && spec.kind !== 'stdin' && spec.kind !== 'folder';
}

/** Whether a source stands for all dumps below it. */
export function holdsDumps(spec: SourceSpec): spec is FolderSpec {
  return spec.kind === 'folder';
}

/** Whether a folder is there. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    // Whoever reads it says why it cannot be.
    return false;
  }
}

/** A name below `cwd`, whether there is anything of that name or not. */
function fileSpec(spec: string, path: string): SourceSpec {
  return { kind: isFolder(path) ? 'folder' : 'file', spec, path };
}

/** The source of an address; user info becomes a header. Throws SourceError `SOURCE_USAGE`. */
export function urlSpec(spec: string, text: string, insecure: boolean): Extract<SourceSpec, { kind: 'url' }> {
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw new SourceError('SOURCE_USAGE', `${spec}: not a valid address`, { cause: error });
  }
  const { username, password } = url;
  url.username = '';
  url.password = '';
  url.hash = '';
  const user = (part: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  return {
    kind: 'url',
    spec,
    url,
    insecure,
    ...(username === '' && password === ''
      ? {}
      : { authorization: `Basic ${Buffer.from(`${user(username)}:${user(password)}`).toString('base64')}` }),
  };
}

/** What `/heap?seconds=3` behind a process or an inspector asks for. Seconds that are no number, or too many, are not there. */
export function askedOfProcess(profile: string, seconds: string | null): AskedOfProcess {
  return {
    ...(profile === '' ? {} : { profile }),
    ...(seconds === null || !/^\d{1,6}$/u.test(seconds) ? {} : { seconds: Number(seconds) }),
  };
}

/** The source `pid:` with `asked` behind it. Throws SourceError `SOURCE_USAGE`. */
function processSpec(spec: string, asked: string): SourceSpec {
  const [, number, profile = '', query] = /^([1-9]\d{0,9})(?:\/([a-z]+))?(?:\?(.*))?$/u.exec(asked) ?? [];
  if (number === undefined)
    throw new SourceError('SOURCE_USAGE', `${spec}: pid: wants a process number, as in pid:1234`);
  if (profile !== '' && !PROCESS_PROFILES.includes(profile)) throw noSuchProfile(spec, profile);
  const seconds = query === undefined ? null : (/^seconds=(\d{1,6})$/u.exec(query)?.[1] ?? '');
  if (seconds === '')
    throw new SourceError('SOURCE_USAGE', `${spec}: a process takes ?seconds=3 and no other parameter`);
  const target = { kind: 'pid', pid: Number(number), ...askedOfProcess(profile, seconds) } as const;
  return { kind: 'inspector', spec, target };
}

/**
 * What `source` means, without opening it. An existing file wins over everything but an address with `://`.
 *
 * @throws SourceError `SOURCE_USAGE` where it can mean nothing.
 */
export function parseSource(source: string, cwd: string): SourceSpec {
  // `:6060` is a port of this machine, as for Go.
  const typed = barePort.test(source) && !existsSync(resolve(cwd, source)) ? `localhost${source}` : source;
  if (typed === '') throw new SourceError('SOURCE_USAGE', 'an empty name is no source');
  if (typed === '-') return { kind: 'stdin', spec: typed };
  /** For messages, and for whoever shows where a profile comes from. */
  const spec = shownSource(typed);
  const named = scheme.exec(typed)?.[1]?.toLowerCase();
  if (named === 'http' || named === 'https') return urlSpec(spec, typed, false);
  if (named === 'https+insecure') return urlSpec(spec, `https${typed.slice('https+insecure'.length)}`, true);
  if (named === 'monitor')
    return urlSpec(spec, monitorAddress(typed.slice('monitor://'.length), spec), false);
  if (named === 'ws' || named === 'wss')
    return { kind: 'inspector', spec, target: { kind: 'ws', url: typed } };
  if (named === 'file') {
    try {
      return fileSpec(spec, decodeURIComponent(new URL(typed).pathname));
    } catch (error) {
      throw new SourceError('SOURCE_USAGE', `${spec}: not a valid address`, { cause: error });
    }
  }
  const path = resolve(cwd, typed);
  if (existsSync(path)) return fileSpec(typed, path);
  if (named === 'pid') throw new SourceError('SOURCE_USAGE', `${spec}: write it as pid:1234, without //`);
  if (named !== undefined) throw new SourceError('SOURCE_USAGE', `${spec}: ${named}:// is no kind of source`);
  const pid = /^pid:(.*)$/iu.exec(typed)?.[1];
  if (pid !== undefined) return processSpec(spec, pid);
  const socket = socketUrl(typed, cwd);
  if (socket !== null) return { kind: 'url', spec, url: socket, insecure: false };
  const half = halfAddress.exec(typed)?.[1];
  if (half !== undefined)
    throw new SourceError('SOURCE_USAGE', `${spec}: an address begins with ${half.toLowerCase()}://`);
  const inspector = inspectorPort.exec(typed);
  if (inspector !== null) {
    const [, host = '', port = '', profile = ''] = inspector;
    const target = { kind: 'port', host, port: Number(port), ...askedOfProcess(profile, null) } as const;
    return { kind: 'inspector', spec, target };
  }
  if (bareAddress.test(typed) || bareEndpoint.test(typed)) return urlSpec(spec, `http://${typed}`, false);
  return { kind: 'file', spec, path };
}
