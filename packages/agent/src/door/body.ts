// Reads the body of the few requests that have one to be read, and no more of it than an endpoint may want.

/** Most bytes of a request's body. */
export const MAX_BODY = 262_144;

/** What is used of a stream of Node's that carries a body. */
export interface BodyStream {
  on(event: 'data', listener: (piece: Uint8Array) => void): unknown;
  on(event: 'end' | 'close' | 'error', listener: () => void): unknown;
  readonly readableEnded?: boolean;
}

/** The body of a stream, one character per byte; null where it is longer than {@link MAX_BODY}. What ends early is what has come. */
export function readBody(stream: BodyStream): Promise<string | null> {
  if (stream.readableEnded === true) return Promise.resolve('');
  return new Promise((resolve) => {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    stream.on('data', (piece) => {
      bytes += piece.length;
      if (bytes <= MAX_BODY) pieces.push(piece);
      else resolve(null);
    });
    const end = (): void => resolve(Buffer.concat(pieces).toString('latin1'));
    stream.on('end', end);
    stream.on('close', end);
    stream.on('error', end);
  });
}

/** The same where a parser in front of us may have read the stream: `parsed` is what it has made of it. */
export function bodyOf(stream: BodyStream, parsed: unknown): Promise<string | null> {
  if (stream.readableEnded !== true) return readBody(stream);
  const bytes =
    typeof parsed === 'string' || parsed instanceof Uint8Array
      ? Buffer.from(parsed)
      : Buffer.from(form(parsed));
  return Promise.resolve(bytes.length > MAX_BODY ? null : bytes.toString('latin1'));
}

/** Words with `+` between them, which were read as the one key of a form: curl says that whatever it posts is one. */
function form(parsed: unknown): string {
  const [key = ''] = typeof parsed === 'object' && parsed !== null ? Object.keys(parsed) : [];
  return key.replaceAll(' ', '+');
}

/** The body of a `Request`; null where it is longer than {@link MAX_BODY}. */
export async function readRequest(request: Request): Promise<string | null> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  // Whoever has read it before has not said what it was.
  if (request.bodyUsed) return '';
  const body: AsyncIterable<Uint8Array> | null = request.body;
  for await (const piece of body ?? []) {
    bytes += piece.length;
    if (bytes > MAX_BODY) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('latin1');
}
