// startFromEnvironment: the server by environment variables alone, for `node --import @stackpile/agent/register app.js`.
import { readFileSync, statSync } from 'node:fs';
import { headersOf } from './black-box-destinations.ts';
import { AgentError, messageOf } from './errors.ts';
import { requireMainThread } from './host/main-thread-only.ts';
import { nearest } from './nearest.ts';
import { nextPorts } from './http/place.ts';
import { type Auth, DEFAULT_PORT, type ServerOptions, serverSettings } from './options.ts';
import { say as sayOnStderr } from './say.ts';
import { openServer, type PprofServer } from './server.ts';

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable: the option of `startServer` that it is, and what its text means. */
interface Variable {
  readonly option: string;
  /** What the option is given; the text itself where it means nothing, which is refused then as what it is. */
  readonly read: (text: string) => unknown;
}

const numeric = (text: string): unknown => (/^\s*\d+(?:\.\d+)?\s*$/u.test(text) ? Number(text) : text);

const words: Readonly<Record<string, boolean>> = {
  '1': true,
  true: true,
  on: true,
  yes: true,
  '0': false,
  false: false,
  off: false,
  no: false,
};
const flag = (text: string): unknown => {
  const word = text.trim().toLowerCase();
  return Object.hasOwn(words, word) ? words[word] : text;
};

const commas = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** Bytes of a file of certificates or of a key; a chain has a few thousand. */
const MOST_PEM = 1024 * 1024;

/** Reads a file, and no pipe that nobody writes to nor a device without end: the program waits meanwhile. */
function readPem(written: string): unknown {
  const path = written.trim();
  const stats = statSync(path);
  if (!stats.isFile()) throw new AgentError('AGENT_OPTIONS', 'it is no regular file');
  if (stats.size > MOST_PEM) throw new AgentError('AGENT_OPTIONS', 'it is longer than 1 MB');
  return readFileSync(path, 'utf8');
}

/** `env=prod,region=eu` */
function labelsOf(text: string): unknown {
  return Object.fromEntries(
    commas(text).map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

/** `rss=85%,lag=2s` */
const linesOf = labelsOf;

/** Every variable, as docs/mounting.md has them. */
const variables: Readonly<Record<string, Variable>> = {
  STACKPILE_ENABLED: { option: 'enabled', read: flag },
  STACKPILE_PORT: { option: 'port', read: numeric },
  STACKPILE_PATH: { option: 'path', read: (text) => text.trim() },
  STACKPILE_HOST: { option: 'host', read: (text) => text.trim() },
  // No token has a blank inside, and some have a comma.
  STACKPILE_TOKEN: { option: 'token', read: (text) => text.trim().split(/\s+/u) },
  STACKPILE_AUTH: { option: 'auth', read: (text) => text.trim() },
  STACKPILE_ALLOWED_HOSTS: { option: 'allowedHosts', read: commas },
  STACKPILE_TASKS: {
    option: 'tasks',
    read: (text) => (text.trim() === 'first look' ? { from: 'first look' } : flag(text)),
  },
  STACKPILE_HEAP: { option: 'heap', read: flag },
  STACKPILE_MAX_SECONDS: { option: 'maxSeconds', read: numeric },
  STACKPILE_BLACK_BOX_DIR: { option: 'blackBox.dir', read: (text) => text.trim() },
  STACKPILE_BLACK_BOX_AT: { option: 'blackBox.at', read: linesOf },
  STACKPILE_BLACK_BOX_BUNDLES: { option: 'blackBox.bundles', read: numeric },
  STACKPILE_BLACK_BOX_MEGABYTES: { option: 'blackBox.megabytes', read: numeric },
  STACKPILE_BLACK_BOX_UPLOAD: { option: 'blackBox.upload', read: (text) => text.trim() },
  STACKPILE_BLACK_BOX_WEBHOOK: { option: 'blackBox.webhook', read: (text) => text.trim() },
  // Not shown where it is wrong: what is in it is secret.
  STACKPILE_BLACK_BOX_HEADERS: { option: 'blackBox.headers', read: (text) => headersOf(text) ?? 'text' },
  STACKPILE_PUSH_URL: { option: 'push.url', read: (text) => text.trim() },
  STACKPILE_PUSH_TO: { option: 'push.to', read: (text) => text.trim() },
  STACKPILE_PUSH_SERVICE: { option: 'push.service', read: (text) => text.trim() },
  STACKPILE_PUSH_LABELS: { option: 'push.labels', read: labelsOf },
  STACKPILE_PUSH_SECONDS: { option: 'push.seconds', read: numeric },
  STACKPILE_PUSH_PROFILES: { option: 'push.profiles', read: commas },
  STACKPILE_PUSH_TOKEN: { option: 'push.token', read: (text) => text.trim() },
  STACKPILE_PUSH_TENANT: { option: 'push.tenant', read: (text) => text.trim() },
  STACKPILE_TLS_CERT: { option: 'tls.cert', read: readPem },
  STACKPILE_TLS_KEY: { option: 'tls.key', read: readPem },
  STACKPILE_TLS_CA: { option: 'tls.ca', read: readPem },
};

/** Those of the command and of this repository's tests. */
const OTHERS = /^STACKPILE_(?:DEBUG$|HISTORY$|JUDGED_|TEST_)/u;

/** Variables that nobody knows and that are named; of more their number is said. */
const MOST_UNKNOWN = 5;

/** A line for each variable that nobody knows. */
export function unknownVariables(environment: Environment): string[] {
  const known = Object.keys(variables);
  const unknown = Object.keys(environment)
    .filter((name) => name.startsWith('STACKPILE_') && !known.includes(name) && !OTHERS.test(name))
    .sort();
  const lines = unknown.slice(0, MOST_UNKNOWN).map((name) => {
    const meant = nearest(name, known);
    const advice = meant === null ? `there are ${known.join(', ')}` : `did you mean ${meant}?`;
    // It may hold whatever a terminal obeys, and line breaks that would make two lines of one.
    return `there is no variable ${name.slice(0, 60).replaceAll(/[^ -~]/gu, '?')}: ${advice}`;
  });
  const more = unknown.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more variables that begin with STACKPILE_ are not known`] : lines;
}

function valueOf(name: string, text: string, read: Variable['read']): unknown {
  try {
    return read(text);
  } catch (error) {
    // It may be a key instead of its path, which the system's message shows.
    const { code = 'it is no path' } = error as NodeJS.ErrnoException;
    const why = error instanceof AgentError ? error.message : code;
    throw new AgentError('AGENT_OPTIONS', `${name} cannot be read: ${why}; it has to be the path of a file`);
  }
}

interface Wanted {
  readonly enabled: boolean;
  readonly options: ServerOptions;
}

/** What the variables ask for. An empty one is as good as absent. */
function wantedOf(environment: Environment): Wanted {
  const values: Record<string, unknown> = {};
  const groups = new Map<string, Record<string, unknown>>();
  for (const [name, { option, read }] of Object.entries(variables)) {
    const text = environment[name] ?? '';
    if (text.trim() === '') continue;
    const value = valueOf(name, text, read);
    const [group = '', inner] = option.split('.');
    if (inner === undefined) values[option] = value;
    else groups.set(group, { ...groups.get(group), [inner]: value });
  }
  const { enabled = true, token, auth, ...options } = values;
  if (typeof enabled !== 'boolean')
    throw new AgentError('AGENT_OPTIONS', `option enabled is ${JSON.stringify(enabled)}, not true or false`);
  if (auth !== undefined && auth !== 'none')
    throw new AgentError(
      'AGENT_OPTIONS',
      "option auth can only be 'none': a token belongs into STACKPILE_TOKEN",
    );
  return { enabled, options: { ...options, ...Object.fromEntries(groups), auth: authOf(token, auth) } };
}

function authOf(token: unknown, auth: 'none' | undefined): Auth | undefined {
  return Array.isArray(token) ? { kind: 'bearer', tokens: token as string[] } : auth;
}

/** What a group of options cannot do without. */
const needed: Readonly<Record<string, readonly string[]>> = {
  push: ['STACKPILE_PUSH_URL', 'STACKPILE_PUSH_SERVICE'],
  blackBox: ['STACKPILE_BLACK_BOX_DIR'],
  tls: ['STACKPILE_TLS_CERT', 'STACKPILE_TLS_KEY'],
};

const isGiven = (environment: Environment, name: string): boolean => (environment[name] ?? '').trim() !== '';

/** The variables of a group that are given. */
function givenOf(environment: Environment, group: string): string[] {
  return Object.entries(variables)
    .filter(([name, { option }]) => option.startsWith(`${group}.`) && isGiven(environment, name))
    .map(([name]) => name);
}

/** Refuses a group of which a part is missing. */
function requireWhole(environment: Environment): void {
  for (const [group, names] of Object.entries(needed)) {
    const [given] = givenOf(environment, group);
    const missing = names.filter((name) => !isGiven(environment, name));
    if (given === undefined || missing.length === 0) continue;
    const [are, them] = missing.length === 1 ? ['is', 'it'] : ['are', 'them'];
    throw new AgentError(
      'AGENT_OPTIONS',
      `${missing.join(' and ')} ${are} missing: ${given} has no meaning without ${them}`,
    );
  }
}

/** The variable of an option; of one inside of it, or of a group, too. Null where none has given it. */
function variableOf(environment: Environment, name: string): readonly [string, Variable] | null {
  const all = Object.entries(variables);
  const found =
    all.find(([, { option }]) => option === name) ??
    all.find(([, { option }]) => /^[.[,]/u.test(name.startsWith(option) ? name.slice(option.length) : ''));
  if (found !== undefined) return found;
  const [given] = givenOf(environment, name);
  const variable = given === undefined ? undefined : variables[given];
  return given === undefined || variable === undefined ? null : [given, variable];
}

/** A message about options as one about the variables that they came from. */
function inVariables(message: string, environment: Environment): string {
  // A name that may hold anything is quoted.
  const [, quote = '', unknown = '', advice = ''] =
    /^there is no option ("?)(.*): ((?:did you mean|there are) .*)$/su.exec(message) ?? [];
  const around = unknown === '' ? null : variableOf(environment, unknown);
  if (around !== null) {
    const [variable, { option }] = around;
    const inside = quote + unknown.slice(option.length + 1);
    return `there is no ${inside} in ${variable}: ${advice.replaceAll(`${option}.`, '')}`;
  }
  const [, name = '', rest = ''] = /^option ([\w.[\]-]+(?:, the name)?)( .*)$/su.exec(message) ?? [];
  const found = name === '' ? null : variableOf(environment, name);
  if (found !== null) {
    const [variable, { option }] = found;
    return `${whereIn(variable, name.startsWith(option) ? name.slice(option.length) : '')}${rest}`
      .replace('true, false or an object of options', 'true or false')
      .replace(' beside path: ', ' beside STACKPILE_PATH: ');
  }
  return message
    .replace(/^option auth, bearer: it/u, 'STACKPILE_TOKEN')
    .replace(
      / needs the option auth: .*$/u,
      ' needs STACKPILE_TOKEN, or STACKPILE_AUTH=none to let everybody in',
    );
}

/** A variable, or what is meant in it: `.rss`, `[1]`, `, the name`. */
function whereIn(variable: string, inside: string): string {
  const index = /^\[(\d+)\]$/u.exec(inside)?.[1];
  if (index !== undefined) return `number ${Number(index) + 1} of ${variable}`;
  if (inside === ', the name') return `a name in ${variable}`;
  return inside === '' ? variable : `${inside.slice(1)} in ${variable}`;
}

const KEY = Symbol.for('stackpile.agent.environment');

/** The server that the environment has started in this process, where one has. */
function running(): { server?: Promise<PprofServer | null> } {
  const holder = globalThis as { [KEY]?: { server?: Promise<PprofServer | null> } };
  return (holder[KEY] ??= {});
}

/**
 * Serves `/debug/pprof/` as environment variables say (`STACKPILE_PORT`, `STACKPILE_HOST`, `STACKPILE_TOKEN`, …: docs/mounting.md), once
 * per process. One line on stderr says where, or why not. It never rejects, and never ends the process.
 *
 * @returns null where nothing is served
 */
export function startFromEnvironment(
  environment: Environment = process.env,
  say: (line: string) => void = sayOnStderr,
): Promise<PprofServer | null> {
  const here = running();
  here.server ??= start(environment, say);
  return here.server;
}

async function start(environment: Environment, say: (line: string) => void): Promise<PprofServer | null> {
  try {
    for (const line of unknownVariables(environment)) say(line);
    const { enabled, options } = wantedOf(environment);
    if (!enabled) return null;
    requireWhole(environment);
    requireMainThread('@stackpile/agent/register');
    const settings = serverSettings(options);
    const first = options.port ?? DEFAULT_PORT;
    const place =
      settings.place.kind === 'port' ? { ...settings.place, ports: nextPorts(first) } : settings.place;
    const server = await openServer('@stackpile/agent/register', { ...settings, place });
    const isThere = place.kind === 'socket' || first === 0 || server.port === first;
    const moved = isThere ? '' : `port ${first} is taken, `;
    say(`${moved}profiles of process ${process.pid} are at ${server.url}`);
    return server;
  } catch (error) {
    say(`no profiles are served: ${inVariables(messageOf(error), environment)}`);
    return null;
  }
}
