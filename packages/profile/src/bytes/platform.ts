// The few globals that Node and browsers share and that the language's own type library does not describe.

interface TextDecoderLike {
  decode(bytes: Uint8Array): string;
}

interface TextEncoderLike {
  encode(text: string): Uint8Array;
  encodeInto(text: string, into: Uint8Array): { readonly written: number };
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
  readonly TextEncoder: new () => TextEncoderLike;
  readonly DecompressionStream?: new (format: 'gzip') => ByteTransform;
  readonly WebAssembly?: {
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object) => { readonly exports: object };
  };
  atob(base64: string): string;
}

const platform = globalThis as unknown as Platform;

/** A strict UTF-8 decoder: throws on invalid input, keeps a byte order mark. */
export const strictUtf8: TextDecoderLike = new platform.TextDecoder('utf-8', {
  fatal: true,
  ignoreBOM: true,
});

/** The platform's UTF-8 encoder; it replaces lone surrogates. */
export const utf8Encoder: TextEncoderLike = new platform.TextEncoder();

/** Has `text` no lone surrogate? */
export function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed();
}

/** A new gunzip stream, or null where the platform has none. */
export function gunzipStream(): ByteTransform | null {
  return platform.DecompressionStream === undefined ? null : new platform.DecompressionStream('gzip');
}

/** What a WebAssembly module without imports exports; null where the platform or its policy does not run it. */
export function instantiate(base64: string): object | null {
  if (platform.WebAssembly === undefined) return null;
  try {
    const bytes = Uint8Array.from(platform.atob(base64), (unit) => unit.charCodeAt(0));
    return new platform.WebAssembly.Instance(new platform.WebAssembly.Module(bytes)).exports;
  } catch {
    return null;
  }
}
