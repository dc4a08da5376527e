// What an eye would find wrong with how a page is laid out, found without one: texts over one another, cut, or out of the window.
/// <reference lib="dom" />
import type { Page } from 'playwright-core';

/** Each fault as a sentence; none where nothing is wrong. What is drawn on a canvas or by Graphviz is not looked at. */
export function faults(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    if (document.documentElement.scrollWidth > innerWidth) found.push('wider than the window');
    const dialog = document.querySelector('dialog[open]');
    const root = dialog ?? document.body;
    const unseen =
      '.offscreen, .search-error, .flame-tree, .flame-sheet, .graph-sheet, .toast, [aria-hidden="true"], script, noscript';
    const words = (text: string): string => text.trim().replaceAll(/\s+/g, ' ').slice(0, 40);

    interface Piece {
      readonly element: Element;
      readonly text: string;
      readonly box: DOMRect;
    }
    /** What of a box its scrolling or clipping ancestors let through, empty where nothing. */
    const seenOf = (element: Element, box: DOMRect): DOMRect => {
      let { left, top, right, bottom } = box;
      for (let at: Element | null = element; at !== null; at = at.parentElement) {
        const style = getComputedStyle(at);
        if (style.visibility === 'hidden' || style.opacity === '0') return new DOMRect();
        if (style.overflowX === 'visible' && style.overflowY === 'visible') continue;
        const clip = at.getBoundingClientRect();
        left = Math.max(left, clip.left);
        right = Math.min(right, clip.right);
        top = Math.max(top, clip.top);
        bottom = Math.min(bottom, clip.bottom);
      }
      return new DOMRect(left, top, Math.max(0, right - left), Math.max(0, bottom - top));
    };
    const pieces: Piece[] = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = node.textContent ?? '';
      if (element === null || text.trim() === '' || element.closest(unseen) !== null) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const rect of range.getClientRects()) {
        const box = seenOf(element, rect);
        if (box.width < 2 || box.height < 2 || box.bottom < 0 || box.top > innerHeight) continue;
        pieces.push({ element, text, box });
        if (rect.width > 2 && (box.left > innerWidth - 2 || box.right > innerWidth + 1))
          found.push(`out of the window: ${words(text)}`);
      }
    }
    const stuck = (element: Element): boolean => {
      for (let at: Element | null = element; at !== null && at !== root; at = at.parentElement)
        if (['sticky', 'fixed'].includes(getComputedStyle(at).position)) return true;
      return false;
    };
    for (const [row, one] of pieces.entries()) {
      for (const other of pieces.slice(row + 1)) {
        if (one.element === other.element) continue;
        const wide = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
        const high = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
        if (wide < 3 || high < 5 || stuck(one.element) || stuck(other.element)) continue;
        found.push(`over one another: ${words(one.text)} | ${words(other.text)}`);
      }
    }
    for (const element of root.querySelectorAll<HTMLElement>(
      'button, a, label, td, th, h1, h2, p, li, span, b, code, dt, dd',
    )) {
      if (element.closest(unseen) !== null || element.clientWidth === 0) continue;
      const style = getComputedStyle(element);
      const isCut =
        style.overflowX === 'hidden' &&
        style.textOverflow !== 'ellipsis' &&
        element.scrollWidth > element.clientWidth + 1;
      if (isCut) found.push(`cut: ${words(element.textContent ?? '')}`);
    }
    return [...new Set(found)].slice(0, 20);
  });
}
