// A strict reader of the XML that is written here: elements, attributes in double quotes, texts; anything else is a fault.
import assert from 'node:assert/strict';

/** An element. */
export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Element[];
  text: string;
}

function plain(text: string): string {
  assert.doesNotMatch(text, /[<>"]|&(?!(?:amp|lt|gt|quot);)/u);
  // The characters of XML 1.0, 2.2.
  assert.match(text, /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u);
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}

/** The root element of a document. */
export function xmlOf(document: string): Element {
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n';
  assert.ok(document.startsWith(head));
  const top: Element = { name: '', attributes: new Map(), children: [], text: '' };
  const open = [top];
  for (const [, text = '', tag = ''] of document.slice(head.length).matchAll(/([^<]*)(<[^>]*>|$)/gu)) {
    const parent = open.at(-1);
    assert.ok(parent !== undefined);
    parent.text += plain(text);
    if (tag === '') continue;
    if (tag.startsWith('</')) {
      assert.equal(tag, `</${parent.name}>`);
      open.pop();
      continue;
    }
    const [, name = '', rest = '', close = ''] = /^<([a-z]+)((?: [a-z]+="[^"]*")*)(\/?)>$/u.exec(tag) ?? [];
    assert.notEqual(name, '', tag);
    const attributes = new Map(
      [...rest.matchAll(/ ([a-z]+)="([^"]*)"/gu)].map(([, key = '', value = '']) => [key, plain(value)]),
    );
    const element: Element = { name, attributes, children: [], text: '' };
    parent.children.push(element);
    if (close === '') open.push(element);
  }
  assert.equal(open.length, 1);
  assert.equal(top.children.length, 1);
  const [root] = top.children;
  assert.ok(root !== undefined);
  return root;
}
