// What it costs a busy service to be asked which scripts it runs, for the lines of a profile: the debugger on and off again.
//
// node bench/originals.ts [20 24]
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nodeOf } from '../testing/nodes.ts';

interface Row {
  readonly phase: 'start' | 'rest' | 'first look' | 'look';
  readonly ms?: number;
  readonly scripts?: number;
  readonly turnMicros: number;
  readonly gapMs: number;
}

const wanted = process.argv.slice(2).map(Number);
const majors = wanted.length > 0 ? wanted : [20, 24];
const services = [
  { name: 'nothing but Node', modules: [] },
  { name: 'express, fastify and graphql', modules: ['express', 'fastify', 'graphql'] },
];
const target = fileURLToPath(new URL('originals-target.mjs', import.meta.url));

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

for (const major of majors) {
  for (const { name, modules } of services) {
    const text = execFileSync(nodeOf(major), [target, ...modules], { encoding: 'utf8', timeout: 120_000 });
    const rows = JSON.parse(text) as Row[];
    const of = (phase: Row['phase'], pick: (row: Row) => number): number[] =>
      rows.filter((row) => row.phase === phase).map(pick);
    const [scripts = 0] = of('first look', (row) => row.scripts ?? 0);
    const figures = [
      ...of('first look', (row) => row.ms ?? 0),
      median(of('look', (row) => row.ms ?? 0)),
      ...of('rest', (row) => row.turnMicros).slice(0, 1),
      median(of('rest', (row) => row.turnMicros).slice(1)),
    ].map((value) => value.toFixed(1));
    const [first = '', later = '', before = '', after = ''] = figures;
    console.log(
      `Node ${major}, ${name}, ${scripts} scripts: first look ${first} ms, later ones ${later} ms (median); ` +
        `a turn of the loop takes ${before} µs before the first look and ${after} µs after it`,
    );
  }
}
