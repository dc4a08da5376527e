// `cmdline`: as Go gives it, or with what looks like a secret hidden.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { redactArguments } from '../src/redact.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

const H = '[redacted]';

describe('what looks like a secret', () => {
  const hidden: readonly (readonly [args: readonly string[], shown: readonly string[]])[] = [
    [
      ['--token=abc', '--port=80'],
      [`--token=${H}`, '--port=80'],
    ],
    [
      ['--db-password', 'hunter2', '--port', '80'],
      ['--db-password', H, '--port', '80'],
    ],
    [
      ['-secret', 'x'],
      ['-secret', H],
    ],
    [
      ['API_KEY=abc', 'MODE=dev'],
      [`API_KEY=${H}`, 'MODE=dev'],
    ],
    [['--private-key=a=b'], [`--private-key=${H}`]],
    [
      ['--tokens', '--verbose', 'x'],
      ['--tokens', '--verbose', 'x'],
    ],
    [['postgres://bob:hunter2@db/x'], [`postgres://bob:${H}@db/x`]],
    [['--redis=redis://:p@ss@host:6379'], [`--redis=redis://:${H}@host:6379`]],
    [['https://x/y?a=1&access_token=abc&b=2'], [`https://x/y?a=1&access_token=${H}&b=2`]],
    [['--header=Authorization: Bearer abcdef'], [`--header=Authorization: Bearer ${H}`]],
    [
      [`ghp_${'a'.repeat(36)}`, 'AKIAABCDEFGHIJKLMNOP'],
      [H, H],
    ],
    [['eyJhbGciOiJI.eyJzdWIiOiIx.abc-_'], [H]],
    [
      ['curl', '-u', 'me:hunter2', '--user', 'a:b:c', '-uyou:x', '--proxy-user=p:q'],
      ['curl', '-u', `me:${H}`, '--user', `a:${H}`, `-uyou:${H}`, `--proxy-user=p:${H}`],
    ],
    [
      ['mysql', '-uroot', '-phunter2', '-pS3cret!', '-P3306'],
      ['mysql', '-uroot', `-p${H}`, `-p${H}`, '-P3306'],
    ],
    [['-----BEGIN RSA PRIVATE KEY-----\nabc'], [H]],
  ];
  for (const [args, shown] of hidden)
    test(args.join(' ').slice(0, 60), () => assert.deepEqual(redactArguments(args), shown));

  test('what does not is left as it is', () => {
    const args = [
      'node',
      '--max-old-space-size=4096',
      '/srv/app/token.js',
      '--keyboard=de',
      '--monkey',
      'x',
      'http://a:80/b?c=d',
      '-p',
      'author=x',
      ...[
        '-u',
        '1000:1000',
        '-u',
        'http://a/b',
        '-u',
        'main.py',
        '-p8080:80',
        '-p3306',
        '-p./x',
        '-port=80',
        '-profile',
      ],
    ];
    assert.deepEqual(redactArguments(args), args);
  });

  test('a secret is never shown, wherever it stands', () => {
    const secret = fc.stringMatching(/^[a-z\d]{12,30}$/u).map((text) => `s3cr3t${text}`);
    fc.assert(
      fc.property(
        secret,
        fc.constantFrom('token', 'db-password', 'API_KEY', 'clientSecret', 'auth'),
        (value, name) => {
          for (const args of [
            [`--${name}=${value}`],
            [`--${name}`, value],
            [`${name}=${value}`],
            [`http://u:${value}@h/`],
            [`http://h/?${name}=${value}`],
          ])
            assert.ok(!redactArguments(args).join(' ').includes(value), args.join(' '));
        },
      ),
    );
  });

  test('a long argument takes no long time', () => {
    for (const text of [
      'a'.repeat(200_000),
      '-'.repeat(200_000),
      'a://'.repeat(50_000),
      '?a='.repeat(60_000),
      'eyJ'.repeat(60_000),
    ])
      assert.equal(redactArguments([text]).length, 1);
  });
});

describe('cmdline', () => {
  test('is what it is, or redacted where the option says so', async () => {
    process.argv.push('--token=abc');
    try {
      for (const [cmdline, last] of [
        [undefined, '--token=abc'],
        [{ redact: false }, '--token=abc'],
        [{ redact: true }, `--token=${H}`],
      ] as const) {
        const { port, close } = await serving({ port: 0, ...(cmdline === undefined ? {} : { cmdline }) });
        const args = (await ask(port, '/debug/pprof/cmdline')).body.toString().split('\0');
        assert.deepEqual([args[0], args.at(-1)], [process.execPath, last]);
        await close();
      }
    } finally {
      process.argv.pop();
    }
  });
});
