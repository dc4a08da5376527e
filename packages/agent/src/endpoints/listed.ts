// The endpoints that are offered, with their counts of this moment: what the index and the list of offers are made of.
import type { Offer } from '@stackpile/profile';
import type { EndpointContext } from './endpoint.ts';

/** An endpoint that is offered. */
export interface Listed {
  readonly offer: Offer;
  /** Whether it counts anything. */
  readonly counts: boolean;
  /** When its count is of, `performance.now()`. */
  readonly at: number;
}

/** What can be asked for now, by name. A count that cannot be had is not known, and keeps nobody from the others. */
export async function listed({ table, captures }: EndpointContext, signal: AbortSignal): Promise<Listed[]> {
  const all = table.map(async ({ name, description, kind, query, delta, count }): Promise<Listed[]> => {
    if (kind === 'list') return [];
    const counted = (await count?.(captures, signal).catch(() => null)) ?? null;
    const note = counted?.note ?? '';
    const offer = {
      name,
      description: note === '' ? description : `${description} ${note}`,
      kind,
      query: Object.keys(query),
      count: counted?.count ?? null,
      delta,
    };
    return [{ offer, counts: count !== null, at: counted?.at ?? performance.now() }];
  });
  return (await Promise.all(all)).flat().sort((a, b) => (a.offer.name < b.offer.name ? -1 : 1));
}
