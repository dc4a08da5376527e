// The tabs: the views that have something to show.
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { LibrariesPicker } from '../filters/LibrariesPicker.tsx';
import { navigate, state, tabs } from '../store.ts';
import { viewRow } from '../views/registry.ts';

/** On a narrow screen the tabs scroll: the current one is in sight, also when the screen is turned. */
function showCurrent(strip: HTMLElement): void {
  const link = strip.querySelector<HTMLElement>('[aria-current]');
  if (link !== null) strip.scrollLeft = link.offsetLeft - (strip.clientWidth - link.offsetWidth) / 2;
}

export function Tabs(): JSX.Element {
  const { view } = state.value;
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    if (nav.current !== null) showCurrent(nav.current);
  }, [view, tabs.value.length]);
  useEffect(() => {
    // Where the strip goes on, its end fades.
    const strip = nav.current;
    if (strip === null) return;
    const mark = (): void => {
      const { scrollLeft, clientWidth, scrollWidth } = strip;
      strip.toggleAttribute('data-before', scrollLeft > 1);
      strip.toggleAttribute('data-behind', scrollLeft + clientWidth < scrollWidth - 1);
    };
    const observer = new ResizeObserver(() => {
      showCurrent(strip);
      mark();
    });
    observer.observe(strip);
    strip.addEventListener('scroll', mark);
    return () => {
      observer.disconnect();
      strip.removeEventListener('scroll', mark);
    };
  }, [tabs.value.length]);
  return (
    <div class="strip">
      <nav class="tabs" aria-label="Views" ref={nav}>
        {tabs.value.map((tab, index) => (
          <a
            key={tab}
            href={`#/${tab}`}
            aria-current={tab === view ? 'page' : undefined}
            title={`${viewRow(tab).title} (${(index + 1) % 10}): ${viewRow(tab).help}`}
            onClick={(event) => {
              if (event.ctrlKey || event.metaKey || event.shiftKey) return;
              event.preventDefault();
              navigate({ view: tab });
            }}
          >
            {viewRow(tab).title}
          </a>
        ))}
      </nav>
      <LibrariesPicker />
    </div>
  );
}
