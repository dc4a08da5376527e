// `offers`: the index for programs, as JSON.
import type { Offers } from '@stackpile/profile';
import type { Endpoint } from './endpoint.ts';
import { jsonResponse } from '../http/messages.ts';
import { listed } from './listed.ts';
import { hasPage } from './page.ts';

/** JSON of `Offers`. */
export const offers: Endpoint = {
  name: 'offers',
  description: 'This list for programs, as JSON: what there is, how many, which parameters each takes',
  kind: 'list',
  query: {},
  delta: false,
  count: null,
  async answer(context, { signal }) {
    const all = (await listed(context, signal)).map(({ offer }) => offer);
    const page = await hasPage();
    return jsonResponse({
      schema: 'stackpile.offers/1',
      offers: all.filter(({ kind }) => kind !== 'page' || page),
    } satisfies Offers);
  },
};
