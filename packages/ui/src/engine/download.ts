// Asks a server for bytes and hands them on as they come; what is not an answer becomes a sentence.
import type { UiErrorCode } from '../errors.ts';

/** The server answered, but not with what was asked for, or not at all; the message is a sentence for the user. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: UiErrorCode;
  /** 0 where nobody answered. */
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.code = status === 0 ? 'HTTP_UNREACHABLE' : 'HTTP_STATUS';
    this.status = status;
  }
}

/** An answer on its way. */
export interface Download {
  /** Bytes that will come, as far as the server says; 0 where it does not. */
  readonly size: number;
  readonly pieces: AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/**
 * Asks for `address`; `name` begins the sentence of a failure.
 *
 * @throws {HttpError} for a status that is not 2xx, with the first line that the server says; or where nobody answers
 */
export async function download(
  name: string,
  address: string,
  headers: Readonly<Record<string, string>>,
): Promise<Download> {
  const lost = (): HttpError =>
    new HttpError(0, `${name}: the server does not answer. Is stackpile still running in its terminal?`);
  const response = await fetch(address, { headers, cache: 'no-store', credentials: 'same-origin' }).catch(
    () => {
      throw lost();
    },
  );
  if (!response.ok) {
    const reason = (await response.text().catch(() => '')).slice(0, 1000).trim().split('\n', 1)[0] ?? '';
    throw new HttpError(
      response.status,
      `${name}: the server answered ${response.status}${reason === '' ? '' : `, ${reason.slice(0, 300)}`}`,
    );
  }
  const packed = response.headers.get('content-encoding') !== null;
  const size = packed ? 0 : Number(response.headers.get('content-length') ?? 0);
  return { size, pieces: arriving(response, lost) };
}

async function* arriving({ body }: Response, lost: () => Error): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = body?.getReader();
  for (;;) {
    const next = await reader?.read().catch(() => {
      throw lost();
    });
    if (next?.value === undefined) return;
    yield next.value;
  }
}
