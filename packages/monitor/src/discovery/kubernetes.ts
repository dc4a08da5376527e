// Pods of a Kubernetes cluster, asked of its API: as Prometheus's role `pod`, one target per port that a container declares.
import { join } from 'node:path';
import process from 'node:process';
import { SourceError, type SourceOptions } from '@stackpile/sources';
import { get, requireOk } from '@stackpile/sources/get';
import type { Auth, Discovery, TlsFiles } from '../config/model.ts';
import { authorizationOf, tlsOf } from '../config/secret.ts';
import { MonitorError } from '../errors.ts';
import { MOST_TARGETS, type TargetGroup } from './group.ts';

type Kubernetes = Extract<Discovery, { kind: 'kubernetes' }>;

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const PAGE = 500;
const MOST_PAGE_BYTES = 64 << 20;
const TIMEOUT_MS = 30_000;

/** What of a pod is read; whatever else an answer holds is passed over. */
interface Pod {
  readonly metadata?: {
    readonly name?: unknown;
    readonly namespace?: unknown;
    readonly uid?: unknown;
    readonly labels?: unknown;
    readonly annotations?: unknown;
    readonly ownerReferences?: unknown;
  };
  readonly spec?: { readonly nodeName?: unknown; readonly containers?: unknown };
  readonly status?: {
    readonly podIP?: unknown;
    readonly hostIP?: unknown;
    readonly phase?: unknown;
    readonly conditions?: unknown;
  };
}

const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 1024) : '';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const objects = (value: unknown): Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

/** `prometheus.io/port` → `prometheus_io_port` */
function named(prefix: string, pairs: unknown): [string, string][] {
  if (!isObject(pairs)) return [];
  return Object.entries(pairs).flatMap(([key, value]): [string, string][] => {
    const name = key.replaceAll(/\W/gu, '_');
    return [
      [`__meta_kubernetes_pod_${prefix}_${name}`, text(value)],
      [`__meta_kubernetes_pod_${prefix}present_${name}`, 'true'],
    ];
  });
}

/** The targets of a pod: one per port, or one without a port for a container that declares none. */
export function podGroups(pod: Pod): TargetGroup[] {
  const ip = text(pod.status?.podIP);
  if (ip === '') return [];
  const host = ip.includes(':') ? `[${ip}]` : ip;
  const ready = objects(pod.status?.conditions).find(({ type }) => type === 'Ready');
  const owner = objects(pod.metadata?.ownerReferences).find(({ controller }) => controller === true);
  const meta = (name: string, value: unknown): [string, string] => [`__meta_kubernetes_${name}`, text(value)];
  const own = [
    meta('namespace', pod.metadata?.namespace),
    meta('pod_name', pod.metadata?.name),
    meta('pod_uid', pod.metadata?.uid),
    meta('pod_ip', ip),
    meta('pod_host_ip', pod.status?.hostIP),
    meta('pod_node_name', pod.spec?.nodeName),
    meta('pod_phase', pod.status?.phase),
    meta('pod_ready', text(ready?.['status']).toLowerCase()),
    meta('pod_controller_kind', owner?.['kind']),
    meta('pod_controller_name', owner?.['name']),
    ...named('label', pod.metadata?.labels),
    ...named('annotation', pod.metadata?.annotations),
  ];
  return objects(pod.spec?.containers).flatMap((container) => {
    const inContainer = [...own, meta('pod_container_name', container['name'])];
    const ports = objects(container['ports']);
    if (ports.length === 0) return [{ targets: [host], labels: Object.fromEntries(inContainer) }];
    return ports.map((port) => ({
      targets: [`${host}:${text(port['containerPort'])}`],
      labels: Object.fromEntries([
        ...inContainer,
        meta('pod_container_port_name', port['name']),
        meta('pod_container_port_number', port['containerPort']),
        meta('pod_container_port_protocol', port['protocol']),
      ]),
    }));
  });
}

interface Api {
  readonly url: string;
  readonly options: SourceOptions;
}

/** The cluster that the monitor runs in says where its API is, and gives each pod a token. */
async function apiOf({ server, auth, tls }: Kubernetes): Promise<Api> {
  const inside = server === '';
  const host = process.env['KUBERNETES_SERVICE_HOST'] ?? '';
  if (inside && host === '')
    throw new MonitorError('MONITOR_DISCOVERY', 'kubernetes: not in a cluster, and api_server is not given');
  const port = process.env['KUBERNETES_SERVICE_PORT'] ?? '443';
  const ownAuth: Auth = {
    kind: 'header',
    scheme: 'Bearer',
    secret: { kind: 'file', path: join(ACCOUNT, 'token') },
  };
  const ownTls: TlsFiles = { ...tls, ca: join(ACCOUNT, 'ca.crt') };
  const authorization = await authorizationOf(inside && auth.kind === 'none' ? ownAuth : auth);
  return {
    url: inside ? `https://${host.includes(':') ? `[${host}]` : host}:${port}` : server.replace(/\/$/u, ''),
    options: {
      tls: await tlsOf(inside && tls.ca === '' ? ownTls : tls),
      maxBytes: MOST_PAGE_BYTES,
      sameHost: true,
      ...(authorization === null ? {} : { headers: [`Authorization: ${authorization}`] }),
    },
  };
}

/** One page of a list, and the word with which the next one is asked for. */
async function pageOf(
  api: Api,
  path: string,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<{ pods: Pod[]; next: string }> {
  const url = new URL(`${api.url}${path}?${query.toString()}`);
  const name = `kubernetes ${url.host}`;
  const answer = await get({ url, name, options: { ...api.options, signal }, timeout: TIMEOUT_MS });
  const { body } = requireOk(answer, name, api.options.headers !== undefined);
  let list: unknown;
  try {
    list = JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    throw new MonitorError('MONITOR_DISCOVERY', `${name}: the answer is no JSON`, { cause: error });
  }
  if (!isObject(list) || !Array.isArray(list['items']))
    throw new MonitorError('MONITOR_DISCOVERY', `${name}: the answer is no list of pods`);
  const metadata = isObject(list['metadata']) ? list['metadata'] : {};
  return { pods: objects(list['items']), next: text(metadata['continue']) };
}

/** @throws MonitorError `MONITOR_DISCOVERY` where the API does not answer, or lets nobody in */
export async function kubernetesFinder(discovery: Kubernetes, signal: AbortSignal): Promise<TargetGroup[]> {
  const { namespaces, labelSelector, fieldSelector } = discovery;
  const paths =
    namespaces.length === 0
      ? ['/api/v1/pods']
      : namespaces.map((name) => `/api/v1/namespaces/${encodeURIComponent(name)}/pods`);
  const groups: TargetGroup[] = [];
  try {
    const api = await apiOf(discovery);
    for (const path of paths) {
      let next = '';
      do {
        const query = new URLSearchParams({ limit: String(PAGE) });
        if (labelSelector !== '') query.set('labelSelector', labelSelector);
        if (fieldSelector !== '') query.set('fieldSelector', fieldSelector);
        if (next !== '') query.set('continue', next);
        const page = await pageOf(api, path, query, signal);
        for (const pod of page.pods) groups.push(...podGroups(pod));
        next = page.next;
      } while (next !== '' && groups.length < MOST_TARGETS);
    }
    return groups;
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    throw new MonitorError('MONITOR_DISCOVERY', error.message, { cause: error });
  }
}
