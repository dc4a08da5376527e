// The command line of `stackpile monitor`.
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import {
  type LeaksOptions,
  leaksOptionsOf,
  parseDuration,
  parseLimit,
  serviceOptions,
  UsageError,
} from '../leaks/command-line.ts';
import { optionProblem } from '../option-problem.ts';

/** What `stackpile monitor --help` prints. */
export const monitorUsage = `usage: stackpile monitor [SOURCE…] [OPTION…]

Watches services for as long as it runs, keeps their profiles in one file, and says which of them leaks.

SOURCE
  the address of a service, Node or Go: http://host:6060; JOB=ADDRESS gives it a job's name

OPTIONS
  --config FILE       targets, how they are found, and receivers (stackpile.yaml where no SOURCE is given)
  --store STORE       where profiles are kept (stackpile-monitor.db): a file, or clickhouse:http://HOST:8123/DATABASE
  --every TIME        time between two readings of a service's counters (15s)
  --profiles-every TIME  time between two looks at its tasks and its heap (1m); sooner where tasks jump up
  --listen HOST:PORT  where targets, growers and metrics are shown (127.0.0.1:7070)
  --listen-token-file FILE  who has this token may ask there; without it only this machine may
  --external-url URL  where those who are told of a leak reach this monitor (http://HOST:PORT of --listen)
  --keep TIME         how long every profile is kept (2d)
  --keep-hours TIME   how long the sums of each hour are kept after that (20d)
  --max-size SIZE     of the store, the oldest hours leave first (1GB)
  --webhook URL       is sent a leak when it is found and when it is over, as often as needed
  --webhook-form FORM json, slack or alertmanager (json)
  --header 'N: V'     add a header to every request to a SOURCE, as often as needed; targets of --config have their own credentials
  --token TOKEN       short for --header 'Authorization: Bearer TOKEN'
  --mine PATTERN      functions or files that match are your own code (regular expression), as often as needed
  --not-mine PATTERN  functions or files that match are not
  --limit N           where it ends (tasks, or bytes as 512MB), where a service does not say that itself
  --timeout TIME      longest wait for one answer (10s)
  --log-level LEVEL   what is logged on standard error: debug (each look), info, warn or error (info)
  --log-format FORMAT json, a line for each entry, or text (text on a terminal, else json)
  --tls-ca FILE       certificate authority to trust; --tls-cert and --tls-key for a certificate of your own
  --help              print this

It needs Node 22.13 or newer. Ctrl-C or SIGTERM ends it; started again, it goes on where it was. SIGHUP, or POST /-/reload, has it read --config anew.

EXIT STATUS
  0 when it was ended, 2 after an error
`;

const forms = ['json', 'slack', 'alertmanager'] as const;
const { 'no-stops': _, ...shared } = serviceOptions;
const options = {
  ...shared,
  config: { type: 'string' },
  store: { type: 'string', default: 'stackpile-monitor.db' },
  every: { type: 'string', default: '15s' },
  'profiles-every': { type: 'string', default: '1m' },
  listen: { type: 'string', default: '127.0.0.1:7070' },
  'listen-token-file': { type: 'string' },
  'external-url': { type: 'string' },
  keep: { type: 'string', default: '2d' },
  'keep-hours': { type: 'string', default: '20d' },
  'max-size': { type: 'string', default: '1GB' },
  webhook: { type: 'string', multiple: true, default: [] as string[] },
  'webhook-form': { type: 'string', default: 'json' },
  limit: { type: 'string' },
  'log-level': { type: 'string', default: 'info' },
  'log-format': { type: 'string' },
  help: { type: 'boolean', default: false, short: 'h' },
} satisfies ParseArgsOptionsConfig;

/** Names of all options of `stackpile monitor`, without their dashes. */
export const monitorOptionNames: readonly string[] = Object.keys(options);

const levels = ['debug', 'info', 'warn', 'error'] as const;
const formats = ['json', 'text'] as const;

/** What is logged, and how; by where it goes if `format` is null. */
export interface LogOptions {
  readonly level: (typeof levels)[number];
  readonly format: (typeof formats)[number] | null;
}

/** The options, checked. Times in milliseconds, sizes in bytes. */
export interface MonitorCommand {
  readonly targets: readonly { readonly job: string; readonly source: string }[];
  /** null where there is none. */
  readonly config: string | null;
  readonly store: string;
  readonly every: number;
  readonly profilesEvery: number;
  readonly host: string;
  readonly port: number;
  readonly tokenFile: string | null;
  readonly externalUrl: string | null;
  readonly keep: number;
  readonly keepHours: number;
  readonly maxSize: number;
  readonly webhooks: readonly string[];
  readonly form: (typeof forms)[number];
  readonly log: LogOptions;
  /** How services are asked and verdicts found. */
  readonly leaks: LeaksOptions;
}

/** Reads the arguments after `monitor`. @throws UsageError */
export function parseMonitorArgs(argv: readonly string[]): MonitorCommand | 'help' {
  let parsed;
  try {
    parsed = parseArgs({ args: [...argv], allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(optionProblem(error, monitorOptionNames), { cause: error });
  }
  const { values, positionals } = parsed;
  if (values.help) return 'help';
  const form = forms.find((one) => one === values['webhook-form']);
  if (form === undefined)
    throw new UsageError(`--webhook-form ${values['webhook-form']}: it is json, slack or alertmanager`);
  const timeout = values.timeout ?? '10s';
  return {
    targets: positionals.map(targetOf),
    config: values.config ?? (positionals.length === 0 ? 'stackpile.yaml' : null),
    store: values.store,
    every: parseDuration('--every', values.every, 100),
    profilesEvery: parseDuration('--profiles-every', values['profiles-every'], 100),
    ...listenOf(values.listen),
    tokenFile: values['listen-token-file'] ?? null,
    externalUrl:
      values['external-url'] === undefined ? null : addressOf('--external-url', values['external-url']),
    keep: parseDuration('--keep', values.keep, 3_600_000),
    keepHours: parseDuration('--keep-hours', values['keep-hours'], 0),
    maxSize: parseLimit('--max-size', values['max-size']),
    webhooks: values.webhook.map((one) => addressOf('--webhook', one)),
    form,
    log: logOf(values['log-level'], values['log-format']),
    leaks: leaksOptionsOf({ ...values, timeout, every: undefined, 'no-stops': true }, []),
  };
}

/** `shop=http://10.0.0.1:6060`; without a name the job is what the address is. */
function targetOf(text: string): { job: string; source: string } {
  const [, job = '', source = text] = /^([\w.-]{1,100})=(.+)$/su.exec(text) ?? [];
  return { job, source };
}

function logOf(level: string, format: string | undefined): LogOptions {
  const known = levels.find((one) => one === level);
  if (known === undefined) throw new UsageError(`--log-level ${level}: it is ${levels.join(', ')}`);
  if (format === undefined) return { level: known, format: null };
  const given = formats.find((one) => one === format);
  if (given === undefined) throw new UsageError(`--log-format ${format}: it is json or text`);
  return { level: known, format: given };
}

function listenOf(text: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(.*):(\d{1,5})$/su.exec(text) ?? [];
  if (port === '' || Number(port) > 65_535)
    throw new UsageError(`--listen ${text}: write an address and a port, as 127.0.0.1:7070`);
  return { host: host.replace(/^\[(.*)\]$/u, '$1') || '0.0.0.0', port: Number(port) };
}

function addressOf(option: string, text: string): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError(`${option} ${text}: write an address of http or https`);
  if (url.username !== '' || url.password !== '')
    throw new UsageError(
      `${option}: credentials do not stand in an address; a receiver of --config may have some`,
    );
  return url.href;
}
