// Bodies on the wire, packed as the client takes them; each is packed once, when it is first asked for.
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** How a body may travel. */
export type Encoding = 'br' | 'gzip' | 'identity';

/** What of ours an `Accept-Encoding` takes, the shortest first; `identity` where it says nothing. */
export function acceptedEncoding(header: string | undefined): Encoding {
  const taken = new Map<string, number>();
  for (const part of (header ?? '').slice(0, 1000).split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const q = parameters.find((text) => text.startsWith('q='))?.slice(2) ?? '1';
    if (name !== '') taken.set(name, Number(q));
  }
  const takes = (name: string): boolean => (taken.get(name) ?? taken.get('*') ?? 0) > 0;
  return takes('br') ? 'br' : takes('gzip') ? 'gzip' : 'identity';
}

/** Bodies shorter than this are not worth a header. */
const leastBytes = 1024;

/** A body that may be asked for again. */
export class Body {
  readonly plain: Uint8Array;
  readonly #packed = new Map<Encoding, Uint8Array>();

  /** @param gzip the same, packed already, where somebody has it */
  constructor(plain: Uint8Array | string, gzip: Uint8Array | null = null) {
    this.plain = typeof plain === 'string' ? Buffer.from(plain) : plain;
    if (gzip !== null) this.#packed.set('gzip', gzip);
  }

  /** Whether it need not be packed first to travel so. */
  has(encoding: Encoding): boolean {
    return encoding === 'identity' || this.#packed.has(encoding);
  }

  /** Bytes to send to whoever takes `encoding`, and how they are really encoded. */
  as(encoding: Encoding): { readonly encoding: Encoding; readonly bytes: Uint8Array } {
    if (encoding === 'identity' || this.plain.length < leastBytes)
      return { encoding: 'identity', bytes: this.plain };
    let bytes = this.#packed.get(encoding);
    if (bytes === undefined) {
      bytes = encoding === 'br' ? brotli(this.plain) : gzipSync(this.plain);
      this.#packed.set(encoding, bytes);
    }
    return { encoding, bytes };
  }
}

/** At a quality that takes milliseconds, not seconds. */
function brotli(bytes: Uint8Array): Uint8Array {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 5,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}
