// Small controls: segmented choice, switch, menu, copy.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { notice } from '../store.ts';

export interface MenuItem {
  readonly label: string;
  /** The key that does the same, where there is one. */
  readonly key?: string;
  readonly run: () => void;
}

/** A choice of a few, as one row of buttons. */
export function Segmented<T extends string>({
  label,
  value,
  options,
  choose,
}: {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string; readonly title?: string }[];
  readonly choose: (value: T) => void;
}): JSX.Element {
  return (
    <div class="segmented" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          type="button"
          key={option.value}
          aria-pressed={option.value === value}
          title={option.title ?? ''}
          onClick={() => choose(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}

export function Switch({
  label,
  on,
  toggle,
}: {
  readonly label: string;
  readonly on: boolean;
  readonly toggle: () => void;
}): JSX.Element {
  return (
    <button type="button" class="switch" role="switch" aria-checked={on} onClick={toggle}>
      <i />
      {label}
    </button>
  );
}

/** A context menu at a point of the window; closes by itself. */
export function Menu({
  x,
  y,
  items,
  close,
}: {
  readonly x: number;
  readonly y: number;
  readonly items: readonly MenuItem[];
  readonly close: () => void;
}): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const menu = element.current;
    if (menu === null) return;
    const { width, height } = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(4, Math.min(x, innerWidth - width - 8))}px`;
    menu.style.top = `${Math.max(4, Math.min(y, innerHeight - height - 8))}px`;
    const before = document.activeElement;
    menu.querySelector('button')?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, [x, y]);
  useEffect(() => {
    const outside = (event: PointerEvent): void => {
      if (event.target instanceof Node && element.current?.contains(event.target) !== true) close();
    };
    addEventListener('pointerdown', outside, true);
    return () => removeEventListener('pointerdown', outside, true);
  }, [close]);
  const move = (by: number): void => {
    const buttons = [...(element.current?.querySelectorAll('button') ?? [])];
    const index = buttons.findIndex((button) => button === document.activeElement);
    buttons[(index + by + buttons.length) % buttons.length]?.focus();
  };
  return (
    <div
      class="menu"
      role="menu"
      tabIndex={-1}
      ref={element}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Escape' || event.key === 'Tab') close();
        else if (event.key === 'ArrowDown') move(1);
        else if (event.key === 'ArrowUp') move(-1);
        else {
          const item = items.find(({ key }) => key === event.key && event.key !== 'Enter');
          if (item === undefined) return;
          close();
          item.run();
        }
        event.preventDefault();
      }}
    >
      {items.map((item) => (
        <button
          type="button"
          role="menuitem"
          key={item.label}
          onClick={() => {
            close();
            item.run();
          }}
        >
          <span>{item.label}</span>
          {item.key === undefined ? null : <kbd>{item.key}</kbd>}
        </button>
      ))}
    </div>
  );
}

/** A panel over the page; Escape and a click beside it close it, focus stays inside. */
export function Dialog({
  title,
  close,
  children,
}: {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      class="dialog"
      ref={element}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClick={(event) => {
        if (event.target === element.current) close();
      }}
    >
      <div class="dialog-body">
        <header>
          <h2>{title}</h2>
          <button type="button" class="icon" aria-label="Close" onClick={close}>
            ✕
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** Copies text and says so. Without the clipboard API (plain http) the text is selected in a field instead. */
export function copyText(text: string, done: string): void {
  const fallback = (): void => {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'offscreen';
    document.body.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    notice.value = copied ? done : 'This browser does not let the page copy; use the Download menu instead.';
  };
  if (navigator.clipboard === undefined) {
    fallback();
    return;
  }
  navigator.clipboard.writeText(text).then(() => {
    notice.value = done;
  }, fallback);
}
