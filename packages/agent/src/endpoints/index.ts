// The index, for people: Go's page, with a link to ours where this build carries it.
// Upstream: golang/go src/net/http/pprof/pprof.go, 1.26.8
import { indexPage } from '../text/index-page.ts';
import type { Endpoint } from './endpoint.ts';
import { listed } from './listed.ts';
import { hasPage } from './page.ts';

/** The page that lists what there is. */
export const index: Endpoint = {
  name: '',
  description: 'This list, for a browser',
  kind: 'list',
  query: {},
  delta: false,
  count: null,
  async answer(context, { signal }) {
    const offers = await listed(context, signal);
    return {
      status: 200,
      headers: { 'Content-Type': 'text/html; charset=utf-8', 'X-Content-Type-Options': 'nosniff' },
      body: indexPage(
        offers.filter(({ kind }) => kind !== 'page'),
        await hasPage(),
      ),
    };
  },
};
