// Reads a monitor's configuration file: the settings of Prometheus and Parca under their names, as far as they mean something here.
import { resolve } from 'node:path';
import type { ConfigNode } from './node.ts';
import { parseConfig } from './node.ts';
import type {
  Auth,
  Discovery,
  ForwardConfig,
  JobConfig,
  MonitorConfig,
  ProfilePlan,
  ReceiverConfig,
  RelabelRule,
  Secret,
  TlsFiles,
} from './model.ts';

/** What a file does not say, the command line does. */
export interface ConfigDefaults {
  readonly every: number;
  readonly profilesEvery: number;
  readonly timeout: number;
}

const LEAST_EVERY = 100;
/** Bytes of one answer, packed: a heap of 40,000 stacks has 1 MB. */
export const MOST_ANSWER: number = 32 << 20;
/** Seconds that a CPU profile or another recording takes, and how often there is one. */
const RECORD_SECONDS = 10;
const RECORD_EVERY = 300_000;

/** By the names of Parca and Alloy, and those of the endpoints themselves. */
const PROFILES: ReadonlyMap<string, { readonly name: string; readonly recorded: boolean }> = new Map([
  ['goroutine', { name: 'goroutine', recorded: false }],
  ['heap', { name: 'heap', recorded: false }],
  ['memory', { name: 'heap', recorded: false }],
  ['goroutineleak', { name: 'goroutineleak', recorded: false }],
  ['threadcreate', { name: 'threadcreate', recorded: false }],
  ['profile', { name: 'profile', recorded: true }],
  ['process_cpu', { name: 'profile', recorded: true }],
  ['allocs', { name: 'allocs', recorded: true }],
  ['block', { name: 'block', recorded: true }],
  ['mutex', { name: 'mutex', recorded: true }],
]);
/** Taken unless somebody says otherwise: what leaks are found by. */
const TAKEN = ['goroutine', 'heap'];

/**
 * Reads a configuration file.
 *
 * @param path of the file: sentences begin with it, and relative paths start at its folder
 * @throws MonitorError `MONITOR_CONFIG`, one sentence with line and column
 */
export function readConfig(
  text: string,
  path: string,
  folder: string,
  defaults: ConfigDefaults,
): MonitorConfig {
  const top = parseConfig(text, path).fields(['global', 'scrape_configs', 'receivers', 'forward']);
  const global = top.global?.fields(['scrape_interval', 'scrape_timeout', 'profile_interval']) ?? {};
  const own: ConfigDefaults = {
    every: global.scrape_interval?.duration(LEAST_EVERY) ?? defaults.every,
    timeout: global.scrape_timeout?.duration(LEAST_EVERY) ?? defaults.timeout,
    profilesEvery: global.profile_interval?.duration(LEAST_EVERY) ?? defaults.profilesEvery,
  };
  const reader = new Reader(folder, own);
  const jobs = (top.scrape_configs?.list() ?? []).map((one) => reader.job(one));
  const names = new Set<string>();
  for (const [index, { job }] of jobs.entries()) {
    if (names.has(job)) top.scrape_configs?.list()[index]?.fail(`there are two jobs of the name ${job}`);
    names.add(job);
  }
  return {
    jobs,
    forwards: (top.forward?.list() ?? []).map((one) => reader.forward(one)),
    receivers: (top.receivers?.list() ?? []).map((one) => reader.receiver(one)),
  };
}

class Reader {
  readonly #folder: string;
  readonly #defaults: ConfigDefaults;

  constructor(folder: string, defaults: ConfigDefaults) {
    this.#folder = folder;
    this.#defaults = defaults;
  }

  job(node: ConfigNode): JobConfig {
    const settings = node.fields([
      'job_name',
      'scrape_interval',
      'scrape_timeout',
      'scheme',
      'max_bytes',
      'profiling_config',
      'static_configs',
      'file_sd_configs',
      'dns_sd_configs',
      'kubernetes_sd_configs',
      'relabel_configs',
      'tls_config',
      ...AUTH,
    ]);
    const job = settings.job_name?.text() ?? node.fail('job_name is missing');
    if (job === '' || job.length > 100) (settings.job_name ?? node).fail('a name has 1 to 100 characters');
    const every = settings.scrape_interval?.duration(LEAST_EVERY) ?? this.#defaults.every;
    const profiling = settings.profiling_config?.fields(['path_prefix', 'pprof_config']) ?? {};
    return {
      job,
      every,
      timeout: settings.scrape_timeout?.duration(LEAST_EVERY) ?? this.#defaults.timeout,
      maxBytes: settings.max_bytes?.size() ?? MOST_ANSWER,
      scheme: settings.scheme?.oneOf(['http', 'https']) ?? 'http',
      pathPrefix: profiling.path_prefix?.text() ?? '',
      auth: this.#auth(settings),
      tls: this.#tls(settings.tls_config),
      profiles: this.#profiles(profiling.pprof_config, every),
      discoveries: [
        ...(settings.static_configs?.list() ?? []).map((one) => staticOf(one)),
        ...(settings.file_sd_configs?.list() ?? []).map((one) => this.#fileOf(one)),
        ...(settings.dns_sd_configs?.list() ?? []).map((one) => dnsOf(one)),
        ...(settings.kubernetes_sd_configs?.list() ?? []).map((one) => this.#kubernetesOf(one)),
      ],
      relabel: (settings.relabel_configs?.list() ?? []).map((one) => ruleOf(one)),
    };
  }

  receiver(node: ConfigNode): ReceiverConfig {
    const settings = node.fields(['url', 'form', ...AUTH]);
    const url = addressOf(settings.url ?? node.fail('url is missing'));
    return {
      url,
      form: settings.form?.oneOf(['json', 'slack', 'alertmanager']) ?? 'json',
      auth: this.#auth(settings),
    };
  }

  forward(node: ConfigNode): ForwardConfig {
    const settings = node.fields(['url', 'to', ...AUTH]);
    return {
      url: addressOf(settings.url ?? node.fail('url is missing')),
      to: settings.to?.oneOf(['pyroscope', 'otlp']) ?? 'pyroscope',
      auth: this.#auth(settings),
    };
  }

  #path(node: ConfigNode): string {
    const text = node.text();
    return text === '' ? node.fail('a path is expected here') : resolve(this.#folder, text);
  }

  #profiles(node: ConfigNode | undefined, every: number): ProfilePlan[] {
    const plans = new Map<string, ProfilePlan>();
    for (const name of TAKEN)
      plans.set(name, { name, every: Math.max(every, this.#defaults.profilesEvery), seconds: 0 });
    for (const [key, value, keyNode] of node?.entries() ?? []) {
      const known = PROFILES.get(key);
      if (known === undefined)
        return keyNode.fail(`this profile is not taken; there are ${[...PROFILES.keys()].join(', ')}`);
      // Paths, and whether a difference is asked for, follow from the name here.
      const settings = value.fields(['enabled', 'interval', 'seconds', 'path', 'delta']);
      const { name, recorded } = known;
      plans.delete(name);
      if (settings.enabled?.boolean() === false) continue;
      plans.set(name, {
        name,
        every:
          settings.interval?.duration(LEAST_EVERY) ??
          Math.max(every, recorded ? RECORD_EVERY : this.#defaults.profilesEvery),
        seconds: recorded ? (settings.seconds?.integer(1, 300) ?? RECORD_SECONDS) : 0,
      });
    }
    return [...plans.values()];
  }

  #secret(
    text: ConfigNode | undefined,
    file: ConfigNode | undefined,
    name: ConfigNode | undefined,
  ): Secret | null {
    const given = [text, file, name].filter((one) => one !== undefined);
    if (given.length > 1) given[1]?.fail('there are two secrets for one purpose');
    if (file !== undefined) return { kind: 'file', path: this.#path(file) };
    if (name !== undefined) return { kind: 'environment', name: name.text() };
    return text === undefined ? null : { kind: 'text', text: text.text() };
  }

  #auth(settings: Partial<Record<(typeof AUTH)[number], ConfigNode>>): Auth {
    const { authorization, basic_auth: basic } = settings;
    const bearer = this.#secret(settings.bearer_token, settings.bearer_token_file, settings.bearer_token_env);
    const ways = [bearer, authorization, basic].filter((one) => one !== null && one !== undefined);
    if (ways.length > 1)
      (authorization ?? basic)?.fail('there are two of authorization, basic_auth and bearer_token');
    if (bearer !== null) return { kind: 'header', scheme: 'Bearer', secret: bearer };
    if (authorization !== undefined) {
      const known = authorization.fields(['type', 'credentials', 'credentials_file', 'credentials_env']);
      const secret = this.#secret(known.credentials, known.credentials_file, known.credentials_env);
      if (secret === null) return authorization.fail('credentials_file is missing');
      return { kind: 'header', scheme: known.type?.text() ?? 'Bearer', secret };
    }
    if (basic === undefined) return { kind: 'none' };
    const known = basic.fields(['username', 'password', 'password_file', 'password_env']);
    const password = this.#secret(known.password, known.password_file, known.password_env);
    if (password === null) return basic.fail('password_file is missing');
    return { kind: 'basic', user: known.username?.text() ?? '', password };
  }

  #tls(node: ConfigNode | undefined): TlsFiles {
    const known = node?.fields(['ca_file', 'cert_file', 'key_file', 'insecure_skip_verify']) ?? {};
    const path = (one: ConfigNode | undefined): string => (one === undefined ? '' : this.#path(one));
    return {
      ca: path(known.ca_file),
      cert: path(known.cert_file),
      key: path(known.key_file),
      insecure: known.insecure_skip_verify?.boolean() ?? false,
    };
  }

  #fileOf(node: ConfigNode): Discovery {
    const known = node.fields(['files', 'refresh_interval']);
    const files = known.files?.list() ?? [];
    if (files.length === 0) node.fail('files is missing');
    return {
      kind: 'file',
      paths: files.map((one) => this.#path(one)),
      every: known.refresh_interval?.duration(LEAST_EVERY) ?? 30_000,
    };
  }

  #kubernetesOf(node: ConfigNode): Discovery {
    const known = node.fields([
      'role',
      'api_server',
      'namespaces',
      'selectors',
      'refresh_interval',
      'tls_config',
      ...AUTH,
    ]);
    (known.role ?? node.fail('role is missing')).oneOf(['pod']);
    const selectors = (known.selectors?.list() ?? []).map((one) => one.fields(['role', 'label', 'field']));
    for (const { role } of selectors) role?.oneOf(['pod']);
    const joined = (texts: readonly (ConfigNode | undefined)[]): string =>
      texts.flatMap((one) => (one === undefined ? [] : [one.text()])).join(',');
    return {
      kind: 'kubernetes',
      server: known.api_server === undefined ? '' : addressOf(known.api_server),
      namespaces: known.namespaces?.fields(['names']).names?.texts() ?? [],
      labelSelector: joined(selectors.map(({ label }) => label)),
      fieldSelector: joined(selectors.map(({ field }) => field)),
      auth: this.#auth(known),
      tls: this.#tls(known.tls_config),
      every: known.refresh_interval?.duration(LEAST_EVERY) ?? 30_000,
    };
  }
}

const AUTH = [
  'authorization',
  'basic_auth',
  'bearer_token',
  'bearer_token_file',
  'bearer_token_env',
] as const;

function addressOf(node: ConfigNode): string {
  const url = URL.parse(node.text());
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    return node.fail('an address of http or https is expected here');
  if (url.username !== '' || url.password !== '')
    return node.fail('credentials do not stand in an address: basic_auth is for them');
  return url.href;
}

function staticOf(node: ConfigNode): Discovery {
  const known = node.fields(['targets', 'labels']);
  return {
    kind: 'static',
    targets: (known.targets ?? node.fail('targets is missing')).texts(),
    labels: known.labels?.labels() ?? {},
  };
}

function dnsOf(node: ConfigNode): Discovery {
  const known = node.fields(['names', 'type', 'port', 'refresh_interval']);
  const names = known.names?.texts() ?? [];
  if (names.length === 0) node.fail('names is missing');
  const type = known.type?.oneOf(['A', 'AAAA', 'SRV']) ?? 'SRV';
  if (type !== 'SRV' && known.port === undefined)
    node.fail(`port is missing: records of type ${type} name none`);
  return {
    kind: 'dns',
    names,
    type,
    port: known.port?.integer(1, 65_535) ?? 0,
    every: known.refresh_interval?.duration(LEAST_EVERY) ?? 30_000,
  };
}

const ACTIONS = [
  'replace',
  'keep',
  'drop',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'hashmod',
  'lowercase',
  'uppercase',
] as const;

function ruleOf(node: ConfigNode): RelabelRule {
  const known = node.fields([
    'source_labels',
    'separator',
    'regex',
    'target_label',
    'replacement',
    'modulus',
    'action',
  ]);
  const action = known.action?.oneOf(ACTIONS) ?? 'replace';
  const writes = ['replace', 'hashmod', 'lowercase', 'uppercase'].includes(action);
  if (writes && known.target_label === undefined) node.fail(`target_label is missing, which ${action} needs`);
  if (action === 'hashmod' && known.modulus === undefined) node.fail('modulus is missing');
  return {
    action,
    sources: known.source_labels?.texts() ?? [],
    separator: known.separator?.text() ?? ';',
    regex: regexOf(known.regex),
    target: known.target_label?.text() ?? '',
    replacement: known.replacement?.text() ?? '$1',
    modulus: known.modulus?.integer(1, 2 ** 31) ?? 1,
  };
}

function regexOf(node: ConfigNode | undefined): RegExp {
  const text = node?.text() ?? '(.*)';
  try {
    // Go writes named groups with a P.
    return new RegExp(`^(?:${text.replaceAll('(?P<', '(?<')})$`, 'su');
  } catch (error) {
    if (!(error instanceof SyntaxError) || node === undefined) throw error;
    return node.fail(
      `this is no regular expression: ${error.message.replace(/^Invalid regular expression: /u, '')}`,
    );
  }
}
