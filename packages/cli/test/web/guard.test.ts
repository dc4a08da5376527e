// One guard: what is this machine, and what comes from another site, means the same to the command's pages and to the agent.
import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { isAllowedHost, isCrossSite } from '@stackpile/agent/inspector';
import { Guard } from '../../src/web/guard.ts';

const PORT = 8080;

/** The status of what the pages decide; 200 where only the token is missing. */
function decided(
  bound: string,
  headers: Readonly<Record<string, string>>,
  url = '/ui/',
  peer = '127.0.0.1',
): number {
  const guard = new Guard(bound);
  guard.listening(PORT);
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: peer });
  const request = new IncomingMessage(socket);
  Object.assign(request.headers, headers);
  request.method = 'GET';
  request.url = url;
  const decision = guard.decide(request);
  socket.destroy();
  return decision.kind === 'refuse' && decision.status !== 401 ? decision.status : 200;
}

const own = [
  'localhost',
  'LOCALHOST',
  'LocalHost.',
  'shop.localhost',
  '127.0.0.1',
  '127.8.9.10',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::FFFF:7f00:1]',
];
const foreign = [
  'evil.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'alocalhost',
  '127.1',
  '999.0.0.1',
  '[::ffff:127.0.0.1',
];

describe('one guard', () => {
  test('names of this machine pass, others do not, at the agent and at the pages alike', () => {
    for (const name of [...own, ...foreign]) {
      const passes = own.includes(name);
      assert.equal(isAllowedHost(`${name}:${PORT}`, []), passes, name);
      for (const bound of ['localhost', '127.0.0.1', 'LOCALHOST', '::1', '::ffff:127.0.0.1'])
        assert.equal(decided(bound, { host: `${name}:${PORT}` }), passes ? 200 : 421, `${name} on ${bound}`);
    }
  });

  test('who is not this machine reaches no loopback listener, however it is written', () => {
    for (const bound of ['LOCALHOST', '::ffff:127.0.0.1'])
      for (const [peer, status] of [
        ['::ffff:127.0.0.1', 200],
        ['::1', 200],
        ['10.0.0.7', 403],
        ['::ffff:10.0.0.7', 403],
      ] as const)
        assert.equal(
          decided(bound, { host: `localhost:${PORT}` }, '/ui/', peer),
          status,
          `${peer} on ${bound}`,
        );
  });

  test('what a page of another site starts is refused by both: fetches, frames, captures that nobody has clicked', () => {
    const navigate = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    for (const [site, rest, page, capture] of [
      ['same-origin', {}, true, true],
      ['none', navigate, true, true],
      ['cross-site', { 'sec-fetch-mode': 'no-cors' }, false, false],
      // Another port of localhost is the same site.
      ['same-site', { 'sec-fetch-mode': 'cors' }, false, false],
      ['cross-site', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }, false, false],
      ['same-site', navigate, true, false],
      ['cross-site', { ...navigate, 'sec-fetch-user': '?1' }, true, true],
    ] as const) {
      const headers = { host: `localhost:${PORT}`, 'sec-fetch-site': site, ...rest };
      const what = JSON.stringify(headers);
      for (const [url, passes] of [
        ['/ui/', page],
        ['/ui/live/0/profile?seconds=5', capture],
      ] as const) {
        assert.equal(isCrossSite(headers, url.includes('live')), !passes, what);
        assert.equal(decided('localhost', headers, url), passes ? 200 : 403, `${url} ${what}`);
      }
    }
  });
});
