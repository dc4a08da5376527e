// Services of a stranger with the installed agent: each endpoint answers, the page is there, and close() lets the process end.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Consumer } from './consumer.ts';
import { expect, type Ledger } from './ledger.ts';
import { type Running, start } from './processes.ts';

const programs = fileURLToPath(new URL('programs/', import.meta.url));
const TOKEN = 'a-token-of-this-check';
const URL_LINE = /^(http:\S+)$/mu;
/** Smaller would be no page of ours, but an excuse. */
const PAGE_BYTES = 20_000;

/** What each endpoint answers with; `ui` and the index are looked at on their own. */
const ENDPOINTS: Readonly<Record<string, (body: Buffer) => boolean>> = {
  goroutine: isProfile,
  'goroutine?debug=1': (body) => body.toString().startsWith('goroutine profile: total '),
  'goroutine?debug=2': (body) => body.includes('receiveMessages'),
  'goroutine?seconds=1': isProfile,
  'goroutine?source=heap': isProfile,
  heap: isProfile,
  'heap?debug=1': (body) => body.toString().startsWith('heap profile: '),
  'heap?seconds=1': isProfile,
  'profile?seconds=1': isProfile,
  cmdline: (body) => body.toString().includes('node'),
  counters: (body) => typeof (JSON.parse(body.toString()) as { rss?: unknown }).rss === 'number',
  offers: (body) => (JSON.parse(body.toString()) as { schema?: unknown }).schema === 'stackpile.offers/1',
};

/** A gzipped message whose first field is a sample type. */
function isProfile(body: Buffer): boolean {
  return body[0] === 0x1f && gunzipSync(body)[0] === 0x0a;
}

/** Copies a program into the consumer's folder and starts it; resolves when its profiles are served. */
export async function startService(
  consumer: Consumer,
  node: string,
  program: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly running: Running; readonly url: string }> {
  cpSync(join(programs, program), join(consumer.folder, program));
  const options = { cwd: consumer.folder, env: { ...consumer.env, ...env } };
  const running = await start(node, [program, ...args], options);
  const [, url = ''] = await running.says(URL_LINE);
  return { running, url };
}

async function tryOne(
  ledger: Ledger,
  consumer: Consumer,
  node: string,
  what: { readonly label: string; readonly program: string; readonly token?: string },
  env: Readonly<Record<string, string>>,
): Promise<void> {
  await ledger.try(what.label, async () => {
    const { running, url } = await startService(consumer, node, what.program, [], env);
    try {
      await scrape(url, what.token);
      const { status, stderr } = await running.end('SIGTERM');
      expect(status === 0, `close() did not end it: status ${String(status)}`);
      expect(stderr === '', `it said ${stderr}`);
    } finally {
      await running.end('SIGKILL');
    }
  });
}

/** Asks for everything that a service has. */
async function scrape(url: string, token: string | undefined): Promise<void> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const ask = async (path: string): Promise<{ status: number; body: Buffer }> => {
    const response = await fetch(new URL(path, url), { headers, signal: AbortSignal.timeout(30_000) });
    return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
  };
  const index = await ask('');
  expect(index.status === 200 && index.body.includes('goroutine'), `the index: ${index.status}`);
  for (const [path, holds] of Object.entries(ENDPOINTS)) {
    const { status, body } = await ask(path);
    expect(status === 200, `${path}: status ${status}, ${body.toString().slice(0, 300)}`);
    expect(holds(body), `${path}: not what it should be: ${body.toString('latin1').slice(0, 300)}`);
  }
  const page = await ask('ui');
  const isPage = page.status === 200 && /^<!doctype html>/iu.test(page.body.toString());
  expect(
    isPage && page.body.length > PAGE_BYTES,
    `ui: status ${page.status}, ${page.body.length} bytes: ${page.body.toString().slice(0, 300)}`,
  );
  if (token !== undefined) {
    const refused = await fetch(new URL('heap', url));
    await refused.arrayBuffer();
    expect(refused.status === 401, `without the token: status ${refused.status}`);
  }
}

/** A program that knows nothing of the agent, which Node is told to load before it. */
async function tryPreloaded(
  ledger: Ledger,
  consumer: Consumer,
  node: string,
  label: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  cpSync(join(programs, 'preloaded.mjs'), join(consumer.folder, 'preloaded.mjs'));
  for (const flag of ['--import', '-r']) {
    await ledger.try(`${label}: node ${flag} @stackpile/agent/register`, async () => {
      const running = await start(node, [flag, '@stackpile/agent/register', 'preloaded.mjs'], {
        cwd: consumer.folder,
        env: { ...consumer.env, ...env, STACKPILE_PORT: '0', STACKPILE_TOKEN: TOKEN },
      });
      try {
        const [line, url = ''] = await running.says(
          /^stackpile: profiles of process \d+ are at (\S+)\n/mu,
          'stderr',
        );
        await scrape(url, TOKEN);
        const { status, stderr } = await running.end('SIGTERM');
        expect(status === 0 && stderr === line, `it said more than a line: ${stderr}`);
      } finally {
        await running.end('SIGKILL');
      }
    });
  }
}

export async function tryServices(
  ledger: Ledger,
  consumer: Consumer,
  node: string,
  label: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const services = [
    { label: `${label}: a service with startServer (ESM)`, program: 'serve.mjs' },
    { label: `${label}: a service with startServer (CommonJS)`, program: 'serve.cjs' },
    { label: `${label}: a service with createHandler`, program: 'mount.mjs', token: TOKEN },
  ];
  for (const one of services) await tryOne(ledger, consumer, node, one, env);
  await tryPreloaded(ledger, consumer, node, label, env);
}
