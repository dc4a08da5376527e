// V8's snapshot text on its way to a client: into a file that has no name any more, since V8 waits for nobody and a client may.
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes that are read at once. */
const PIECE = 65_536;
/** What Linux calls a file system that lies in memory. */
const TMPFS = 0x01021994;

/** Bytes that the folder for temporary files has room for, and whether they are bytes of memory; null where nobody tells. */
export function temporaryRoom(): { readonly bytes: number; readonly inMemory: boolean } | null {
  try {
    const { bavail, bsize, type } = statfsSync(tmpdir());
    return { bytes: bavail * bsize, inMemory: type === TMPFS };
  } catch {
    return null;
  }
}

/** A text that is written piece by piece, then read once. Nobody else can open it, and nothing of it is left when it is closed. */
export class SnapshotFile {
  readonly #fd: number;
  #length = 0;
  #isOpen = true;

  /** @throws what the system says */
  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'stackpile-'));
    try {
      this.#fd = openSync(join(folder, 'heap.heapsnapshot'), 'wx+', 0o600);
    } finally {
      // The file lives for as long as it is open: a process that is killed leaves nothing behind.
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** @throws what the system says, as where the disk is full */
  write(text: string): void {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    this.#length += bytes.length;
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }

  /** What was written, as fast as the client takes it; closes the file at the end. */
  stream(): ReadableStream<Uint8Array> {
    let at = 0;
    return new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const piece = new Uint8Array(PIECE);
        const read = at < this.#length ? readSync(this.#fd, piece, 0, PIECE, at) : 0;
        at += read;
        if (read > 0) {
          controller.enqueue(piece.subarray(0, read));
          return;
        }
        this.close();
        controller.close();
      },
      cancel: () => this.close(),
    });
  }
}
