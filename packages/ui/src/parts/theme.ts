// Light or dark: what the system says until somebody chooses.
import { effect } from '@preact/signals';
import { theme } from '../store.ts';

const key = 'stackpile-theme';

/** Takes the theme that was chosen, or the system's as long as none was, and shows it. */
export function startTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(key);
  } catch {
    // No storage: the system's choice counts.
  }
  theme.value = stored === 'dark' || stored === 'light' ? stored : dark.matches ? 'dark' : 'light';
  dark.addEventListener('change', () => {
    if (stored === null) theme.value = dark.matches ? 'dark' : 'light';
  });
  // Paper is light, whoever prints.
  let onScreen = theme.value;
  addEventListener('beforeprint', () => {
    onScreen = theme.value;
    theme.value = 'light';
  });
  addEventListener('afterprint', () => (theme.value = onScreen));
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
  });
}

export function toggleTheme(): void {
  const next = theme.value === 'dark' ? 'light' : 'dark';
  theme.value = next;
  try {
    localStorage.setItem(key, next);
  } catch {
    // A page from a file may have no storage: the choice lasts until it is closed.
  }
}
