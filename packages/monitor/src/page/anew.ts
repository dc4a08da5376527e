/// <reference lib="dom" />
// A page that is looked at is kept fresh: what it says is asked for anew and put in its place, as long as nobody is about something in it.

/** Stands by itself: its text is what the browser is given. Where no script runs the page loads itself anew. */
export function anew(): void {
  const main = document.querySelector<HTMLElement>('main[data-anew]');
  if (!main) return;
  const ask = async (): Promise<void> => {
    if (document.hidden || main.contains(document.activeElement)) return;
    const answer = await fetch(location.href, { cache: 'no-store' });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const said = page.querySelector('main');
    if (!said || main.contains(document.activeElement)) return;
    main.replaceChildren(...said.childNodes);
    document.title = page.title;
  };
  // A monitor that does not answer is asked again.
  setInterval(() => void ask().catch(() => undefined), Number(main.dataset['anew']) * 1000);
}
