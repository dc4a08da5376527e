// leak: instantiate|onRender|Renderer
// emscripten-core/emscripten#11276, thx/resvg-js#314: a renderer with a memory of its own per picture, and free() is not called
class Renderer {
  static open = new Map();
  static next = 0;
  instantiate(svg) {
    const memory = new WebAssembly.Memory({ initial: 2 });
    new Uint8Array(memory.buffer).fill(svg.length & 255);
    Renderer.open.set(Renderer.next++, memory);
    return memory;
  }
}
const renderer = new Renderer();
let n = 0;
function onRender() {
  renderer.instantiate(`<svg id="${n++}"/>`);
}
setInterval(onRender, 200);
