// What keys do: save what can be captured, open the page, write the report. Each answers with one sentence.
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Capture, type Service, SourceError, systemReason } from '@stackpile/sources';
import type { CliIo } from '../io.ts';
import { PageError } from '../web/page.ts';
import type { UiServer } from '../web/serve.ts';
import { sourceOf } from '../web/sources.ts';
import type { Watched } from './watched.ts';

/** What is saved of a service, in this order, where it offers it: nothing that stops it. */
const SAVED = ['goroutine', 'heap'];
/** What is saved of a process, which stands still for all the same. */
const SAVED_OF_PROCESS = ['heapsnapshot'];

/** `127.0.0.1-6060`: letters that stand in file names everywhere. */
function fileName(name: string): string {
  return (
    name
      .replace(/^\w+:\/\//u, '')
      .replaceAll(/[^\w.-]+/gu, '-')
      .replaceAll(/^[.-]+|[.-]+$/gu, '')
      .slice(0, 60) || 'service'
  );
}

/** `20260731-184502`, in UTC. */
function stamp(time: number): string {
  return new Date(time)
    .toISOString()
    .replaceAll(/[-:]|\.\d+Z$/gu, '')
    .replace('T', '-');
}

function extensionOf({ body }: Capture): string {
  if (body[0] === 0x1f && body[1] === 0x8b) return '.pb.gz';
  return body.subarray(0, 64).some((byte) => byte < 9) ? '.pb' : '.txt';
}

/** The sentence for what went wrong; throws what nobody expected. */
function problem(error: unknown, what: string): string {
  if (error instanceof SourceError) return error.message;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return `${what}: ${systemReason(error)}`;
  throw error;
}

/** Saves what can be captured now: one folder a time, so that all of them are what `stackpile leaks` judges. */
export async function saveCapture(
  watched: Watched,
  io: Pick<CliIo, 'cwd' | 'now'>,
  signal: AbortSignal,
): Promise<string> {
  const { service } = watched;
  if (service === null) return 'it does not answer: nothing was saved';
  const folder = join('stackpile-captures', fileName(watched.name), stamp(io.now()));
  try {
    const names = await savedOf(service, signal);
    await mkdir(resolve(io.cwd, folder), { recursive: true });
    for (const name of names) {
      const capture = await service.capture(name, {}, signal);
      // Stacks and labels may tell of people: for its owner alone. What is there already is nobody's to overwrite.
      await writeFile(resolve(io.cwd, folder, `${name}${extensionOf(capture)}`), capture.body, {
        flag: 'wx',
        mode: 0o600,
      });
    }
    return names.length === 0
      ? 'it offers nothing that could be saved'
      : `saved ${names.join(' and ')} in ${folder}`;
  } catch (error) {
    return problem(error, folder);
  }
}

async function savedOf(service: Service, signal: AbortSignal): Promise<string[]> {
  const { offers } = await service.offers(signal);
  const wanted = service.heavy ? SAVED_OF_PROCESS : SAVED;
  return wanted.filter((name) => offers.some((offer) => offer.name === name));
}

/** Writes the dumps that were seen as one HTML file. */
export async function writeReport(watched: Watched, io: Pick<CliIo, 'cwd' | 'now'>): Promise<string> {
  const name = `stackpile-${fileName(watched.name)}-${stamp(io.now())}.html`;
  try {
    const { pageOf } = await import('../report/report-file.ts');
    const sources = [];
    for (const dump of watched.kept.dumps) sources.push(await sourceOf(dump, io.cwd));
    if (sources.length === 0) return 'nothing was seen yet that a report could show';
    const html = await pageOf(sources, true);
    await writeFile(resolve(io.cwd, name), html, { flag: 'wx', mode: 0o600 });
    return `wrote ${name}: it opens in any browser`;
  } catch (error) {
    if (error instanceof PageError) return error.message;
    return problem(error, name);
  }
}

/** Pages that were opened, each served until the end. */
export class Pages {
  readonly #io: CliIo;
  readonly #open = new Map<Watched, UiServer>();

  constructor(io: CliIo) {
    this.#io = io;
  }

  async show(watched: Watched): Promise<string> {
    const { openBrowser, startUi } = await import('../web/serve.ts');
    const io = this.#io;
    const { typed, source } = watched.plan;
    try {
      const server =
        this.#open.get(watched) ??
        (await startUi({ sources: [typed], address: 'localhost:', noBrowser: true, source }, io));
      this.#open.set(watched, server);
      let said = '';
      await openBrowser(server, {
        env: io.env,
        // What a browser prints has no place on this screen.
        run: (command, args, options) => io.run(command, args, { ...options, silent: true }),
        stderr: { write: (text) => void (said += String(text)) },
      });
      return said === '' ? `the page is at ${server.url}` : `${said.trim()} (${server.url})`;
    } catch (error) {
      if (error instanceof PageError) return error.message;
      return problem(error, 'the page');
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((server) => server.close()));
  }
}
