// The configuration file: what it means, and what is wrong with it, with line and column.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfig } from '../src/config/read.ts';
import { MonitorError } from '../src/errors.ts';

const defaults = { every: 15_000, profilesEvery: 60_000, timeout: 10_000 };

function read(text: string): ReturnType<typeof readConfig> {
  return readConfig(text, 'stackpile.yaml', '/etc/stackpile', defaults);
}

describe('a configuration', () => {
  test('is read as Prometheus and Parca have it: times, discovery, credentials, profiles', () => {
    const { jobs, receivers } = read(`
global:
  scrape_interval: 30s
  profile_interval: 2m
scrape_configs:
  - job_name: shop
    scrape_timeout: 1m30s
    scheme: https
    bearer_token_file: token
    tls_config: { ca_file: ca.pem, insecure_skip_verify: true }
    static_configs:
      - targets: [a:6060, 'b:80']
        labels: { env: prod }
    file_sd_configs:
      - files: ['targets/*.json']
    dns_sd_configs:
      - names: [_pprof._tcp.shop.example]
      - names: [shop.example]
        type: A
        port: 6060
        refresh_interval: 5s
    profiling_config:
      path_prefix: /internal
      pprof_config:
        memory: { interval: 5m }
        process_cpu: { enabled: true, seconds: 20 }
        block: { enabled: false }
  - job_name: mail
    scrape_interval: 500ms
    basic_auth: { username: me, password_env: MAIL_PASSWORD }
receivers:
  - url: https://hooks.example/leaks
    form: slack
    authorization: { credentials_file: /run/hook }
`);
    const [shop, mail] = jobs;
    assert.ok(shop !== undefined && mail !== undefined);
    assert.deepEqual(
      [shop.every, shop.timeout, shop.scheme, shop.pathPrefix],
      [30_000, 90_000, 'https', '/internal'],
    );
    assert.deepEqual(shop.auth, {
      kind: 'header',
      scheme: 'Bearer',
      secret: { kind: 'file', path: '/etc/stackpile/token' },
    });
    assert.deepEqual(shop.tls, { ca: '/etc/stackpile/ca.pem', cert: '', key: '', insecure: true });
    assert.deepEqual(shop.discoveries, [
      { kind: 'static', targets: ['a:6060', 'b:80'], labels: { env: 'prod' } },
      { kind: 'file', paths: ['/etc/stackpile/targets/*.json'], every: 30_000 },
      { kind: 'dns', names: ['_pprof._tcp.shop.example'], type: 'SRV', port: 0, every: 30_000 },
      { kind: 'dns', names: ['shop.example'], type: 'A', port: 6060, every: 5000 },
    ]);
    assert.deepEqual(shop.profiles, [
      { name: 'goroutine', every: 120_000, seconds: 0 },
      { name: 'heap', every: 300_000, seconds: 0 },
      { name: 'profile', every: 300_000, seconds: 20 },
    ]);
    assert.deepEqual(mail.profiles, [
      { name: 'goroutine', every: 120_000, seconds: 0 },
      { name: 'heap', every: 120_000, seconds: 0 },
    ]);
    assert.deepEqual(mail.auth, {
      kind: 'basic',
      user: 'me',
      password: { kind: 'environment', name: 'MAIL_PASSWORD' },
    });
    assert.deepEqual(receivers, [
      {
        url: 'https://hooks.example/leaks',
        form: 'slack',
        auth: { kind: 'header', scheme: 'Bearer', secret: { kind: 'file', path: '/run/hook' } },
      },
    ]);
  });

  test('an empty one has nothing in it, and anchors stand for what they name', () => {
    assert.deepEqual(read(''), { jobs: [], forwards: [], receivers: [] });
    const { jobs } = read(`
scrape_configs:
  - job_name: a
    relabel_configs: &rules
      - { action: drop, source_labels: [env], regex: test }
  - { job_name: b, relabel_configs: *rules }
`);
    assert.equal(jobs[1]?.relabel[0]?.action, 'drop');
  });

  test('what is wrong is one sentence with line and column', () => {
    const wrong: readonly (readonly [text: string, says: RegExp])[] = [
      ['scrape_configs: [', /^stackpile\.yaml:1:18: /u],
      ['a: 1\na: 2', /^stackpile\.yaml:2:1: /u],
      [
        'scrape_config: []',
        /^stackpile\.yaml:1:1: scrape_config: there is no such setting here; there are /u,
      ],
      ['['.repeat(10_000), /^stackpile\.yaml:1:\d+: it is nested too deeply$/u],
      [
        `scrape_configs:\n  - job_name: a\n    static_configs: [{ targets: [], labels: { a: ${'x'.repeat(1 << 20)} } }]`,
        /^stackpile\.yaml:3:\d+: .*: a label has at most 1000 characters$/u,
      ],
      ['scrape_configs: 7', /^stackpile\.yaml:1:17: scrape_configs: a list is expected here/u],
      ['- 7', /^stackpile\.yaml:1:1: settings are expected here/u],
      ['scrape_configs:\n  - {}', /^stackpile\.yaml:2:5: scrape_configs\[0\]: job_name is missing/u],
      ['scrape_configs:\n  - job_name: a\n  - job_name: a', /:3:5: scrape_configs\[1\]: there are two jobs/u],
      ['global:\n  scrape_interval: soon', /:2:20: global\.scrape_interval: "soon" is no time/u],
      ['global:\n  scrape_interval: 1ms', /:2:20: .*between 100 ms/u],
      ['global: { scrape_interval: 15 }', /"15" is no time such as 15s/u],
      ['scrape_configs:\n  - job_name: a\n    scheme: ftp', /:3:13: .*"ftp" is none of http, https/u],
      [
        'scrape_configs:\n  - job_name: a\n    static_configs:\n      - targets: x',
        /:4:18: .*targets: a list is expected/u,
      ],
      [
        'scrape_configs:\n  - job_name: a\n    relabel_configs:\n      - regex: "("\n        target_label: x',
        /:4:16: .*no regular expression/u,
      ],
      ['scrape_configs:\n  - job_name: a\n    relabel_configs: [{}]', /:3:23: .*target_label is missing/u],
      [
        'scrape_configs:\n  - job_name: a\n    bearer_token: x\n    authorization: { credentials: y }',
        /:4:20: .*there are two of authorization/u,
      ],
      [
        'scrape_configs:\n  - job_name: a\n    profiling_config: { pprof_config: { constructor: {} } }',
        /this profile is not taken; there are goroutine/u,
      ],
      ['scrape_configs:\n  - job_name: a\n    dns_sd_configs: [{ names: [x], type: A }]', /port is missing/u],
      [
        'receivers:\n  - url: http://u:secret@x/',
        /:2:10: receivers\[0\]\.url: credentials do not stand in an address(?!.*secret)/u,
      ],
      ['receivers:\n  - url: nowhere', /:2:10: receivers\[0\]\.url: an address of http/u],
      ['receivers:\n  - url', /settings are expected here/u],
      ['forward: [{ url: "http://a", to: kafka }]', /"kafka" is none of pyroscope, otlp/u],
      [`a: ${'['.repeat(20_000)}`, /^stackpile\.yaml:1:/u],
    ];
    for (const [text, says] of wrong)
      assert.throws(
        () => read(text),
        (error) => {
          assert.ok(error instanceof MonitorError, `${text.slice(0, 100)}: ${String(error)}`);
          assert.equal(error.code, 'MONITOR_CONFIG');
          assert.match(error.message, says);
          assert.doesNotMatch(error.message, /\n/u);
          return true;
        },
        text.slice(0, 100),
      );
  });
});
