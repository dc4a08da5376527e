// Pyroscope's `POST /ingest?name=service{key=value}&from=…&until=…`: a pprof profile, as it is or as a part of a form.
import { MonitorError } from '../errors.ts';
import type { Pushed } from './pushed.ts';

/** `shop.cpu{env=prod,pod=a}`: the name and its labels. */
export function parseName(text: string): Record<string, string> {
  const [, name = '', inner = ''] = /^([^{]*)(?:\{(.*)\})?$/su.exec(text) ?? [];
  const pairs = inner.split(',').flatMap((pair): [string, string][] => {
    const at = pair.indexOf('=');
    if (at <= 0) return [];
    const value = pair.slice(at + 1).trim();
    return [[pair.slice(0, at).trim(), value.replace(/^"(.*)"$/su, '$1')]];
  });
  return Object.fromEntries([['service_name', name.trim()], ...pairs]);
}

/** Seconds, milliseconds or nanoseconds since 1970, as the number is long. */
function timeOf(text: string | null): number | null {
  if (text === null || !/^\d{1,19}$/u.test(text)) return null;
  const value = Number(text);
  if (value === 0) return null;
  return value < 1e11 ? value * 1000 : value < 1e14 ? value : Math.round(value / 1e6);
}

/** The part of a form that is called `profile`. @throws MonitorError */
function profilePart(body: Uint8Array, boundary: string): Uint8Array {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const mark = Buffer.from(`--${boundary}`);
  for (let at = bytes.indexOf(mark); at >= 0; ) {
    const next = bytes.indexOf(mark, at + mark.length);
    const head = bytes.indexOf('\r\n\r\n', at);
    if (head < 0 || next < 0 || head > next) break;
    const headers = bytes.subarray(at, head).toString('latin1');
    // Two bytes end the line before the next mark.
    if (/\bname="?profile"?(?:[;\r]|$)/imu.test(headers)) return bytes.subarray(head + 4, next - 2);
    at = next;
  }
  throw new MonitorError('MONITOR_REQUEST', 'the form has no part "profile"');
}

/** @throws MonitorError `MONITOR_REQUEST` for a form without a profile, and for formats that are not read */
export function readIngest(query: URLSearchParams, contentType: string, body: Uint8Array): Pushed[] {
  const format = query.get('format') ?? 'pprof';
  if (!['pprof', 'folded', 'groups', 'lines', 'trie', 'tree', 'jfr'].includes(format))
    throw new MonitorError('MONITOR_REQUEST', `format=${format.slice(0, 20)} is not read`);
  if (['trie', 'tree', 'jfr'].includes(format))
    throw new MonitorError('MONITOR_REQUEST', `format=${format} is not read: send pprof`);
  const boundary = /^multipart\/form-data\s*;.*\bboundary="?([^";]{1,200})"?/iu.exec(contentType)?.[1];
  const bytes = boundary === undefined ? body : profilePart(body, boundary);
  return [{ labels: parseName(query.get('name') ?? ''), time: timeOf(query.get('until')), bytes }];
}
