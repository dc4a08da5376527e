// From sources to the one profile that reports are made of: read, merged, subtracted, symbolized, cut, saved.
// Upstream: google/pprof internal/driver/fetch.go, 2025-11-14
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import {
  diffProfiles,
  dropFrames,
  mergeProfiles,
  type Profile,
  ProfileError,
  readProfile,
  RegularFileError,
} from '@stackpile/profile';
import { baseName, compilePattern } from '@stackpile/report';
import type { CliIo } from '../io.ts';
import type { HttpAnswer } from '../sources/http.ts';
import { takeAhead } from '../sources/ahead.ts';
import { inflate } from '../sources/inflate.ts';
import { shownSource } from '../sources/shown.ts';
import { SourceError, type SourceOptions, type TlsOptions } from '../sources/source.ts';
import { INSPECTOR_REFUSAL, namesProcess, parseSource } from '../sources/spec.ts';
import { MOST_PEM_BYTES, readTypedFile } from '../sources/typed-file.ts';
import { binaryProblem, openBinary } from './binary.ts';
import type { Invocation, NetworkFlags } from './command-line.ts';
import { mappingRows, withMappings, withSomeMapping } from './edit.ts';
import { DriverError } from './errors.ts';
import { fileHead, makeFolders, systemReason } from './files.ts';
import { isAbsoluteUrl, type RemoteSource, remoteSource } from './go-url.ts';
import { gzipGo } from './gzip.ts';
import { hasNames, type MappingSources, symbolize } from './symbolize.ts';

/** A source that was read. */
interface Fetched {
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

type Warn = (line: string) => void;

/** Does a file that begins like this come from `perf record`? */
function isPerfData(head: Buffer): boolean {
  return head.toString('latin1', 0, 8) === 'PERFILE2';
}

/** Files of this many bytes may be heap snapshots that no buffer holds once they are unpacked. */
const STREAMED_FROM = 32 << 20;

/** More bytes no buffer of Node's takes from one file. */
const MOST_BYTES = 2 ** 31 - 1;

/** What is said of a profile that cannot be read or merged: pprof's own words where it has any. */
function profileMessage(error: ProfileError): string {
  return error.pprofMessage ?? error.message;
}

/** Seconds that fetching may take: what was asked for, or half as long again as the profile takes, or a minute. */
function patience(remote: RemoteSource, network: NetworkFlags): number {
  if (network.timeout > 0) return network.timeout;
  return remote.seconds > 0 ? remote.seconds * 1.5 : 60;
}

/** A duration as Go prints it: `30s`, `1m30s`. */
function goSeconds(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = seconds % 60;
  if (hours > 0) return `${hours}h${minutes}m${rest}s`;
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`;
}

class Fetcher {
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
      return { profile: snapshot ?? (await this.#read(await this.#file(path, source), source)), url: '' };
    }
    if (source === '-') return { profile: await this.#read(await this.#stdin(), source), url: '' };
    if (this.#isProcess(source)) return { profile: await this.#process(source), url: '' };
    const remote = remoteSource(source, this.#network.seconds);
    if (remote === undefined) throw new DriverError(problem);
    try {
      return { profile: await this.#remote(remote, source), url: addressOf(remote) };
    } catch (error) {
      if (error instanceof InspectorThere) return { profile: await this.#process(source), url: '' };
      throw error;
    }
  }

  /** Heap snapshots may be larger than any buffer; null for every other file, and for one that fits. */
  async #snapshot(path: string): Promise<Profile | null> {
    const { size } = statSync(path);
    if (size < STREAMED_FROM) return null;
    const { readSnapshotFile } = await import('../sources/snapshot-file.ts');
    try {
      return await readSnapshotFile(path);
    } catch (error) {
      if (error instanceof ProfileError) throw new DriverError(error.message, { cause: error });
      throw error;
    }
  }

  async #read(bytes: Uint8Array, source: string): Promise<Profile> {
    try {
      const profile = await readProfile(bytes, {
        inflate,
        goTexts: this.#named ? 'named' : 'as-pprof',
      });
      return profile;
    } catch (error) {
      if (error instanceof ProfileError) throw new DriverError(this.#told(error), { cause: error });
      if (error instanceof RangeError) {
        throw new DriverError(`${basename(source)} is too large for the memory there is`, { cause: error });
      }
      throw error;
    }
  }

  /** What pprof says; on a terminal, our own sentence too, which says what is wrong and at which byte. */
  #told(error: ProfileError): string {
    const said = profileMessage(error);
    return this.#io.isTTY.stderr && said !== error.message ? `${said}\n${error.message}` : said;
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
      throw new DriverError(`${call} ${source}: ${systemReason(error)}`, { cause: error });
    }
  }

  async #stdin(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#io.stdin) chunks.push(chunk);
    return Buffer.concat(chunks);
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

  #isProcess(source: string): boolean {
    try {
      return parseSource(source, this.#io.cwd).kind === 'inspector';
    } catch (error) {
      if (error instanceof SourceError && namesProcess(source))
        throw new DriverError(withoutName(error.message, source), { cause: error });
      return false;
    }
  }

  async #process(source: string): Promise<Profile> {
    const { loadSource } = await import('../sources/load.ts');
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
    return this.#read((await this.#request(remote)).body, source);
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
    const { get } = await import('../sources/http.ts');
    try {
      const answer = await get({
        url: address,
        insecure: scheme === 'https+insecure',
        authorization: credentials,
        options: await this.#options(body === undefined ? [] : ['Content-Type: application/octet-stream']),
        timeout: (patience(remote, this.#network) + 5) * 1000,
        within: 'headers',
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

/** Binaries for the mappings of a profile, and what the command line says about its main binary. */
function locateBinaries(profile: Profile, invocation: Invocation, io: CliIo, warn: Warn): Profile {
  const configured = io.env['PPROF_BINARY_PATH'] ?? '';
  const home = io.env[process.platform === 'win32' ? 'USERPROFILE' : 'HOME'] ?? '';
  const folders =
    configured === ''
      ? [join(home, 'pprof', 'binaries')]
      : configured.split(process.platform === 'win32' ? ';' : ':');
  const rows = mappingRows(profile);
  for (const mapping of rows) {
    const { filename, buildId } = mapping;
    search: for (const folder of folders) {
      for (const name of binaryCandidates(folder, filename, buildId, io.cwd)) {
        if (binaryProblem(io.cwd, name) !== undefined) continue;
        if (buildId === '') {
          mapping.filename = name;
          break search;
        }
        // Build ids are not read out of binaries.
        warn(`Ignoring local file ${name}: build-id mismatch (${buildId} != )`);
      }
    }
  }
  const complete = withSomeMapping(withMappings(profile, rows));
  if (invocation.binary === '' && invocation.buildId === '') return complete;
  const [main, ...others] = mappingRows(complete);
  if (main === undefined) return complete;
  if (invocation.binary !== '') main.filename = invocation.binary;
  if (main.buildId === '') main.buildId = invocation.buildId;
  return withMappings(complete, [main, ...others]);
}

/** Where under `folder` a binary may lie, in the order in which pprof looks. */
function binaryCandidates(folder: string, filename: string, buildId: string, cwd: string): string[] {
  const name = filename === '' ? '' : baseName(filename);
  const candidates: string[] = [];
  if (buildId !== '') {
    candidates.push(join(folder, buildId, name));
    try {
      for (const entry of readdirSync(resolve(cwd, folder, buildId)).sort())
        candidates.push(join(folder, buildId, entry));
    } catch {
      // No folder of that name.
    }
    candidates.push(
      join(folder, filename, buildId),
      join(folder, buildId.slice(0, 2), `${buildId.slice(2)}.debug`),
    );
  }
  if (filename !== '') {
    const parent = dirname(filename);
    candidates.push(
      join(folder, name),
      join(folder, filename),
      join(folder, `${filename}.debug`),
      join(folder, parent, '.debug', `${name}.debug`),
      join(folder, 'usr', 'lib', 'debug', parent, `${name}.debug`),
    );
  }
  return candidates;
}

/** Reads all sources of one kind; what fails is said, what works is returned. */
async function fetchAll(
  sources: readonly string[],
  fetcher: Fetcher,
  finish: (profile: Profile) => Profile,
): Promise<{ fetched: Fetched[]; problems: string[] }> {
  // As many as pprof has under way at once; order stays that of the command line.
  const group = 128;
  const fetched: Fetched[] = [];
  const problems: string[] = [];
  for (let start = 0; start < sources.length; start += group) {
    const results = await Promise.allSettled(
      sources.slice(start, start + group).map((source) => fetcher.fetch(source)),
    );
    for (const [i, result] of results.entries()) {
      if (result.status === 'fulfilled') {
        fetched.push({ ...result.value, profile: finish(result.value.profile) });
      } else if (result.reason instanceof DriverError) {
        problems.push(`${shownSource(sources[start + i] ?? '')}: ${result.reason.message}`);
      } else throw result.reason;
    }
  }
  return { fetched, problems };
}

/** Where the mappings of remote profiles come from; one without any name is named after its source for a while. */
function mappingSources(fetched: readonly Fetched[]): { sources: MappingSources; profiles: Profile[] } {
  const sources = new Map<string, [string, bigint][]>();
  const profiles = fetched.map(({ profile, url }) => {
    if (url === '') return profile;
    const rows = mappingRows(profile);
    for (const mapping of rows) {
      let key = mapping.buildId === '' ? mapping.filename : mapping.buildId;
      if (key === '') {
        mapping.filename = url;
        key = url;
      }
      const known = sources.get(key) ?? [];
      sources.set(key, [...known, [url, profile.mappings.start[mapping.row] as bigint]]);
    }
    return withMappings(profile, rows);
  });
  return { sources, profiles };
}

/** Takes the names of sources off the mappings again, and with them every name that is a URL. */
function withoutSourceNames(profile: Profile): Profile {
  const rows = mappingRows(profile);
  for (const mapping of rows) {
    if (mapping.buildId === '' && isAbsoluteUrl(mapping.filename)) mapping.filename = '';
  }
  return withMappings(profile, rows);
}

/** Saves a copy of what came over the network; failing to do so is only said. */
function saveCopy(profile: Profile, io: CliIo, warn: Warn): void {
  const configured = io.env['PPROF_TMPDIR'] ?? '';
  const home = io.env[process.platform === 'win32' ? 'USERPROFILE' : 'HOME'] ?? '';
  const folders = [
    ...(configured === '' ? [] : [configured]),
    ...(home === '' ? [] : [join(home, 'pprof')]),
    tmpdir(),
  ];
  for (const folder of folders) {
    try {
      makeFolders(io.cwd, folder);
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      warn(`Could not use temp dir ${folder}: ${error.message}`);
      continue;
    }
    const [main] = mappingRows(profile);
    const parts = [
      ...(main === undefined || main.filename === '' ? [] : [baseName(main.filename)]),
      ...profile.sampleTypes.map((t) => t.type),
    ];
    try {
      const path = writeNumbered(
        io.cwd,
        folder,
        `pprof.${parts.map((part) => `${part}.`).join('')}`,
        '.pb.gz',
        gzipGo(profile),
      );
      warn(`Saved profile in ${path}`);
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      warn(`Could not save profile: ${error.message}`);
    }
    return;
  }
  throw new DriverError('failed to identify temp dir');
}

/**
 * Writes a new file `PREFIX001SUFFIX`, or the next number that is free, and returns its path as it is shown.
 *
 * @throws DriverError `open PATH: reason`
 */
export function writeNumbered(
  cwd: string,
  folder: string,
  prefix: string,
  suffix: string,
  bytes: Uint8Array,
): string {
  for (let number = 1; number < 10_000; number++) {
    const path = join(
      folder,
      `${prefix.replaceAll(/[/\0]/g, '_')}${String(number).padStart(3, '0')}${suffix}`,
    );
    try {
      writeFileSync(resolve(cwd, path), bytes, { flag: 'wx' });
      return path;
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') continue;
      const call = syscall === 'write' ? 'write' : 'open';
      throw new DriverError(`${call} ${path}: ${systemReason(error)}`, { cause: error });
    }
  }
  throw new DriverError(`could not create file of the form ${join(folder, prefix)}NNN${suffix}`);
}

/** Runs a step that combines profiles; what does not fit together ends the run with `prefix`. */
function combining<T>(prefix: string, suffix: string, combine: () => T): T {
  try {
    return combine();
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    throw new DriverError(`${prefix}${profileMessage(error)}${suffix}`, { cause: error });
  }
}

function compileDropFrames(expression: string): ((name: string) => boolean) | null {
  const pattern = compilePattern(expression);
  return typeof pattern === 'string' ? null : (name) => pattern.test(name);
}

/** Reports of sums alone. What shows or writes samples has to have equal ones added up. */
const reportsOfSums: ReadonlySet<string> = new Set(['top', 'text', 'tree', 'peek']);

/** Options that are asked of all locations, whether a sample needs them or not, or show columns as a merge leaves them. */
const optionsOfLocations = [
  'focus',
  'ignore',
  'hide',
  'show',
  'show_from',
  'prune_from',
  'mine',
  'hide_libs',
  'showcolumns',
] as const;

/** Are sums all that is asked of these profiles? Where names are looked for, it counts whether a sample needs them. */
function printsSums(invocation: Invocation, of: readonly Profile[]): boolean {
  const { report, http, compare, options } = invocation;
  if (report === undefined || http !== '' || compare || !reportsOfSums.has(report.name)) return false;
  if (optionsOfLocations.some((name) => options[name] !== '' && options[name] !== false)) return false;
  return invocation.symbolize === '' && of.every(hasNames);
}

/** Prepares one source for the rest: used for each column of a comparison too. Throws {@link DriverError}. */
export async function fetchProfile(invocation: Invocation, io: CliIo, warn: Warn): Promise<Profile> {
  const fetcher = new Fetcher(io, invocation, warn);
  const finish = (profile: Profile): Profile => locateBinaries(profile, invocation, io, warn);
  const bases = invocation.base === '' ? [] : [invocation.base];
  const [main, base] = await Promise.all([
    fetchAll(invocation.sources, fetcher, finish),
    fetchAll(bases, fetcher, finish),
  ]);
  for (const problem of [...main.problems, ...base.problems]) warn(problem);
  const remote = mappingSources([...main.fetched, ...base.fetched]);
  const mainProfiles = remote.profiles.slice(0, main.fetched.length);
  const baseProfiles = remote.profiles.slice(main.fetched.length);

  const merged =
    mainProfiles.length === 0
      ? undefined
      : combining('problem fetching source profiles: ', '', () => mergeProfiles(mainProfiles));
  const mergedBase =
    baseProfiles.length === 0
      ? undefined
      : combining('problem fetching base profiles: ', ',', () => mergeProfiles(baseProfiles));
  if (merged === undefined) throw new DriverError('failed to fetch any source profiles');
  if (mergedBase === undefined && bases.length > 0)
    throw new DriverError('failed to fetch any base profiles');
  if (main.fetched.length !== invocation.sources.length) {
    warn(`Fetched ${main.fetched.length} source profiles out of ${invocation.sources.length}`);
  }

  let profile = merged;
  if (mergedBase !== undefined) {
    profile = combining('', '', () =>
      diffProfiles(mergedBase, merged, {
        labelBase: invocation.diffBase,
        normalize: invocation.options.normalize,
        sumsOnly: remote.sources.size === 0 && printsSums(invocation, [mergedBase, merged]),
      }),
    );
  }
  profile = await symbolize(profile, invocation.symbolize, {
    openBinary: (name) => openBinary(io.cwd, name),
    warn,
    sources: remote.sources,
    post: fetcher.post,
  });
  profile = withoutSourceNames(dropFrames(profile, compileDropFrames));
  if (invocation.comment !== '')
    profile = { ...profile, comments: [...profile.comments, invocation.comment] };
  if (remote.sources.size > 0) saveCopy(profile, io, warn);
  return profile;
}
