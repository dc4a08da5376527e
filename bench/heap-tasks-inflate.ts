// Makes a huge heap snapshot file of a small one: several copies of its graph under one root. Usage: FROM TO MEGABYTES
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import process from 'node:process';

interface SnapshotFile {
  readonly snapshot: {
    readonly meta: { readonly node_fields: readonly string[]; readonly edge_fields: readonly string[] };
    readonly node_count: number;
    readonly edge_count: number;
  };
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  readonly locations: readonly number[];
  readonly strings: readonly string[];
}

const [from = '', to = '', megabytes = '2000'] = process.argv.slice(2);
const text = await readFile(from, 'utf8');
const file = JSON.parse(text) as SnapshotFile;
const copies = Math.ceil((Number(megabytes) * 1e6) / text.length);
const { meta, node_count: nodeCount, edge_count: edgeCount } = file.snapshot;
const width = meta.node_fields.length;
const edgeWidth = meta.edge_fields.length;
const idField = meta.node_fields.indexOf('id');
const countField = meta.node_fields.indexOf('edge_count');
const toField = meta.edge_fields.indexOf('to_node');

const out = createWriteStream(to, { highWaterMark: 1 << 22 });
let first = true;
/** Writes numbers, `shift` added to every one at place `field` of its row. */
async function numbers(
  values: readonly number[],
  row: number,
  change: (value: number, field: number, index: number) => number,
): Promise<void> {
  for (let begin = 0; begin < values.length; begin += row * 20_000) {
    const parts: number[] = [];
    const end = Math.min(values.length, begin + row * 20_000);
    for (let i = begin; i < end; i++) parts.push(change(values[i] as number, i % row, i));
    if (!out.write(`${first ? '' : ','}${parts.join(',')}`)) await once(out, 'drain');
    first = false;
  }
}

const rootEdges = file.nodes[countField] as number;
const header = {
  ...file.snapshot,
  node_count: nodeCount * copies,
  edge_count: edgeCount * copies + copies - 1,
};
out.write(`{"snapshot":${JSON.stringify(header)},\n"nodes":[`);
for (let copy = 0; copy < copies; copy++) {
  await numbers(file.nodes, width, (value, field, index) => {
    if (field === idField) return value + copy * nodeCount * 2;
    return copy === 0 && index === countField ? value + copies - 1 : value;
  });
}
out.write('],\n"edges":[');
first = true;
const element = 1;
const links: number[] = [];
for (let copy = 1; copy < copies; copy++) links.push(element, copy, copy * nodeCount * width);
for (let copy = 0; copy < copies; copy++) {
  const shift = copy * nodeCount * width;
  const shifted = (value: number, field: number): number => (field === toField ? value + shift : value);
  // The first root leads to all the others.
  const own = copy === 0 ? rootEdges * edgeWidth : 0;
  if (copy === 0) {
    await numbers(file.edges.slice(0, own), edgeWidth, shifted);
    await numbers(links, edgeWidth, (value) => value);
  }
  await numbers(own === 0 ? file.edges : file.edges.slice(own), edgeWidth, shifted);
}
out.write('],\n"locations":[');
first = true;
for (let copy = 0; copy < copies; copy++) {
  await numbers(file.locations, 4, (value, field) =>
    field === 0 ? value + copy * nodeCount * width : value,
  );
}
out.end(`],\n"strings":${JSON.stringify(file.strings)}}`);
await once(out, 'finish');
process.stdout.write(`${JSON.stringify({ copies })}\n`);
