// Pictures: each format is one that its readers take.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { Graphviz } from '@hpcc-js/wasm-graphviz';
import fc from 'fast-check';
import sharp from 'sharp';
import { encodeGif } from '../../src/pprof/gif.ts';
import { drawGraph, interactiveSvg } from '../../src/pprof/picture.ts';

const dot = Buffer.from(
  'digraph "x" { node [style=filled]; a [label="main\\nwork é 日" shape=box]; a -> b [label=" 3s" style=dotted]; }',
);

describe('drawGraph', () => {
  test('svg fills the page and moves', async () => {
    const svg = Buffer.from(await drawGraph(dot, 'svg')).toString('utf8');
    assert.match(svg, /<svg width="100%" height="100%"/);
    assert.match(svg, /<g id="viewport" transform="scale\(0\.5,0\.5\) translate\(0,0\)"><g id="graph0"/);
    assert.match(svg, /work é 日/);
    assert.equal(svg.match(/<\/svg>/g)?.length, 1);
    assert.equal((svg.match(/<g[ >]/g) ?? []).length, (svg.match(/<\/g>/g) ?? []).length);
  });
  test('pdf has a page whose objects lie where its table says', async () => {
    const pdf = Buffer.from(await drawGraph(dot, 'pdf'));
    const text = pdf.toString('latin1');
    assert.ok(text.startsWith('%PDF-1.4'));
    const table = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1]);
    assert.ok(text.startsWith('xref\n0 6\n', table));
    for (const [i, offset] of [...text.slice(table).matchAll(/^(\d{10}) 00000 n/gm)].entries()) {
      assert.ok(text.startsWith(`${i + 1} 0 obj`, Number(offset[1])));
    }
    const start = text.indexOf('stream\n') + 'stream\n'.length;
    const content = inflateSync(pdf.subarray(start, text.indexOf('\nendstream'))).toString('latin1');
    assert.match(content, /\(work \\351 \?\) Tj/);
    assert.match(content, /\[1 3\] 0 d/);
  });
  test('ps', async () => {
    assert.match(Buffer.from(await drawGraph(dot, 'ps')).toString('latin1'), /^%!PS-Adobe/);
    const generic = Buffer.from('digraph { a [label="slices\\nSort[…]"] }');
    assert.match(Buffer.from(await drawGraph(generic, 'ps')).toString('latin1'), /\(Sort\[\.\.\.\]\)/);
  });
  test('png and gif of the same size', async () => {
    const png = Buffer.from(await drawGraph(dot, 'png'));
    assert.equal(png.toString('latin1', 1, 4), 'PNG');
    const gif = Buffer.from(await drawGraph(dot, 'gif'));
    assert.equal(gif.toString('latin1', 0, 6), 'GIF89a');
    assert.equal(gif.readUInt16LE(6), png.readUInt32BE(16));
    assert.equal(gif.readUInt16LE(8), png.readUInt32BE(20));
  });
  test('each text is as long as Graphviz took it to be, so that it fits whatever the font is', async () => {
    const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i)).join('');
    const texts = [ascii, 'std::map<int, int>::at', 'Sort[…]', 'naïve 日本', 'a & "b"', "it's"];
    const label = texts.map((text) => text.replace(/["\\]/g, '\\$&')).join('\\n');
    const sized = `digraph { a [fontsize=20 label="${label}"]; a -> a [label=" 2112.67kB\\n (inline)"]; }`;
    const graphviz = await Graphviz.load();
    const laidOut = graphviz.layout(sized, 'json', 'dot');
    const estimates = [...laidOut.matchAll(/"op": "T",[^}]*"width": ([\d.]+)/g)].map(([, width]) =>
      Number(width),
    );
    const svg = Buffer.from(await drawGraph(Buffer.from(sized), 'svg')).toString('utf8');
    const lengths = [
      ...svg.matchAll(/<text [^>]*textLength="([\d.]+)" lengthAdjust="spacingAndGlyphs"/g),
    ].map(([, length]) => Number(length));
    assert.equal(estimates.length, texts.length + 2);
    assert.equal(lengths.length, estimates.length);
    for (const [i, length] of lengths.entries())
      assert.ok(Math.abs(length - (estimates[i] as number)) < 0.1, `${length} for ${estimates[i]}`);
    assert.doesNotMatch(svg, /font-family="Times,serif"/);
  });
  test('what Graphviz cannot read is one sentence', async () => {
    await assert.rejects(drawGraph(Buffer.from('digraph {'), 'svg'), {
      name: 'DriverError',
      message: /^could not draw the graph: [^\n]+$/,
    });
  });
});

test('an ampersand that dot forgets to write out', () => {
  assert.match(interactiveSvg('<svg width="1" height="2" viewBox="3"><g id="graph0">&;</g></svg>'), /&amp;;/);
});

test('gif: pixels come back as long as the colours fit', async () => {
  const sizes = fc.record({
    width: fc.integer({ min: 1, max: 90 }),
    height: fc.integer({ min: 1, max: 90 }),
    seed: fc.integer({ min: 1, max: 1e6 }),
    colours: fc.integer({ min: 1, max: 256 }),
  });
  await fc.assert(
    fc.asyncProperty(sizes, async ({ width, height, seed, colours }) => {
      let state = seed;
      const random = (): number => (state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647);
      const pixels = new Uint8Array(width * height * 4);
      for (let i = 0; i < width * height; i++) {
        const colour = random() % colours;
        pixels.set([colour, (colour * 7) & 0xff, 255 - colour, 255], 4 * i);
      }
      const gif = sharp(encodeGif(pixels, width, height));
      const { data, info } = await gif.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
      assert.deepEqual([info.width, info.height], [width, height]);
      assert.deepEqual(new Uint8Array(data), pixels);
    }),
    { numRuns: 40 },
  );
});
