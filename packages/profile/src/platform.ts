// The few globals that Node and browsers share and that the language's own type library does not describe.

interface TextDecoderLike {
  decode(bytes: Uint8Array): string;
}

/** One read of a {@link ByteReader}. */
export interface ByteRead {
  readonly done: boolean;
  readonly value?: Uint8Array;
}

/** What is used of `ReadableStreamDefaultReader<Uint8Array>`. */
export interface ByteReader {
  read(): Promise<ByteRead>;
  cancel(reason?: unknown): Promise<void>;
}

/** What is used of `WritableStreamDefaultWriter<Uint8Array>`. */
export interface ByteWriter {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** What is used of `DecompressionStream`. */
export interface ByteTransform {
  readonly readable: { getReader(): ByteReader };
  readonly writable: { getWriter(): ByteWriter };
}

interface Platform {
  readonly TextDecoder: new (
    label: string,
    options: { fatal: boolean; ignoreBOM: boolean },
  ) => TextDecoderLike;
  readonly DecompressionStream?: new (format: 'gzip') => ByteTransform;
}

const platform = globalThis as unknown as Platform;

/** A strict UTF-8 decoder: throws on invalid input, keeps a byte order mark. */
export const strictUtf8: TextDecoderLike = new platform.TextDecoder('utf-8', {
  fatal: true,
  ignoreBOM: true,
});

/** A new gunzip stream, or null where the platform has none. */
export function gunzipStream(): ByteTransform | null {
  return platform.DecompressionStream === undefined ? null : new platform.DecompressionStream('gzip');
}
