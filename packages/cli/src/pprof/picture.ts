// Pictures of graphs without any program to install: Graphviz runs as WebAssembly.
// Upstream: google/pprof internal/driver/svg.go, 2025-11-14
import type * as ResvgModule from '@resvg/resvg-js';
import { decodeText } from '@stackpile/profile';
import { fitTexts } from '@stackpile/report';
import { DriverError } from './errors.ts';

/** Formats that a graph can be drawn in. */
export type PictureFormat = 'gif' | 'pdf' | 'png' | 'ps' | 'svg';

/** Draws a graph given as DOT. Throws {@link DriverError} with the reason. */
export async function drawGraph(dot: Uint8Array, format: PictureFormat): Promise<Uint8Array> {
  const { Graphviz } = await import('@hpcc-js/wasm-graphviz');
  const graphviz = await Graphviz.load();
  // Graphviz knows more formats than its type says; undecodable bytes become question marks in boxes.
  const layout = (kind: string, adapt = (text: string): string => text): string => {
    try {
      const text = adapt(decodeText(dot).replace(/\p{Surrogate}/gu, '\ufffd'));
      return graphviz.layout(text, kind as 'svg', 'dot');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new DriverError(`could not draw the graph: ${reason.split('\n', 1)[0] ?? reason}`, {
        cause: error,
      });
    }
  };
  switch (format) {
    case 'svg':
      return Buffer.from(interactiveSvg(fitTexts(layout('svg'))));
    case 'ps':
      // Its fonts have no ellipsis.
      return Buffer.from(layout('ps', (text) => text.replaceAll('…', '...')));
    case 'pdf': {
      const { graphPdf } = await import('./pdf.ts');
      return graphPdf(layout('json'));
    }
    case 'png':
      return (await rasterize(fitTexts(layout('svg')))).png();
    case 'gif': {
      const { pixels, width, height } = await rasterize(fitTexts(layout('svg')));
      const { encodeGif } = await import('./gif.ts');
      return encodeGif(pixels, width, height);
    }
  }
}

interface Raster {
  readonly width: number;
  readonly height: number;
  /** Four bytes per pixel: red, green, blue, opacity. */
  readonly pixels: Uint8Array;
  png(): Uint8Array;
}

/** Most pixels of a picture; a larger graph is drawn smaller. */
const MAX_SIDE = 16_000;

async function rasterize(svg: string): Promise<Raster> {
  let resvg: typeof ResvgModule;
  try {
    resvg = await import('@resvg/resvg-js');
  } catch (error) {
    throw new DriverError(
      'png and gif need the optional package @resvg/resvg-js, which is not installed here; svg, pdf and ps need nothing',
      { cause: error },
    );
  }
  const options: ResvgModule.ResvgRenderOptions = {
    background: '#ffffff',
    font: { defaultFontFamily: 'serif' },
  };
  const picture = new resvg.Resvg(svg, options);
  const scale = Math.min(1, MAX_SIDE / Math.max(picture.width, picture.height));
  const drawn =
    scale < 1
      ? new resvg.Resvg(svg, { ...options, fitTo: { mode: 'zoom', value: scale } }).render()
      : picture.render();
  return {
    width: drawn.width,
    height: drawn.height,
    pixels: drawn.pixels,
    png: () => drawn.asPng(),
  };
}

/** Drag to move, wheel to zoom, double click to start over. */
const panAndZoom = `
(function () {
  var svg = document.documentElement, view = document.getElementById('viewport');
  var scale = 0.5, x = 0, y = 0, from = null;
  function apply() { view.setAttribute('transform', 'translate(' + x + ',' + y + ') scale(' + scale + ')'); }
  svg.addEventListener('wheel', function (event) {
    event.preventDefault();
    var factor = Math.pow(1.0015, -event.deltaY), next = Math.min(50, Math.max(0.02, scale * factor));
    x = event.clientX - (event.clientX - x) * next / scale;
    y = event.clientY - (event.clientY - y) * next / scale;
    scale = next;
    apply();
  }, { passive: false });
  svg.addEventListener('mousedown', function (event) { from = { x: event.clientX - x, y: event.clientY - y }; event.preventDefault(); });
  svg.addEventListener('mousemove', function (event) { if (from) { x = event.clientX - from.x; y = event.clientY - from.y; apply(); } });
  window.addEventListener('mouseup', function () { from = null; });
  svg.addEventListener('dblclick', function () { scale = 0.5; x = 0; y = 0; apply(); });
})();
`;

/** Makes the picture fill the page and move under the mouse, the way pprof rewrites what `dot` prints. */
export function interactiveSvg(svg: string): string {
  let text = svg.replaceAll('&;', '&amp;;');
  text = text.replace(
    /<svg\s*width="[^"]+"\s*height="[^"]+"\s*viewBox="[^"]+"/,
    '<svg width="100%" height="100%"',
  );
  const viewport = '<g id="viewport" transform="scale(0.5,0.5) translate(0,0)">';
  text = text.replace(/<g id="graph\d"/, (graph) => viewport + graph);
  // The script stands last: it looks for the group when it runs.
  const script = `<script type="text/ecmascript"><![CDATA[${panAndZoom}]]></script>`;
  return text.replace('</svg>', () => `</g>${script}</svg>`);
}
