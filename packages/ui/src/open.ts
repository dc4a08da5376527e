// Opening profiles: from what the page came with, from its own server, from files dropped on it.
import { safeText } from '@stackpile/profile';
import { EngineError } from './engine/error.ts';
import { download } from './engine/download.ts';
import { engine, navigate, notice, profiles, sentence, sameKind, status } from './store.ts';

/** The bearer token of an agent's page: typed once, kept in memory only. */
let token = '';
export function setToken(value: string): void {
  token = value;
}
export function credentials(): Record<string, string> {
  return token === '' ? {} : { authorization: `Bearer ${token}` };
}

/**
 * Opens the profile that is named `given`; bytes move to the worker, an address is asked by it. @returns its id
 *
 * @param opened told the id before the profile is among those of the page
 *
 * @throws {EngineError} with the worker's sentence, which begins with `name`
 */
export async function open(
  given: string,
  from: Uint8Array<ArrayBuffer> | Blob | string,
  time: number | null,
  size?: number,
  opened: (id: number) => void = () => undefined,
): Promise<number> {
  // Whoever names a file may name it to deceive; a file of one name in the whole page.
  const name = safeText(given);
  const address = typeof from === 'string';
  const asked = engine().ask(
    'open',
    {
      name,
      from: address ? { address: new URL(from, location.href).href, headers: credentials() } : from,
      time,
      ...(size === undefined ? {} : { size }),
    },
    {
      transfer: from instanceof Uint8Array ? [from.buffer] : [],
      progress: (progress) => {
        if (status.peek().kind === 'loading') status.value = { kind: 'loading', ...progress };
      },
    },
  );
  const summary = await asked.catch((error: unknown) => {
    if (error instanceof EngineError && error.code !== 'ENGINE_STOPPED' && !error.message.startsWith(name))
      throw new EngineError(error.code, `${name}: ${error.message}`, error.status);
    throw error;
  });
  opened(summary.id);
  profiles.value = [...profiles.peek(), summary];
  return summary.id;
}

/** A small file of the page's own server, as text. Throws a sentence. */
export async function fetchText(name: string, address: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  const { pieces } = await download(name, address, credentials());
  for await (const piece of pieces) text += decoder.decode(piece, { stream: true });
  return text + decoder.decode();
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
  if (before === 0)
    status.value = { kind: 'loading', text: `Reading ${safeText(files[0]?.name ?? '')}`, share: null };
  const failures: string[] = [];
  for (const file of files.slice(0, 200)) {
    try {
      await open(file.name, file, null);
    } catch (error) {
      failures.push(sentence(error));
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
    navigate({
      view: last.isHeap ? 'heap' : 'compare',
      source: list.length - 1,
      base,
      zoom: '',
    });
  } else if (added > 0)
    navigate({ source: list.length - 1, view: last?.isHeap === true ? 'heap' : 'flame', zoom: '' });
  if (failures.length > 0) notice.value = failures.join(' · ');
}
