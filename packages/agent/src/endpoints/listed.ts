// The endpoints that are offered, with their counts of this moment: what the index and the list of offers are made of.
import type { Offer } from '@stackpile/profile';
import type { EndpointContext } from './endpoint.ts';

/** What can be asked for now, by name. A count that cannot be had is not known, and keeps nobody from the others. */
export async function listed({ table, captures }: EndpointContext, signal: AbortSignal): Promise<Offer[]> {
  const all = table.map(async ({ name, description, kind, query, delta, count }): Promise<Offer[]> => {
    if (kind === 'list') return [];
    const counted = (await count?.(captures, signal).catch(() => null)) ?? null;
    const note = counted?.note ?? '';
    return [
      {
        name,
        description: note === '' ? description : `${description} ${note}`,
        kind,
        query: Object.keys(query),
        count: counted?.count ?? null,
        delta,
      },
    ];
  });
  return (await Promise.all(all)).flat().sort((a, b) => (a.name < b.name ? -1 : 1));
}
