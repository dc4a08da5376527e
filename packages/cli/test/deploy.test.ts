// The files of deploy/: every command line in them is one, and every configuration is read.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfig } from '@stackpile/monitor';
import { unlessCi } from '../../../testing/ci.ts';
import { parseMonitorArgs } from '../src/monitor/command-line.ts';

const place = (name: string): string => fileURLToPath(new URL(`../../../deploy/${name}`, import.meta.url));
const text = (name: string): string => readFileSync(place(name), 'utf8');

/** The words of a JSON array behind a word of a Dockerfile. */
function wordsOf(dockerfile: string, instruction: string): string[] {
  const [, array = '[]'] = new RegExp(`^${instruction} (\\[.*\\])$`, 'mu').exec(dockerfile) ?? [];
  return JSON.parse(array) as string[];
}

test('command lines of the image, the unit and the manifests are ones that the command takes', () => {
  const dockerfile = text('Dockerfile');
  const [program, command, ...entry] = wordsOf(dockerfile, 'ENTRYPOINT');
  assert.deepEqual([program, command], ['stackpile', 'monitor']);
  const image = parseMonitorArgs([...entry, ...wordsOf(dockerfile, 'CMD')]);
  assert.ok(image !== 'help');
  assert.deepEqual(
    [image.host, image.port, image.tokenFile, image.config],
    ['0.0.0.0', 7070, '/run/token', '/etc/stackpile.yaml'],
  );
  const [, line = ''] =
    /^ExecStart=\/usr\/bin\/env stackpile monitor (.*)$/mu.exec(text('stackpile-monitor.service')) ?? [];
  const unit = parseMonitorArgs(line.split(' '));
  assert.ok(unit !== 'help');
  assert.equal(unit.config, '/etc/stackpile/stackpile.yaml');
  const args = [...text('kubernetes.yaml').matchAll(/^ +- (--\S+)$/gmu)].map(([, arg = '']) => arg);
  const pod = parseMonitorArgs([...entry, ...args]);
  assert.ok(pod !== 'help' && pod.externalUrl !== null);
});

test('the configuration of the manifests is read, and asks for what the role allows', () => {
  const [, block = ''] = /^ {2}stackpile\.yaml: \|\n((?: {4}.*\n)+)/mu.exec(text('kubernetes.yaml')) ?? [];
  const { jobs } = readConfig(block.replaceAll(/^ {4}/gmu, ''), 'x', '/', {
    every: 15_000,
    profilesEvery: 60_000,
    timeout: 10_000,
  });
  assert.deepEqual(
    jobs.map(({ discoveries }) => discoveries.map(({ kind }) => kind)),
    [['kubernetes']],
  );
  assert.ok((jobs[0]?.relabel.length ?? 0) > 3);
});

const withoutSystemd = unlessCi(
  spawnSync('systemd-analyze', ['--version']).status !== 0 && 'no systemd-analyze',
);

test('systemd takes the unit', { skip: withoutSystemd }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-unit-'));
  try {
    const unit = join(folder, 'stackpile-monitor.service');
    copyFileSync(place('stackpile-monitor.service'), unit);
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], {
      encoding: 'utf8',
    });
    // What else is wrong on this machine is said too.
    assert.equal(
      stderr
        .split('\n')
        .filter((line) => line.includes('stackpile-monitor'))
        .join('\n'),
      '',
    );
    assert.equal(status, 0, stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
