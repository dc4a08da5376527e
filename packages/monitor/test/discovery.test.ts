// Where targets come from: lists, files, a name server, the API of a cluster; and what becomes of them when a source fails.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { listen, shut } from '../../../testing/listening.ts';
import { readConfig } from '../src/config/read.ts';
import { Discovered } from '../src/discovery/discovered.ts';
import type { NameServer } from '../src/discovery/dns.ts';

const folder = mkdtempSync(join(tmpdir(), 'stackpile-discovery-'));
after(() => rmSync(folder, { recursive: true }));

const noNames: NameServer = {
  resolve4: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })),
  resolve6: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENODATA' })),
  resolveSrv: () => Promise.reject(Object.assign(new Error('no'), { code: 'ETIMEOUT' })),
};

/** A clock that stands still until it is told to go on. */
class Steps {
  #waiting: (() => void)[] = [];
  now(): number {
    return 0;
  }
  sleep(_ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  next(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }
}

interface Watched {
  readonly discovered: Discovered;
  readonly said: string[];
  /** Lets every source be asked once more, and waits until something has changed or was said. */
  again(): Promise<void>;
  /** Lets time pass until a source is to be asked. */
  next(): void;
}

async function discover(config: string, names: NameServer = noNames): Promise<Watched> {
  const said: string[] = [];
  const { jobs } = readConfig(config, 'x', folder, { every: 1000, profilesEvery: 1000, timeout: 1000 });
  const clock = new Steps();
  let events = 0;
  const heard = {
    changed: () => void events++,
    failed: (sentence: string) => {
      said.push(sentence);
      events++;
    },
  };
  const discovered = new Discovered(jobs, heard, clock, names);
  await discovered.start();
  return {
    discovered,
    said,
    next: () => clock.next(),
    async again() {
      for (const before = events; events === before; await turn()) clock.next();
    },
  };
}

const found = ({ discovered }: Watched): (readonly [string, Readonly<Record<string, string>>])[] =>
  discovered.targets().map(({ url, labels }) => [url, labels]);

describe('discovery', () => {
  test('a list: hosts and addresses, labels, what a rule says, and what is no address', async () => {
    const watched = await discover(`
scrape_configs:
  - job_name: shop
    static_configs:
      - { targets: [a:6060, 'https://b/base/', 'http://c:1/x/debug/pprof'], labels: { env: prod } }
      - { targets: ['[::1]:6060', drop:1, 'not an address'] }
    relabel_configs:
      - { action: drop, source_labels: [__address__], regex: 'drop:.*' }
      - { source_labels: [__address__], regex: 'a:.*', target_label: __path_prefix__, replacement: /admin/ }
`);
    assert.deepEqual(found(watched), [
      ['http://a:6060/admin/debug/pprof/', { instance: 'a:6060', job: 'shop', env: 'prod' }],
      ['https://b/base/debug/pprof/', { instance: 'b', job: 'shop', env: 'prod' }],
      ['http://c:1/x/debug/pprof/', { instance: 'c:1', job: 'shop', env: 'prod' }],
      ['http://[::1]:6060/debug/pprof/', { instance: '[::1]:6060', job: 'shop' }],
    ]);
    assert.deepEqual(watched.said, ['shop: not an address is no address of a target']);
    await watched.discovered.stop();
  });

  test('files: JSON and YAML, read anew; one that is broken or gone takes no target away', async () => {
    mkdirSync(join(folder, 'targets'));
    writeFileSync(join(folder, 'targets/a.json'), '[{"targets":["a:1"],"labels":{"env":"prod"}}]');
    writeFileSync(join(folder, 'targets/b.yaml'), '- targets: [b:1]');
    writeFileSync(join(folder, 'targets/.hidden.json'), 'no');
    const watched = await discover(
      `scrape_configs: [{ job_name: shop, file_sd_configs: [{ files: ['targets/*.json', targets/b.yaml] }] }]`,
    );
    const names = (): string[] => watched.discovered.targets().map(({ labels }) => labels['instance'] ?? '');
    assert.deepEqual(names(), ['a:1', 'b:1']);
    writeFileSync(join(folder, 'targets/c.json'), '[{"targets":["c:1"]}]');
    await watched.again();
    assert.deepEqual(names(), ['a:1', 'c:1', 'b:1']);
    writeFileSync(join(folder, 'targets/c.json'), '[{"targets":');
    await watched.again();
    assert.deepEqual(names(), ['a:1', 'c:1', 'b:1']);
    assert.match(watched.said.at(-1) ?? '', /^shop: .*targets\/c\.json:1:\d+: /u);
    rmSync(join(folder, 'targets/b.yaml'));
    writeFileSync(join(folder, 'targets/c.json'), '[]');
    await watched.again();
    assert.deepEqual(names(), ['a:1', 'c:1', 'b:1']);
    assert.match(watched.said.at(-1) ?? '', /^shop: .*targets\/b\.yaml: /u);
    await watched.discovered.stop();
  });

  test('a name server: SRV, A and AAAA; what it does not know has no target, and its silence takes none away', async () => {
    let isSilent = false;
    let hangs = false;
    let isHanging = false;
    const names: NameServer = {
      resolve4: (name) =>
        name === 'shop' ? Promise.resolve(['10.0.0.2', '10.0.0.1']) : noNames.resolve4(name),
      resolve6: () => {
        if (!hangs) return Promise.resolve(['fd00::1']);
        isHanging = true;
        return new Promise(() => undefined);
      },
      resolveSrv: (name) =>
        isSilent
          ? noNames.resolveSrv(name)
          : Promise.resolve([{ name: 'pod-1.shop.', port: 7000, priority: 1, weight: 1 }]),
    };
    const watched = await discover(
      `
scrape_configs:
  - job_name: shop
    dns_sd_configs:
      - { names: [shop, none], type: A, port: 6060 }
      - { names: [shop], type: AAAA, port: 6060 }
      - { names: [_pprof._tcp.shop] }
    relabel_configs: [{ source_labels: [__meta_dns_name], target_label: dns }]
`,
      names,
    );
    const expected = [
      ['10.0.0.1:6060', 'shop'],
      ['10.0.0.2:6060', 'shop'],
      ['[fd00::1]:6060', 'shop'],
      ['pod-1.shop:7000', '_pprof._tcp.shop'],
    ];
    const now = (): unknown => found(watched).map(([, { instance, dns }]) => [instance, dns]);
    assert.deepEqual(now(), expected);
    isSilent = true;
    await watched.again();
    assert.deepEqual(now(), expected);
    assert.match(watched.said[0] ?? '', /^shop: _pprof\._tcp\.shop: /u);
    // One that never answers holds up no end.
    hangs = true;
    for (; !isHanging; await turn()) watched.next();
    await watched.discovered.stop();
  });

  test("a cluster: pods page by page with the account's token, a target per port; its refusal takes none away", async (context) => {
    const asked: { url: string; authorization: string | undefined }[] = [];
    let refuses = false;
    const pod = (name: string, ip: string, ports: readonly number[]): object => ({
      metadata: {
        name,
        namespace: 'prod',
        labels: { app: 'shop', 'app.kubernetes.io/name': 'x' },
        annotations: { 'stackpile/scrape': 'true' },
        ownerReferences: [{ controller: true, kind: 'ReplicaSet', name: 'shop-1' }],
      },
      spec: {
        nodeName: 'n1',
        containers: [
          { name: 'main', ports: ports.map((containerPort) => ({ name: 'pprof', containerPort })) },
        ],
      },
      status: { podIP: ip, phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    });
    const answer = ({ url = '', headers }: IncomingMessage): unknown => {
      asked.push({ url, authorization: headers.authorization });
      const at = new URL(url, 'http://x').searchParams.get('continue');
      return at === 'next'
        ? { items: [pod('shop-b', 'fd00::7', [6060]), pod('pending', '', []), 'nonsense'], metadata: {} }
        : {
            items: [pod('shop-a', '10.0.0.7', [6060, 8080]), pod('bare', '10.0.0.8', [])],
            metadata: { continue: 'next' },
          };
    };
    const server = createServer((request, response) => {
      if (refuses)
        response
          .writeHead(403, { 'Content-Type': 'application/json' })
          .end('{"message":"pods is forbidden"}');
      else
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer(request)));
    });
    const host = await listen(server);
    context.after(() => shut(server));
    writeFileSync(join(folder, 'account-token'), 'secret\n');
    const watched = await discover(`
scrape_configs:
  - job_name: pods
    kubernetes_sd_configs:
      - role: pod
        api_server: http://${host}
        bearer_token_file: account-token
        namespaces: { names: [prod] }
        selectors: [{ role: pod, label: app=shop }]
    relabel_configs:
      - { action: drop, source_labels: [__meta_kubernetes_pod_container_port_number], regex: '8080' }
      - { action: keep, source_labels: [__meta_kubernetes_pod_annotation_stackpile_scrape], regex: 'true' }
      - { source_labels: [__meta_kubernetes_pod_label_app], target_label: job }
      - { source_labels: [__meta_kubernetes_pod_name], target_label: pod }
      - { source_labels: [__meta_kubernetes_pod_controller_name], target_label: controller }
`);
    const expected = [
      [
        'http://10.0.0.7:6060/debug/pprof/',
        { instance: '10.0.0.7:6060', job: 'shop', pod: 'shop-a', controller: 'shop-1' },
      ],
      [
        'http://10.0.0.8/debug/pprof/',
        { instance: '10.0.0.8', job: 'shop', pod: 'bare', controller: 'shop-1' },
      ],
      [
        'http://[fd00::7]:6060/debug/pprof/',
        { instance: '[fd00::7]:6060', job: 'shop', pod: 'shop-b', controller: 'shop-1' },
      ],
    ];
    assert.deepEqual(found(watched), expected);
    assert.deepEqual(
      asked.map(({ authorization }) => authorization),
      ['Bearer secret', 'Bearer secret'],
    );
    assert.match(
      asked[0]?.url ?? '',
      /^\/api\/v1\/namespaces\/prod\/pods\?limit=500&labelSelector=app%3Dshop$/u,
    );
    refuses = true;
    await watched.again();
    assert.deepEqual(found(watched), expected);
    assert.match(watched.said[0] ?? '', /^pods: kubernetes 127\.0\.0\.1:\d+: 403/u);
    await watched.discovered.stop();
  });
});
