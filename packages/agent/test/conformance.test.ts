// The answers of a real Go service, request by request, where we have the same endpoint.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { type PprofServer, startServer } from '@stackpile/agent';
import { unlessCi } from '../../../testing/ci.ts';
import { ask } from './http-client.ts';

interface Recorded {
  readonly id: string;
  readonly server: string;
  readonly method: string;
  readonly path: string;
  readonly requestHeaders?: Record<string, string>;
  readonly requestBody?: string;
  readonly during?: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly bodyText?: string;
}

const file = new URL('../../../../shared/fixtures/go/http/requests.json', import.meta.url);
const missing = !existsSync(file);

/** Profiles that we do not have; what happens under load is another test's. */
const otherProfiles = /\/(?:allocs|block|mutex|threadcreate|symbol|trace|goroutineleak|example\.com)/u;
/** A second capture shares the first one's profiler; the other two need endpoints that we do not have. */
const different: ReadonlySet<string> = new Set(['n.profile.busy', 'n.trace.busy', 'n.custom.delta']);

function applies(one: Recorded): boolean {
  if (one.server !== 'nethttp' || one.status === 0 || different.has(one.id)) return false;
  return one.status >= 300 || !otherProfiles.test(one.path);
}

const compared = [
  'content-type',
  'content-disposition',
  'x-go-pprof',
  'x-content-type-options',
  'allow',
  'location',
];

describe('answers as Go gives them', () => {
  if (missing) {
    const without = `${file.pathname} is missing`;
    test('recorded requests', { skip: unlessCi(without) }, () => assert.fail(without));
    return;
  }
  let server: PprofServer;
  before(async () => {
    server = await startServer({ port: 0, maxSeconds: 1 });
  });
  after(() => server.close());
  const recorded = (JSON.parse(readFileSync(file, 'utf8')) as Recorded[]).filter(applies);
  test('there is something to compare', () => assert.ok(recorded.length >= 50, String(recorded.length)));
  for (const one of recorded) {
    test(`${one.id}: ${one.method} ${one.path}`, async () => {
      const answer = await ask(server.port, one.path, {
        method: one.method,
        ...(one.requestHeaders === undefined ? {} : { headers: one.requestHeaders }),
        ...(one.requestBody === undefined ? {} : { body: one.requestBody }),
      });
      assert.equal(answer.status, one.status, answer.body.toString('latin1').slice(0, 200));
      const wanted = new Map(Object.entries(one.headers).map(([name, value]) => [name.toLowerCase(), value]));
      for (const name of compared) assert.equal(answer.headers[name], wanted.get(name), name);
      if (one.status >= 300 && one.bodyText !== undefined && one.method !== 'HEAD') {
        assert.equal(answer.body.toString(), one.bodyText);
      }
      if (one.method === 'HEAD') assert.equal(answer.body.length, 0);
    });
  }
});
