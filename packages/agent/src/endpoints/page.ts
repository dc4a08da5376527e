// `ui`: the web page that shows this service's own profiles, one file built from packages/ui and carried along.
import { access, readFile } from 'node:fs/promises';
import type { Endpoint } from './endpoint.ts';
import { EndpointError, type PprofResponse } from '../http/messages.ts';
import { pagePlaces } from './page-places.ts';
import { PAGE } from '../http/route.ts';

let file: Promise<Uint8Array> | null = null;

/** Whether this build carries the page. */
export async function hasPage(): Promise<boolean> {
  for (const place of pagePlaces) {
    try {
      await access(new URL(place, import.meta.url));
      return true;
    } catch {
      // the next place
    }
  }
  return false;
}

async function read(): Promise<Uint8Array> {
  for (const place of pagePlaces) {
    try {
      return await readFile(new URL(place, import.meta.url));
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code !== 'ENOENT') throw error;
    }
  }
  throw new EndpointError(
    404,
    'There is no web page beside the agent (it is bundled, or a clone that was not built): use stackpile -http=: URL',
  );
}

/** The page. It holds no data: what it shows it asks of the endpoints beside it, with the credentials of its reader. */
export async function uiPage(): Promise<PprofResponse> {
  file ??= read();
  try {
    return {
      status: 200,
      headers: {
        'Content-Type': 'text/html; charset=utf-8',
        // As it was built; the door unpacks it for whoever does not take it so.
        'Content-Encoding': 'gzip',
        Vary: 'Accept-Encoding',
        // The page's own policy is in its head; this adds what only a header can say.
        'Content-Security-Policy': "frame-ancestors 'none'",
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
        'Cache-Control': 'no-store',
      },
      body: await file,
    };
  } catch (error) {
    file = null;
    throw error;
  }
}

/** The page as an endpoint. */
export const page: Endpoint = {
  name: PAGE,
  description: 'The web page, for a browser',
  kind: 'page',
  query: {},
  delta: false,
  count: null,
  answer: () => uiPage(),
};
