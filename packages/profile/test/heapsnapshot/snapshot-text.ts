// Makes the text of small heap snapshots for tests.

export interface TestNode {
  readonly type: string;
  readonly name: string;
  readonly size?: number;
  readonly edges?: readonly { readonly type: string; readonly name: string | number; readonly to: number }[];
  /** Script id, line and column, 0-based. */
  readonly location?: readonly [number, number, number];
}

const nodeTypes = [
  'hidden',
  'array',
  'string',
  'object',
  'code',
  'closure',
  'regexp',
  'number',
  'native',
  'synthetic',
];
const edgeTypes = ['context', 'element', 'property', 'internal', 'hidden', 'shortcut', 'weak'];

/** The snapshot of `nodes` (node 0 is the root), with the fields in any order and some that nobody knows. */
export function snapshotText(
  nodes: readonly TestNode[],
  options: { readonly nodeFields?: readonly string[]; readonly edgeFields?: readonly string[] } = {},
): string {
  const nodeFields = options.nodeFields ?? ['type', 'name', 'id', 'self_size', 'edge_count', 'detachedness'];
  const edgeFields = options.edgeFields ?? ['type', 'name_or_index', 'to_node'];
  const strings = ['<dummy>'];
  const string = (text: string): number => {
    const at = strings.indexOf(text);
    return at >= 0 ? at : strings.push(text) - 1;
  };
  const rows: number[] = [];
  const edges: number[] = [];
  const locations: number[] = [];
  for (const [index, node] of nodes.entries()) {
    const fields: Record<string, number> = {
      type: nodeTypes.indexOf(node.type),
      name: string(node.name),
      id: index * 2 + 1,
      self_size: node.size ?? 0,
      edge_count: node.edges?.length ?? 0,
    };
    for (const field of nodeFields) rows.push(fields[field] ?? 0);
    for (const edge of node.edges ?? []) {
      const columns: Record<string, number> = {
        type: edgeTypes.indexOf(edge.type),
        name_or_index: typeof edge.name === 'number' ? edge.name : string(edge.name),
        to_node: edge.to * nodeFields.length,
      };
      for (const field of edgeFields) edges.push(columns[field] ?? 0);
    }
    if (node.location !== undefined) locations.push(index * nodeFields.length, ...node.location);
  }
  const meta = {
    node_fields: nodeFields,
    node_types: [nodeTypes, 'string', 'number'],
    edge_fields: edgeFields,
    edge_types: [edgeTypes, 'string_or_number', 'node'],
    location_fields: ['object_index', 'script_id', 'line', 'column'],
  };
  const header = {
    meta,
    node_count: nodes.length,
    edge_count: edges.length / edgeFields.length,
    trace_function_count: 0,
  };
  return (
    `{"snapshot":${JSON.stringify(header)},\n"nodes":[${rows.join('\n,')}\n],\n"edges":[${edges.join(',')}],\n` +
    `"trace_function_infos":[],\n"trace_tree":[{"a":["]"]}],\n"samples":[],\n"locations":[${locations.join(',')}],\n` +
    `"strings":${JSON.stringify(strings)}}`
  );
}
