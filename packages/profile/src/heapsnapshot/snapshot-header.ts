// What a heap snapshot says of itself: which fields its rows have, which types there are, and how many rows.
import { ProfileError } from '../errors.ts';
import { EdgeType, NodeType } from './snapshot.ts';

/** Counts from here on are more than a column of row numbers can tell. */
export const BIG = 0xffffffff;

export interface Layout {
  readonly width: number;
  readonly fields: Readonly<Record<string, number>>;
}

/** The object `snapshot`. */
export interface Header {
  readonly nodes: Layout & { readonly types: Uint8Array };
  readonly edges: Layout & { readonly types: Uint8Array };
  readonly locations: Layout | null;
  readonly nodeCount: number;
  readonly edgeCount: number;
}

/** The fields that each section stores. */
export const storedFields = {
  nodes: ['type', 'name', 'id', 'self_size', 'edge_count'],
  edges: ['type', 'name_or_index', 'to_node'],
  locations: ['object_index', 'script_id', 'line', 'column'],
} as const;

/**
 * Reads the object `snapshot`, which ends at `byte` of the text.
 *
 * @param fail throws what is wrong with it
 */
export function parseHeader(bytes: readonly number[], byte: number, fail: (what: string) => never): Header {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.slice(at, at + 4096));
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    fail('is not JSON');
  }
  const snapshot = parsed as Record<string, unknown>;
  const meta = snapshot['meta'];
  if (typeof meta !== 'object' || meta === null) fail('has no "meta"');
  const descriptions = meta as Record<string, unknown>;
  const layout = (key: string, needed: readonly string[]): Layout => {
    const names = descriptions[key];
    if (!Array.isArray(names) || names.length > 64 || !names.every((name) => typeof name === 'string')) {
      return fail(`has no list of "${key}"`);
    }
    const fields: Record<string, number> = Object.create(null) as Record<string, number>;
    for (const [at, name] of names.entries()) fields[name] ??= at;
    for (const name of needed) if (fields[name] === undefined) fail(`names no field "${name}" in "${key}"`);
    return { width: names.length, fields };
  };
  const types = (key: string, known: Readonly<Record<string, number>>): Uint8Array => {
    const list: unknown = descriptions[key];
    const names: unknown = Array.isArray(list) ? list[0] : null;
    if (!Array.isArray(names) || names.length > 256) return fail(`has no list of "${key}"`);
    return Uint8Array.from(names as unknown[], (name) =>
      typeof name === 'string' && Object.hasOwn(known, name)
        ? (known[name] as number)
        : (known['other'] as number),
    );
  };
  const count = (key: string): number => {
    const value = snapshot[key];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) return fail(`has no "${key}"`);
    if (value >= BIG) {
      throw new ProfileError(
        'PROFILE_TOO_LARGE',
        `heap snapshot: ${key} ${value} at byte ${byte} is more than this reader can number`,
      );
    }
    return value;
  };
  return {
    nodes: {
      ...layout('node_fields', storedFields.nodes),
      types: types('node_types', NodeType),
    },
    edges: {
      ...layout('edge_fields', storedFields.edges),
      types: types('edge_types', EdgeType),
    },
    locations: Array.isArray(descriptions['location_fields'])
      ? layout('location_fields', storedFields.locations)
      : null,
    nodeCount: count('node_count'),
    edgeCount: count('edge_count'),
  };
}
