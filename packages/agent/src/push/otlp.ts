// OpenTelemetry's profiles over HTTP: protobuf, gzipped; the message is `profiles/v1development` as of 1.10.
// Source: opentelemetry-proto, docs/specification.md, 1.10
import { gunzipSync, gzipSync } from 'node:zlib';
import { decodeProfile, encodeOtlp } from '@stackpile/profile';
import type { PushSettings } from '../options.ts';
import { levelsOf } from './levels.ts';
import { shownUrl } from './shown-url.ts';
import type { Wire } from './wire-types.ts';

const PATH = '/v1development/profiles';

/** Says whose the profiles are; the user's labels come last. */
function resourceOf({ service, labels }: PushSettings): Record<string, string | number> {
  return {
    'service.name': service,
    'process.pid': process.pid,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
    ...labels,
  };
}

/** A number of protobuf's and where it ends; null where the bytes do. */
function varint(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } | null {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: at + i + 1 };
  }
  return null;
}

/** The bytes of the first field of this number that has bytes; null where there is none, or what stands there is no message. */
function bytesField(bytes: Uint8Array, wanted: number): Uint8Array | null {
  for (let at = 0; at < bytes.length; ) {
    const tag = varint(bytes, at);
    const length = tag === null ? null : varint(bytes, tag.end);
    if (tag === null || length === null) return null;
    if ((tag.value & 7) === 0) {
      at = length.end;
      continue;
    }
    if ((tag.value & 7) !== 2) return null;
    const end = length.end + length.value;
    if (tag.value >>> 3 === wanted) return bytes.subarray(length.end, end);
    at = end;
  }
  return null;
}

/** `ExportProfilesServiceResponse.partial_success.error_message`. */
function complaint(answer: Uint8Array): string {
  const partial = bytesField(answer, 1);
  const message = partial === null ? null : bytesField(partial, 2);
  return message === null ? '' : new TextDecoder().decode(message);
}

/** By `POST /v1development/profiles`, also where the address ends with that path already. */
export const otlp: Wire = {
  pack(name, body, settings) {
    const profile = decodeProfile(gunzipSync(body));
    const sent = name === 'heap' ? levelsOf(profile) : profile;
    return gzipSync(encodeOtlp(sent, resourceOf(settings)), { level: 1 });
  },
  request({ body }, { url }) {
    const path = shownUrl(url).endsWith(PATH) ? '' : PATH;
    return { path, contentType: 'application/x-protobuf', contentEncoding: 'gzip', body };
  },
  // The specification names these and no others.
  passing: new Set([429, 502, 503, 504]),
  complaint,
};
