// Texts of a picture that Graphviz drew, each as wide as Graphviz took it to be, whatever font the reader has.
import { encodeText } from '@stackpile/profile';

/** How wide Graphviz takes the characters from U+0020 to U+007E of Times to be, in 2048ths of the font's size. */
const widths = [
  512, 682, 836, 1024, 1024, 1706, 1593, 369, 682, 682, 1024, 1155, 512, 682, 512, 569, 1024, 1024, 1024,
  1024, 1024, 1024, 1024, 1024, 1024, 1024, 569, 569, 1155, 1155, 1155, 909, 1886, 1479, 1366, 1366, 1479,
  1251, 1139, 1479, 1479, 682, 797, 1479, 1251, 1821, 1479, 1479, 1139, 1479, 1366, 1139, 1251, 1479, 1479,
  1933, 1479, 1479, 1251, 682, 569, 682, 961, 1024, 682, 909, 1024, 909, 1024, 909, 682, 1024, 1024, 569, 569,
  1024, 569, 1593, 1024, 1024, 1024, 1024, 682, 797, 569, 1024, 1024, 1479, 1024, 1024, 909, 983, 410, 983,
  1108,
];
/** What it adds for each byte of any other character, in UTF-8. */
const PER_BYTE = 512;
/** Times and what is as wide as it, so that hardly any text has to be squeezed. */
const FAMILIES = 'Times,Times New Roman,Nimbus Roman,Liberation Serif,Tinos,serif';

const entities: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

function unescaped(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|(\w+));/g,
    (whole, code: string | undefined, name: string | undefined) => {
      if (code === undefined) return entities.get(name ?? '') ?? whole;
      return Number(code) <= 0x10ffff ? String.fromCodePoint(Number(code)) : whole;
    },
  );
}

/** Graphviz's estimate of a text's width in its font of the size 1. */
function estimatedWidth(text: string): number {
  let sum = 0;
  for (const byte of encodeText(text)) sum += widths[byte - 0x20] ?? PER_BYTE;
  return sum / 2048;
}

/**
 * Graphviz sizes boxes by the widths of Times, and its SVG asks for that font. Where the reader has another, wider one, texts
 * would stand out of their boxes: each is told how long it is to be.
 */
export function fitTexts(svg: string): string {
  return svg.replace(
    / font-family="Times,serif" font-size="([\d.]+)"([^>]*)>([^<]+)</g,
    (_, size: string, more: string, text: string) => {
      const length = (estimatedWidth(unescaped(text)) * Number(size)).toFixed(2);
      const fit = `textLength="${length}" lengthAdjust="spacingAndGlyphs"`;
      return ` font-family="${FAMILIES}" font-size="${size}" ${fit}${more}>${text}<`;
    },
  );
}
