// Where Grafana's data source asks, over Connect: protobuf as it does, or JSON as people do.
import type { IncomingMessage } from 'node:http';
import { MonitorError } from '../errors.ts';
import { readBody } from '../wire/body.ts';
import { jsonOf, readJson, readMessage, writeMessage } from '../wire/schema.ts';
import { type MethodName, methods } from './messages.ts';
import type { Querier } from './querier.ts';

const PREFIX = '/querier.v1.QuerierService/';
const MOST_BODY = 1 << 20;

export interface QueryReply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
}

/** The method that a path names; null for a path of others. @throws MonitorError for a method that is not answered */
export function queryMethod(path: string): MethodName | null {
  if (!path.startsWith(PREFIX)) return null;
  const name = path.slice(PREFIX.length);
  for (const known of Object.keys(methods) as MethodName[]) if (known === name) return known;
  throw new MonitorError('MONITOR_REQUEST', `${name.slice(0, 60)} is not answered`);
}

/** @throws MonitorError `MONITOR_REQUEST`, StoreError */
export async function answerQuery(
  request: IncomingMessage,
  method: MethodName,
  querier: Querier,
): Promise<QueryReply> {
  const isJson = (request.headers['content-type'] ?? '').includes('json');
  const body = await readBody(request, MOST_BODY);
  const { asked, answer } = methods[method];
  const question = isJson ? readJson(new TextDecoder().decode(body), asked) : readMessage(body, asked);
  if (isJson && method === 'SelectMergeProfile')
    throw new MonitorError(
      'MONITOR_REQUEST',
      'a profile is answered in protobuf only: ask with application/proto',
    );
  const found = await querier.answer(method, question);
  if (found.kind === 'profile') return { status: 200, type: 'application/proto', body: found.bytes };
  return isJson
    ? { status: 200, type: 'application/json', body: JSON.stringify(jsonOf(found.values, answer)) }
    : { status: 200, type: 'application/proto', body: writeMessage(found.values, answer).done() };
}
