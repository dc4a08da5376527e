// What the servers that take profiles want to be sent: Pyroscope's `/ingest` and the Connect method `push.v1.PusherService/Push`, and
// what takes OpenTelemetry's profiles.
import type { PushSettings } from '../options.ts';
import { levelsOnly } from './levels.ts';
import { otlp } from './otlp.ts';
import type { PushedName, PushRequest, Taken, Wire } from './wire-types.ts';

/**
 * What Pyroscope does with each sample type: those that are levels are averaged over time, and those that are counted are added up.
 */
const sampleTypes: Readonly<Record<PushedName, object>> = {
  profile: { samples: { units: 'samples', 'display-name': 'cpu', sampled: true } },
  heap: {
    inuse_objects: { units: 'objects', aggregation: 'average' },
    inuse_space: { units: 'bytes', aggregation: 'average' },
  },
  goroutine: { goroutine: { units: 'goroutines', 'display-name': 'goroutines', aggregation: 'average' } },
};

/** The names of series that Pyroscope's own scraper gives. */
const seriesNames: Readonly<Record<PushedName, string>> = {
  profile: 'process_cpu',
  heap: 'memory',
  goroutine: 'goroutine',
};

/** `service{key=value,…}`; what would end a label was refused before. */
function ingestName({ service, labels }: PushSettings): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return `${service}{${pairs.join(',')}}`;
}

/** A multipart body of one file each. */
function multipart(boundary: string, parts: readonly (readonly [string, string, Uint8Array])[]): Uint8Array {
  const pieces = parts.flatMap(([name, type, content]) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`,
    ),
    content,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

/** `POST /ingest?name=…`: the profile and what its sample types are. */
const ingest = ({ name, body, from, until }: Taken, settings: PushSettings, id: string): PushRequest => {
  const query = new URLSearchParams({
    name: ingestName(settings),
    from: String(Math.floor(from / 1000)),
    until: String(Math.ceil(until / 1000)),
    format: 'pprof',
    spyName: 'stackpile',
    ...(name === 'profile' ? { sampleRate: '100' } : {}),
  });
  const boundary = `stackpile-${id}`;
  const config = Buffer.from(JSON.stringify(sampleTypes[name]));
  return {
    path: `/ingest?${query.toString()}`,
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: multipart(boundary, [
      ['profile', 'application/octet-stream', body],
      ['sample_type_config', 'application/json', config],
    ]),
  };
};

/** `POST /push.v1.PusherService/Push` in Connect's JSON: one series with one profile. */
const connect = ({ name, body }: Taken, { service, labels }: PushSettings, id: string): PushRequest => {
  const pairs = {
    ...labels,
    __name__: seriesNames[name],
    // A profile is what was added since the one before, or a level: nobody has to subtract.
    __delta__: 'false',
    service_name: service,
  };
  const series = {
    labels: Object.entries(pairs).map(([key, value]) => ({ name: key, value })),
    samples: [{ ID: id, rawProfile: Buffer.from(body).toString('base64') }],
  };
  return {
    path: '/push.v1.PusherService/Push',
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify({ series: [series] })),
  };
};

/** Pyroscope takes what the endpoints serve; another attempt may change these answers. */
const pyroscope = {
  pack: (name: PushedName, body: Uint8Array) => (name === 'heap' ? levelsOnly(body) : body),
  passing: new Set([408, 425, 429, 500, 502, 503, 504]),
  complaint: () => '',
} as const;

/** By the option `push.to`. */
export const wires: Readonly<Record<PushSettings['to'], Wire>> = {
  ingest: { ...pyroscope, request: ingest },
  connect: { ...pyroscope, request: connect },
  otlp,
};
