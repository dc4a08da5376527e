// What a colour of pprof's graph means: how much of the profile is there, more or less of it in a comparison.

/** From 0, next to nothing, to 1, nearly all; negative for less than before. */
export function heatOf(color: string): number | null {
  const [, red = '', green = ''] = /^#([\da-f]{2})([\da-f]{2})[\da-f]{2}$/i.exec(color) ?? [];
  if (red === '') return null;
  const r = Number.parseInt(red, 16);
  const g = Number.parseInt(green, 16);
  const most = Math.max(r, g);
  return most === 0 ? null : (r - g) / most;
}

/** Gives what is drawn the page's colours: styles mix them by `--heat`, in per cent, and `data-less`. */
export function paintHeat(picture: Element): void {
  for (const group of picture.querySelectorAll<SVGGElement>('.node, .edge')) {
    const shapes = [...group.querySelectorAll('polygon, path, ellipse, polyline')];
    const heat =
      shapes.map((shape) => heatOf(shape.getAttribute('stroke') ?? '')).find((one) => one !== null) ?? 0;
    group.style.setProperty('--heat', `${Math.round(Math.abs(heat) * 100)}%`);
    group.toggleAttribute('data-less', heat < 0);
    for (const shape of shapes) {
      shape.removeAttribute('stroke');
      shape.removeAttribute('fill');
    }
  }
}

/** Makes texts that are wider than their box, as the reader's font may be, as wide as it. */
export function fitTexts(picture: Element): void {
  for (const node of picture.querySelectorAll('.node')) {
    const box = node.querySelector<SVGGraphicsElement>('polygon, path, ellipse')?.getBBox();
    if (box === undefined) continue;
    for (const text of node.querySelectorAll('text')) {
      const most = box.width - 6;
      if (text.getBBox().width <= most) continue;
      text.setAttribute('textLength', most.toFixed(1));
      text.setAttribute('lengthAdjust', 'spacingAndGlyphs');
    }
  }
}
