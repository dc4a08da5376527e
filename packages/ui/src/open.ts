// Opening profiles: from what the page came with, from its own server, from files dropped on it.
import { formatSize } from './format.ts';
import { engine, navigate, notice, profiles, sentence, sameKind, status } from './store.ts';

/** What a page that was served or written with data says of itself. */
export type Boot =
  | { readonly mode: 'none' }
  | {
      readonly mode: 'server';
      readonly sources: readonly {
        readonly name: string;
        readonly address: string;
        readonly time: number | null;
        readonly size: number;
      }[];
      readonly live: { readonly name: string; readonly base: string; readonly heavy: boolean } | null;
      readonly files: boolean;
      readonly graphviz: string;
    }
  | {
      readonly mode: 'report';
      /** `data` is the id of the element that holds the profile's bytes in base64. */
      readonly sources: readonly {
        readonly name: string;
        readonly data: string;
        readonly time: number | null;
        readonly size: number;
      }[];
      readonly graphviz: string;
    }
  | { readonly mode: 'agent'; readonly name: string; readonly base: string };

/** The bearer token of an agent's page: typed once, kept in memory only. */
let token = '';
export function setToken(value: string): void {
  token = value;
}
export function credentials(): Record<string, string> {
  return token === '' ? {} : { authorization: `Bearer ${token}` };
}

/** Opens one profile from bytes (which move to the worker). Throws the worker's sentence. */
export async function openBytes(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  time: number | null,
  size = bytes.length,
): Promise<void> {
  const summary = await engine().ask(
    'open',
    { name, bytes, time, size },
    {
      transfer: [bytes.buffer],
      progress: (text) => {
        if (status.peek().kind === 'loading') status.value = { kind: 'loading', text, share: null };
      },
    },
  );
  profiles.value = [...profiles.peek(), summary];
}

/**
 * Fetches with progress; a status that is not 2xx becomes an error with the server's first line. XMLHttpRequest, as it puts
 * a large file together outside of the page, where a stream of `fetch` costs a turn of the page per piece.
 */
export function fetchBytes(name: string, address: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('GET', address);
    for (const [header, value] of Object.entries(credentials())) request.setRequestHeader(header, value);
    request.responseType = 'arraybuffer';
    request.onprogress = ({ loaded, total }) => {
      if (status.peek().kind !== 'loading') return;
      status.value = {
        kind: 'loading',
        text: `Loading ${name}, ${formatSize(loaded)}${total > 0 ? ` of ${formatSize(total)}` : ''}`,
        share: total > 0 ? loaded / total : null,
      };
    };
    request.onerror = () =>
      reject(new Error(`${name}: the server does not answer. Is stackpile still running in its terminal?`));
    request.onload = () => {
      const bytes = new Uint8Array(request.response as ArrayBuffer);
      if (request.status >= 200 && request.status < 300) {
        resolve(bytes);
        return;
      }
      const reason = new TextDecoder().decode(bytes.subarray(0, 1000)).trim().split('\n', 1)[0] ?? '';
      reject(
        new HttpError(
          request.status,
          `${name}: the server answered ${request.status}${reason === '' ? '' : `, ${reason.slice(0, 300)}`}`,
        ),
      );
    };
    request.send();
  });
}

export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code = 'HTTP_STATUS';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Decodes base64 without a data: request. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const native = (Uint8Array as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> }).fromBase64;
  if (native !== undefined) return native(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Opens files that were dropped or chosen. Two at once are compared. */
export async function openFiles(files: readonly File[]): Promise<void> {
  if (files.length === 0) return;
  const before = profiles.peek().length;
  if (before === 0) status.value = { kind: 'loading', text: `Reading ${files[0]?.name ?? ''}`, share: null };
  const failures: string[] = [];
  for (const file of files.slice(0, 200)) {
    try {
      await openBytes(file.name, new Uint8Array(await file.arrayBuffer()), null);
    } catch (error) {
      const text = sentence(error);
      failures.push(text.startsWith(file.name) ? text : `${file.name}: ${text}`);
    }
  }
  const list = profiles.peek();
  if (list.length === 0) {
    status.value = { kind: 'error', message: failures.join(' · ') };
    return;
  }
  status.value = { kind: 'ready' };
  const added = list.length - before;
  const last = list.at(-1) ?? null;
  if (added > 2) navigate({ view: 'verdict', source: -1, base: -1, zoom: '' });
  else if (
    list.length >= 2 &&
    added > 0 &&
    last !== null &&
    list.slice(0, -1).some((one) => sameKind(one, last))
  ) {
    const base = added === 2 ? before : list.findIndex((one) => sameKind(one, last));
    navigate({ view: 'compare', source: list.length - 1, base, zoom: '' });
  } else if (added > 0) navigate({ source: list.length - 1, view: 'flame', zoom: '' });
  if (failures.length > 0) notice.value = failures.join(' · ');
}
