// Rules over labels: what Prometheus does with the same ones.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfig } from '../src/config/read.ts';
import { relabelled } from '../src/discovery/relabel.ts';

function apply(rules: string, labels: Record<string, string>): Readonly<Record<string, string>> | null {
  const text = `scrape_configs: [{ job_name: a, relabel_configs: [${rules}] }]`;
  const { jobs } = readConfig(text, 'x', '/', { every: 1000, profilesEvery: 1000, timeout: 1000 });
  return relabelled(labels, jobs[0]?.relabel ?? []);
}

describe('relabelling', () => {
  test('replaces, with groups by number and by name, joined sources and a literal dollar', () => {
    const labels = { __address__: '10.0.0.7:8080', port: '6060', env: 'prod' };
    assert.deepEqual(
      apply(
        `{ source_labels: [__address__, port], regex: '([^:]+)(?::\\d+)?;(\\d+)', replacement: '$1:$2', target_label: __address__ }`,
        labels,
      ),
      { ...labels, __address__: '10.0.0.7:6060' },
    );
    assert.equal(
      apply(
        `{ source_labels: [env], regex: '(?P<first>.).*', replacement: '\${first}$$-\${9}', target_label: short }`,
        labels,
      )?.['short'],
      'p$-',
    );
    // The expression is of the whole text; what does not match changes nothing.
    assert.deepEqual(
      apply(`{ source_labels: [env], regex: pro, target_label: env, replacement: x }`, labels),
      labels,
    );
    // An empty value is no label.
    assert.equal('env' in (apply(`{ replacement: '', target_label: env }`, labels) ?? {}), false);
  });

  test('keeps, drops, maps and shards targets', () => {
    const labels = { env: 'prod', __meta_label_app: 'shop', __meta_label_team: 'a' };
    assert.equal(apply(`{ action: keep, source_labels: [env], regex: test|stage }`, labels), null);
    assert.equal(apply(`{ action: drop, source_labels: [env], regex: test|prod }`, labels), null);
    assert.notEqual(apply(`{ action: drop, source_labels: [none], regex: .+ }`, labels), null);
    assert.deepEqual(apply(`{ action: labelmap, regex: __meta_label_(.+) }`, labels), {
      ...labels,
      app: 'shop',
      team: 'a',
    });
    assert.deepEqual(apply(`{ action: labeldrop, regex: __meta_.* }`, labels), { env: 'prod' });
    assert.deepEqual(apply(`{ action: labelkeep, regex: env }`, labels), { env: 'prod' });
    assert.equal(
      apply(`{ action: uppercase, source_labels: [env], target_label: env }`, labels)?.['env'],
      'PROD',
    );
    // As Prometheus hashes: the last eight bytes of the MD5, as Python's hashlib gives them, modulo 7.
    const shards = ['a', 'b', 'c', 'd', 'e', 'f'].map(
      (one) =>
        apply(`{ action: hashmod, source_labels: [x], target_label: shard, modulus: 7 }`, { x: one })?.[
          'shard'
        ],
    );
    assert.deepEqual(shards, ['2', '5', '0', '6', '6', '0']);
  });
});
