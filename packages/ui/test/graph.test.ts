// The call graph in the page's own type and colours: names of any length fit, and colours mean what pprof's do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graphviz } from '@hpcc-js/wasm-graphviz';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { ProfileEngine } from '../src/engine/engine.ts';
import { heatOf } from '../src/graph/heat.ts';
import { shareOf, styleDot } from '../src/graph/style-dot.ts';
import { noFilters } from '../src/stack-filters.ts';

/** The DOT of a profile of two functions with long names, as the page gets it. */
async function dotOf(name: string): Promise<string> {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
  const at = (own: string, line: number): number =>
    builder.location({ lines: [{ function: builder.function(own, '/srv/app/a.ts', 1), line, column: 0 }] });
  builder.sample([at(name, 3), at(`caller of ${name}`, 9)], [5_000_000]);
  const engine = new ProfileEngine();
  const from = encodeProfile(builder.build()) as Uint8Array<ArrayBuffer>;
  const { id } = await engine.handlers.open({ name: 'x.pb', from }, () => undefined);
  const query = { ...noFilters, profile: id, base: null, sampleType: '', granularity: 'functions' } as const;
  const { text } = await engine.handlers.text({ ...query, report: 'dot', nodes: 9 }, () => undefined);
  return text;
}

test('a name of 600 characters is a box that can be read, and is whole in its tooltip', async () => {
  const name = `start${'x'.repeat(590)}end`;
  const plain = await dotOf(name);
  const graphviz = await Graphviz.load();
  const styled = graphviz.layout(styleDot(plain), 'svg', 'dot');
  const width = (svg: string): number => Number(/<svg width="(\d+)pt"/.exec(svg)?.[1] ?? 0);
  assert.ok(width(styled) < 700, `${width(styled)} points wide`);
  assert.ok(width(graphviz.layout(plain, 'svg', 'dot')) > 3 * width(styled));
  assert.match(styled, />start[x]+…[x]+end</);
  assert.ok(styled.includes(name), 'the whole name is in the tooltip');
  for (const [, size] of styled.matchAll(/font-size="([\d.]+)"/g)) assert.ok(Number(size) >= 11, size);
});

test('escapes of a label are not cut in two, and DOT stays DOT', async () => {
  for (const name of ['"'.repeat(200), '\\'.repeat(200), `${'a"\\'.repeat(80)}`]) {
    const svg = (await Graphviz.load()).layout(styleDot(await dotOf(name)), 'svg', 'dot');
    assert.equal(svg.match(/class="node"/g)?.length, 2, name);
  }
});

test('what the graph shows of the whole is said above it, and colours go from nothing to all, less and more', async () => {
  assert.match(shareOf(await dotOf('work')), /^5ms, 100% of 5ms total/);
  assert.equal(shareOf(''), '');
  assert.equal(heatOf('#b20000'), 1);
  assert.equal(heatOf('#00b200'), -1);
  assert.ok(Math.abs(heatOf('#b2b2b2') ?? 1) < 0.01);
  assert.equal(heatOf('none'), null);
});
