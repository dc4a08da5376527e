// Monitors that run for real for the contact sheets: a small one with a leak and a target that is down, one with none, one with five hundred.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { closedPort, listen, shut } from '../../testing/listening.ts';
import { root } from '../house.ts';

export interface Monitors {
  /** Addresses, with a slash at the end. */
  readonly small: string;
  readonly empty: string;
  readonly many: string;
  /** The target of the small one that leaks, as it is named. */
  readonly leaky: string;
  end(): Promise<void>;
}

const moments = ['t2', 't6', 't16', 't36', 't76', 't136'];
/** Looks for which a service that leaks stays at one moment. */
const perMoment = 5;

/** Services below one address: those whose name begins with `leaky` grow. */
async function services(fixtures: string): Promise<{ host: string; end: () => Promise<unknown> }> {
  const asked = new Map<string, number>();
  const dumps = new Map(
    moments.flatMap((moment) =>
      ['leaky', 'fixed'].map((twin) => [
        `${twin} ${moment}`,
        readFileSync(join(fixtures, `go/${twin}/${moment}/goroutine.pb.gz`)),
      ]),
    ),
  );
  const server = createServer((request, response) => {
    const [, name = '', path = ''] =
      /^\/([\w-]+)\/debug\/pprof\/(\w*)/u.exec(new URL(request.url ?? '/', 'http://x').pathname) ?? [];
    if (name !== '' && path === '')
      response
        .setHeader('content-type', 'text/html')
        .end(`<table><tr><td>${20}</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr></table>`);
    else if (path === 'goroutine') {
      const looks = asked.get(name) ?? 0;
      asked.set(name, looks + 1);
      const moment = moments[Math.min(moments.length - 1, Math.floor(looks / perMoment))] ?? 't136';
      response.end(dumps.get(`${name.startsWith('leaky') ? 'leaky' : 'fixed'} ${moment}`));
    } else response.writeHead(404).end();
  });
  return { host: await listen(server), end: () => shut(server) };
}

async function monitor(args: readonly string[], cwd: string, children: ChildProcess[]): Promise<string> {
  const child = spawn(
    process.execPath,
    [
      '--conditions=stackpile-source',
      '--disable-warning=ExperimentalWarning',
      join(root, 'packages/cli/src/main.ts'),
      'monitor',
      ...['--listen', '127.0.0.1:0', '--store', ':memory:'],
      ...args,
    ],
    { cwd, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  children.push(child);
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const url = /http:\/\/127\.0\.0\.1:\d+\//u.exec(said)?.[0];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', () => reject(new Error(`the monitor ended: ${said.slice(0, 500)}`)));
  });
}

/** Starts them, and waits until the small one has told of its leak. */
export async function startMonitors(fixtures: string, folder: string): Promise<Monitors> {
  const { host, end } = await services(fixtures);
  const children: ChildProcess[] = [];
  const target = (job: string, name: string): string => `${job}=http://${host}/${name}/debug/pprof/`;
  const down = `mail=http://127.0.0.1:${await closedPort()}`;
  const often = ['--every', '1s', '--profiles-every', '1s'];
  const small = await monitor(
    [target('shop', 'leaky-shop'), target('cart', 'cart'), target('pool', 'pool'), down, ...often],
    folder,
    children,
  );
  const config = join(folder, 'none.yaml');
  writeFileSync(
    config,
    'scrape_configs: [{ job_name: shop, file_sd_configs: [{ files: [none-*.json] }] }]\n',
  );
  const empty = await monitor(['--config', config], folder, children);
  const many = await monitor(
    [
      ...Array.from({ length: 497 }, (_, row) => {
        const name = `orders-api-${String(row).padStart(3, '0')}`;
        return target(name, row % 200 === 7 ? `leaky-${name}` : name);
      }),
      ...[1, 2, 3].map((row) => down.replace('mail=', `mail-${row}=`)),
      ...['--every', '10s', '--profiles-every', '10s'],
    ],
    folder,
    children,
  );
  for (let tries = 0; tries < 240; tries++) {
    const answer = (await (await fetch(`${small}api/targets`)).json()) as {
      readonly alerts: readonly unknown[];
    };
    if (answer.alerts.length > 0) break;
    await sleep(500);
  }
  return {
    small,
    empty,
    many,
    leaky: `shop ${host}`,
    async end() {
      for (const child of children) {
        child.removeAllListeners('exit');
        child.kill();
      }
      await end();
    },
  };
}
