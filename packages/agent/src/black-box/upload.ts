// Sends the files of a bundle with HTTP PUT, once each: what does not get through stays in the folder.
import { readdirSync, readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { join } from 'node:path';
import type { Bundle } from './bundle.ts';

const DEADLINE_MS = 20_000;

function put(url: URL, body: Uint8Array): Promise<number> {
  const request = url.protocol === 'https:' ? secureRequest : plainRequest;
  const { username, password } = url;
  const auth =
    username === '' ? {} : { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` };
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': body.length };
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const sending = request(url, { method: 'PUT', headers, agent: false, signal, ...auth }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

/** Sends a bundle below an address. Never rejects; a line says what did not get through, and shows no credentials. */
export async function upload(bundle: Bundle, address: string, say: (line: string) => void): Promise<void> {
  const base = new URL(address);
  const shown = `${base.origin}${base.pathname}`;
  try {
    for (const file of readdirSync(bundle.path).filter((name) => !name.startsWith('.'))) {
      const url = new URL(base);
      url.pathname = `${base.pathname.replace(/\/$/u, '')}/${bundle.name}/${file}`;
      const status = await put(url, readFileSync(join(bundle.path, file)));
      if (status >= 200 && status < 300) continue;
      say(`the black box could not send ${bundle.name} to ${shown}: status ${status}`);
      return;
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    say(`the black box could not send ${bundle.name} to ${shown}: ${why}`);
  }
}
