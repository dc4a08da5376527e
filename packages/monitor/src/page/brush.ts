/// <reference lib="dom" />
// Runs in the browser: a range is chosen by dragging over the picture.

/**
 * Stands by itself: its text is what the browser is given. Without it each step of the picture is a link all the same.
 */
export function brush(): void {
  const plot = document.querySelector<SVGSVGElement>('svg.plot');
  const picked = plot?.querySelector<SVGRectElement>('.picked');
  const chosen = document.querySelector<HTMLElement>('[data-chosen]');
  if (!plot || !picked || !chosen) return;
  const [begin, end] = [Number(plot.dataset['from']), Number(plot.dataset['to'])];
  const span = end - begin;
  let start: number | null = null;
  let dragged = false;

  const timeAt = (event: PointerEvent): number => {
    const box = plot.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return Math.round(begin + share * span);
  };
  const setRange = (name: string, change: (query: URLSearchParams) => void): void => {
    const link = chosen.querySelector<HTMLAnchorElement>(`[data-${name}]`);
    if (!link) return;
    const url = new URL(link.href);
    change(url.searchParams);
    link.href = url.href;
    link.hidden = false;
  };
  const choose = (from: number, to: number): void => {
    picked.setAttribute('x', String(((from - begin) / span) * 1000));
    picked.setAttribute('width', String(((to - from) / span) * 1000));
    const words = chosen.querySelector('[data-words]');
    const time = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ');
    if (words) words.textContent = `${time(from)} – ${time(to)}`;
    for (const name of ['view', 'zoom', 'profile'])
      setRange(name, (query) => {
        query.set('from', String(from));
        query.set('to', String(to));
      });
    setRange('compare', (query) => {
      query.set('from', String(from));
      query.set('to', String(to));
      query.set('base_from', String(Math.max(0, from - (to - from))));
      query.set('base_to', String(from));
    });
    const compare = chosen.querySelector('[data-compare]');
    if (compare) compare.textContent = 'Compare with as long before it';
  };

  plot.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    start = timeAt(event);
    dragged = false;
  });
  plot.addEventListener('pointermove', (event) => {
    if (start === null) return;
    const now = timeAt(event);
    if (Math.abs(now - start) < span / 200) return;
    dragged = true;
    choose(Math.min(start, now), Math.max(start, now));
  });
  addEventListener('pointerup', () => {
    start = null;
  });
  // A drag ends on a step, which is a link: it is not meant.
  plot.addEventListener(
    'click',
    (event) => {
      if (dragged) event.preventDefault();
      dragged = false;
    },
    true,
  );
  plot.addEventListener('dragstart', (event) => event.preventDefault());
}
