// Reads one source of the command line: a file, standard input, an address, a process.
// Upstream: google/pprof internal/driver/fetch.go, 2025-11-14
import { rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { passedOver, type Profile, ProfileError, readProfile, RegularFileError } from '@stackpile/profile';
import {
  inflate,
  INSPECTOR_REFUSAL,
  MOST_PEM_BYTES,
  isRunning,
  namesProcess,
  parseSource,
  readPieces,
  readTypedFile,
  shownSource,
  SourceError,
  type SourceOptions,
  systemReason,
  type TlsOptions,
  typedChunks,
} from '@stackpile/sources';
import { takeAhead } from '@stackpile/sources/ahead';
import type { HttpAnswer } from '@stackpile/sources/get';
import type { CliIo } from '../io.ts';
import type { Invocation, NetworkFlags } from './command-line.ts';
import { DriverError } from './errors.ts';
import { fileHead } from './files.ts';
import { type RemoteSource, remoteSource } from './go-url.ts';

/** A source that was read. */
export interface Fetched {
  readonly profile: Profile;
  /** Its URL, '' where it was local. */
  readonly url: string;
}

/** What answers at an address is the inspector of a process: it is read as such. */
class InspectorThere extends DriverError {
  constructor() {
    super('the inspector of a process answers there');
  }
}

/** Takes a line for stderr. */
export type Warn = (line: string) => void;

/** Does a file that begins like this come from `perf record`? */
function isPerfData(head: Buffer): boolean {
  return head.toString('latin1', 0, 8) === 'PERFILE2';
}

/** Files of this many bytes may be heap snapshots that no buffer holds once they are unpacked. */
const STREAMED_FROM = 32 << 20;

/** More bytes no buffer of Node's takes from one file. */
const MOST_BYTES = 2 ** 31 - 1;

/** What is said of a profile that cannot be read or merged: pprof's own words where it has any. */
export function profileMessage(error: ProfileError): string {
  return error.pprofMessage ?? error.message;
}

/** Seconds that fetching may take: what was asked for, or half as long again as the profile takes, or a minute. */
function patience(remote: RemoteSource, network: NetworkFlags): number {
  if (network.timeout > 0) return network.timeout;
  if (remote.seconds > 0) return remote.seconds * 1.5;
  // A process that writes all of its heap answers when it is done.
  return /\/heap(?:snapshot|classes)\b/u.test(remote.url.pathname) ? 600 : 60;
}

/** A duration as Go prints it: `30s`, `1m30s`. */
function goSeconds(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = seconds % 60;
  if (hours > 0) return `${hours}h${minutes}m${rest}s`;
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`;
}

/** Reads sources with the options of one command line. */
export class Fetcher {
  readonly #io: CliIo;
  readonly #network: NetworkFlags;
  readonly #warn: Warn;
  readonly #named: boolean;
  #tls: Promise<TlsOptions> | undefined;

  constructor(io: CliIo, invocation: Invocation, warn: Warn) {
    this.#io = io;
    this.#network = invocation.network;
    this.#named = invocation.named;
    this.#warn = warn;
  }

  /** Reads one source; throws {@link DriverError} with the reason. */
  async fetch(source: string): Promise<Fetched> {
    const path = resolve(this.#io.cwd, source);
    let problem = '';
    try {
      statSync(path);
    } catch (error) {
      problem = `stat ${shownSource(source)}: ${systemReason(error)}`;
    }
    if (problem === '') {
      const snapshot = await this.#snapshot(path);
      if (snapshot !== null) return { profile: snapshot, url: '' };
      const pipe = await typedChunks(path);
      if (pipe !== null) return { profile: await this.#pipe(pipe, source), url: '' };
      return { profile: await this.#read(await this.#file(path, source), source), url: '' };
    }
    if (source === '-') return { profile: await this.#pipe(this.#io.stdin, source), url: '' };
    if (this.#isOurs(source)) return { profile: await this.#loaded(source), url: '' };
    const remote = remoteSource(source, this.#network.seconds);
    if (remote === undefined) throw new DriverError(problem);
    try {
      return { profile: await this.#remote(remote, source), url: addressOf(remote) };
    } catch (error) {
      if (error instanceof InspectorThere) return { profile: await this.#loaded(source), url: '' };
      throw error;
    }
  }

  /** Heap snapshots may be larger than any buffer; null for every other file, and for one that fits and is called otherwise. */
  async #snapshot(path: string): Promise<Profile | null> {
    // Read as a stream they are read with the texts of their scripts, too.
    if (!/\.heapsnapshot(?:\.gz)?$/iu.test(path) && statSync(path).size < STREAMED_FROM) return null;
    const { readSnapshotFile } = await import('@stackpile/sources/snapshot-file');
    return asDriver(() => readSnapshotFile(path));
  }

  async #read(bytes: Uint8Array, source: string): Promise<Profile> {
    try {
      const profile = await readProfile(bytes, {
        inflate,
        goTexts: this.#named ? 'named' : 'as-pprof',
      });
      for (const sentence of passedOver(profile)) this.#warn(`${shownSource(source)}: ${sentence}`);
      return profile;
    } catch (error) {
      if (error instanceof ProfileError) throw new DriverError(this.#told(error), { cause: error });
      if (error instanceof RangeError) {
        throw new DriverError(`${basename(source)} is too large for the memory there is`, { cause: error });
      }
      throw error;
    }
  }

  /**
   * What pprof says; then our own sentence, where it says what the file is instead, or, on a terminal, what is wrong and at
   * which byte.
   */
  #told(error: ProfileError): string {
    const said = profileMessage(error);
    const more = said !== error.message && (error.isForeign || this.#io.isTTY.stderr);
    return more ? `${said}\n${error.message}` : said;
  }

  async #file(path: string, source: string): Promise<Uint8Array> {
    try {
      const ahead = await takeAhead(path);
      const head = ahead ?? (statSync(path).isFile() ? fileHead(path, 8) : null);
      if (head !== null && isPerfData(head)) return await this.#convertPerf(path, source);
      return ahead ?? (await readTypedFile(path, MOST_BYTES));
    } catch (error) {
      if (error instanceof DriverError) throw error;
      const call = error instanceof RegularFileError ? 'read' : 'open';
      const hint = error instanceof RegularFileError && error.directory ? folderHint(path) : '';
      throw new DriverError(`${call} ${source}: ${systemReason(error)}${hint}`, { cause: error });
    }
  }

  /** What a pipe gives: a heap snapshot is read as it comes. */
  async #pipe(chunks: AsyncIterable<Uint8Array>, source: string): Promise<Profile> {
    const tooMany = (): Error =>
      new DriverError(`${shownSource(source)} is too large for the memory there is`);
    const taken = await asDriver(() => readPieces(chunks, { mostBytes: MOST_BYTES, tooMany }));
    return taken.kind === 'snapshot' ? taken.profile : this.#read(taken.bytes, source);
  }

  async #convertPerf(path: string, source: string): Promise<Uint8Array> {
    this.#say(`Converting ${source} to a profile.proto... (May take a few minutes)`);
    const output = join(tmpdir(), `pprof_${process.pid}_${Math.floor(Math.random() * 1e9)}.pb.gz`);
    try {
      const result = await this.#io.run('perf_to_profile', ['-i', path, '-o', output, '-f']);
      if (result.kind === 'missing' || result.code !== 0) {
        const why =
          result.kind === 'missing'
            ? 'exec: "perf_to_profile": executable file not found in $PATH'
            : `exit status ${result.code}`;
        throw new DriverError(
          `failed to convert perf.data file. Try github.com/google/perf_data_converter: ${why}`,
        );
      }
      return await readTypedFile(output, MOST_BYTES);
    } finally {
      rmSync(output, { force: true });
    }
  }

  /** Whether a source is a kind that pprof does not know: not a file, and no address of the web. */
  #isOurs(source: string): boolean {
    try {
      const spec = parseSource(source, this.#io.cwd);
      return isRunning(spec) && (spec.kind !== 'url' || /^(?:unix|monitor):/u.test(source));
    } catch (error) {
      if (error instanceof SourceError && namesProcess(source))
        throw new DriverError(withoutName(error.message, source), { cause: error });
      return false;
    }
  }

  async #loaded(source: string): Promise<Profile> {
    const { loadSource } = await import('@stackpile/sources/load');
    try {
      const { profile } = await loadSource(source, await this.#options());
      return profile;
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      throw new DriverError(withoutName(error.message, shownSource(source)), { cause: error });
    }
  }

  async #remote(remote: RemoteSource, source: string): Promise<Profile> {
    this.#say(`Fetching profile over HTTP from ${remote.text}`);
    if (this.#network.seconds > 0) this.#say(`Please wait... (${goSeconds(this.#network.seconds)})`);
    const { body, snapshot } = await this.#request(remote);
    return snapshot ?? this.#read(body, source);
  }

  /** A message that is no warning. */
  #say(text: string): void {
    this.#io.stderr.write(`${text}\n`);
  }

  async #request(remote: RemoteSource, body?: string): Promise<HttpAnswer> {
    const { scheme } = remote;
    const what = `${body === undefined ? 'Get' : 'Post'} "${remote.requested}"`;
    if (scheme !== 'https+insecure' && scheme !== 'http' && scheme !== 'https') {
      throw new DriverError(`${what}: unsupported protocol scheme "${scheme}"`);
    }
    const address = new URL(remote.url);
    const credentials =
      address.username === '' && address.password === ''
        ? undefined
        : `Basic ${Buffer.from(`${decoded(address.username)}:${decoded(address.password)}`).toString('base64')}`;
    address.username = '';
    address.password = '';
    // Node's HTTP takes longer to load than most profiles take to report.
    const { get } = await import('@stackpile/sources/get');
    try {
      const answer = await get({
        url: address,
        insecure: scheme === 'https+insecure',
        authorization: credentials,
        options: await this.#options(body === undefined ? [] : ['Content-Type: application/octet-stream']),
        timeout: (patience(remote, this.#network) + 5) * 1000,
        within: 'headers',
        snapshots: true,
        ...(body === undefined ? {} : { method: 'POST' as const, body: Buffer.from(body) }),
      });
      if (answer.status !== 200) {
        if (Buffer.from(answer.body).includes(INSPECTOR_REFUSAL)) throw new InspectorThere();
        const type = String(answer.headers['content-type'] ?? '');
        const explained = answer.headers['x-go-pprof'] !== undefined && type.includes('text/plain');
        const text = explained ? ` - ${Buffer.from(answer.body).toString('utf8')}` : '';
        throw new DriverError(`server response: ${answer.status} ${answer.statusText}${text}`);
      }
      return answer;
    } catch (error) {
      if (error instanceof ProfileError) throw new DriverError(error.message, { cause: error });
      if (!(error instanceof SourceError)) throw error;
      if (error.detail === 'incomplete') throw new DriverError('unexpected EOF', { cause: error });
      if (error.detail === 'redirects') {
        throw new DriverError(`Get "${remote.url.pathname}": stopped after 10 redirects`, { cause: error });
      }
      throw new DriverError(`${what}: ${connectionProblem(error, remote.requested)}`, { cause: error });
    }
  }

  /** Asks a symbol server. */
  readonly post = async (url: string, body: string): Promise<string> => {
    const remote = remoteSource(url, 0);
    if (remote === undefined) throw new DriverError(`http post ${shownSource(url)}: not an address`);
    try {
      return Buffer.from((await this.#request(remote, body)).body).toString('utf8');
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      throw new DriverError(`http post ${remote.text}: ${error.message}`, { cause: error });
    }
  };

  async #options(extraHeaders: readonly string[] = []): Promise<SourceOptions> {
    const { headers, token, seconds } = this.#network;
    return {
      headers: [...extraHeaders, ...headers],
      ...(token === '' ? {} : { token }),
      ...(seconds > 0 ? { seconds } : {}),
      tls: await this.#tlsFiles(),
      cwd: this.#io.cwd,
      onProgress: this.#warn,
    };
  }

  /** Read once, however many sources there are: a pipe gives its bytes only once. */
  #tlsFiles(): Promise<TlsOptions> {
    this.#tls ??= this.#readTlsFiles();
    return this.#tls;
  }

  async #readTlsFiles(): Promise<TlsOptions> {
    const { tlsCa, tlsCert, tlsKey } = this.#network;
    const read = async (file: string): Promise<string> => {
      try {
        return Buffer.from(await readTypedFile(resolve(this.#io.cwd, file), MOST_PEM_BYTES)).toString();
      } catch (error) {
        throw new DriverError(`could not load ${file}: ${systemReason(error)}`, { cause: error });
      }
    };
    if ((tlsCert === '') !== (tlsKey === '')) {
      throw new DriverError(
        tlsCert === ''
          ? 'tls_key is specified, so must also specify tls_cert'
          : 'tls_cert is specified, so must also specify tls_key',
      );
    }
    return {
      ...(tlsCa === '' ? {} : { ca: await read(tlsCa) }),
      ...(tlsCert === '' ? {} : { cert: await read(tlsCert), key: await read(tlsKey) }),
    };
  }
}

/** What is wrong with a heap snapshot, in its own words. */
async function asDriver<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ProfileError) throw new DriverError(error.message, { cause: error });
    throw error;
  }
}

/** What a folder may be, on a line of its own; '' for any other. */
function folderHint(path: string): string {
  return path.endsWith('.trace')
    ? '\nunrecognized: a trace of Instruments is a folder that only Instruments reads: record with samply, or with xctrace and a converter'
    : '';
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a source with the scheme that it was written with, for asking its symbol server. */
function addressOf({ scheme, url }: RemoteSource): string {
  return `${scheme}:${url.href.slice(url.protocol.length)}`;
}

function withoutName(message: string, name: string): string {
  return message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;
}

/** Why a request failed: a refused connection in Go's words, else the reason in the sentence that begins with the URL. */
function connectionProblem(error: SourceError, requested: string): string {
  const { cause } = error;
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  const { code, address, port, hostname } = (first ?? {}) as {
    code?: string;
    address?: string;
    port?: number;
    hostname?: string;
  };
  if (error.detail === 'not-tls') return 'http: server gave HTTP response to HTTPS client';
  if (error.code === 'SOURCE_TIMEOUT') return 'net/http: timeout awaiting response headers';
  if (code === 'ENOTFOUND' && hostname !== undefined) return `dial tcp: lookup ${hostname}: no such host`;
  if (code === 'ECONNREFUSED' && address !== undefined && port !== undefined) {
    // Go says the host as it was written: none is this machine.
    const host = /^[a-z]+:\/\/:/u.test(requested) ? '' : address.includes(':') ? `[${address}]` : address;
    return `dial tcp ${host}:${port}: connect: connection refused`;
  }
  return error.message.replace(/^[a-z+]+:\/\/\S*: /, '');
}
