// Where profiles are sent by the agent itself: the option, its check, its defaults.
import { AgentError } from './errors.ts';
import { type Check, flagOrOptions, list, oneOf, refuse, text, whole } from './option-checks.ts';

/** Where profiles are sent on an interval, for a service that nobody can scrape. */
export interface PushOptions {
  /** Address of the server, `http://pyroscope:4040`, `http://collector:4318`; a user and a password in it are sent by Basic auth. */
  readonly url: string;
  /**
   * How it is spoken to: Pyroscope's `/ingest`, the default, its Connect method `push.v1.PusherService/Push`, or OpenTelemetry's profiles
   * over HTTP.
   */
  readonly to?: 'ingest' | 'connect' | 'otlp';
  /** Name of the service there. */
  readonly service: string;
  /** Labels of every profile: `{ env: 'prod' }`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Seconds from one profile to the next, and for which the CPU is recorded; default 15. */
  readonly seconds?: number;
  /** What is sent; default `profile`, `heap` and `goroutine`. */
  readonly profiles?: readonly ('profile' | 'heap' | 'goroutine')[];
  /** Sent as `Authorization: Bearer …`. */
  readonly token?: string | undefined;
  /** Sent as `X-Scope-OrgID`. */
  readonly tenant?: string | undefined;
}

/** Options of pushing, complete. */
export type PushSettings = Required<Omit<PushOptions, 'token' | 'tenant'>> &
  Pick<PushOptions, 'token' | 'tenant'>;

const serverAddress: Check = (name, value) => {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : null;
  // It may hold a password: it is not shown.
  if (url === null || !/^https?:$/u.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw new AgentError('AGENT_OPTIONS', `option ${name} is not an address like http://pyroscope:4040`);
};

/** What ends no label in the form `service{key=value}`. */
const labelText = text(/^[^\s{},="]{1,200}$/u, 'up to 200 characters without blanks and {},="');

const labels: Check = (name, value) => {
  if (typeof value !== 'object' || value === null) refuse(name, value, 'an object of labels');
  const pairs = Object.entries(value);
  if (pairs.length > 30) refuse(name, value, 'of up to 30 labels');
  for (const [key, one] of pairs) {
    text(/^(?!__)[A-Za-z_][\w.]{0,99}$/u, 'a name of letters, digits, _ and . that does not begin with __')(
      `${name}, the name`,
      key,
    );
    labelText(`${name}.${key}`, one);
  }
};

const header = (name: string, value: unknown): void => {
  if (typeof value !== 'string' || !/^[!-~]+$/u.test(value))
    throw new AgentError('AGENT_OPTIONS', `option ${name} is nothing that a header can carry`);
};

const pushChecks = {
  url: serverAddress,
  to: oneOf('ingest', 'connect', 'otlp'),
  service: labelText,
  labels,
  seconds: whole(1, 3600),
  profiles: list(oneOf('profile', 'heap', 'goroutine')),
  token: header,
  tenant: header,
} satisfies Record<keyof PushOptions, Check>;

/** The option `push`, checked. */
export const pushOption: Check = (name, value) => {
  if (typeof value === 'boolean') refuse(name, value, 'an object with url and service');
  flagOrOptions(pushChecks)(name, value);
  const { url, service } = value as Partial<PushOptions>;
  if (url === undefined || service === undefined) refuse(name, value, 'whole: it needs url and service');
};

/** Fills in the defaults. */
export function pushSettings(options: PushOptions): PushSettings {
  const { url, service, token, tenant } = options;
  return {
    url,
    service,
    to: options.to ?? 'ingest',
    labels: options.labels ?? {},
    seconds: options.seconds ?? 15,
    profiles: options.profiles ?? ['profile', 'heap', 'goroutine'],
    token,
    tenant,
  };
}
