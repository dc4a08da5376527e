// Graphviz's SVG made safe: only shapes and text survive, whatever the function names in it contain.

/** Elements and attributes that are kept; everything else is dropped with its children. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  svg: ['viewBox', 'width', 'height'],
  g: ['id', 'class', 'transform'],
  a: [],
  title: [],
  path: ['d', 'fill', 'stroke', 'stroke-width', 'stroke-dasharray'],
  polygon: ['points', 'fill', 'stroke', 'stroke-width', 'stroke-dasharray'],
  polyline: ['points', 'fill', 'stroke', 'stroke-width', 'stroke-dasharray'],
  ellipse: ['cx', 'cy', 'rx', 'ry', 'fill', 'stroke'],
  text: ['x', 'y', 'text-anchor', 'font-size', 'fill', 'font-weight', 'textLength', 'lengthAdjust'],
};
const safeValue = /^[\w\s#.,()%+-]*$/;

/** Attributes of `element` that may stay; null where the element itself may not. Pure, so that a test can read it. */
export function keptAttributes(
  element: string,
  attributes: Iterable<{ readonly name: string; readonly value: string }>,
): [name: string, value: string][] | null {
  const names = Object.hasOwn(allowed, element) ? allowed[element] : undefined;
  if (names === undefined) return null;
  const kept: [string, string][] = [];
  for (const { name, value } of attributes) {
    if (names.includes(name) && safeValue.test(value)) kept.push([name, value]);
  }
  return kept;
}

const namespace = 'http://www.w3.org/2000/svg';

/**
 * Rebuilds a parsed SVG in the page's document from allowed pieces only. A node's full name and value, which Graphviz
 * writes as the title of its link, becomes its `<title>`.
 */
export function rebuildSvg(source: Element, target: Document): SVGElement | null {
  const build = (from: Element): SVGElement | null => {
    const attributes = keptAttributes(from.localName, from.attributes);
    if (attributes === null) return null;
    // Links become groups: nothing in a profile may lead anywhere.
    const to = target.createElementNS(namespace, from.localName === 'a' ? 'g' : from.localName);
    for (const [name, value] of attributes) to.setAttribute(name, value);
    if (from.localName === 'a') {
      const title = from.getAttributeNS('http://www.w3.org/1999/xlink', 'title') ?? '';
      if (title !== '') {
        const node = target.createElementNS(namespace, 'title');
        node.textContent = title;
        to.append(node);
      }
    }
    if (from.localName === 'text' || from.localName === 'title') {
      to.textContent = from.textContent;
      return to;
    }
    for (const child of from.children) {
      const built = build(child);
      if (built !== null) to.append(built);
    }
    return to;
  };
  return build(source);
}
