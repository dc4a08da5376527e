// Who can open a link to this page.
import type { Boot } from '@stackpile/profile';

/** What the answer depends on. */
export interface Reach {
  readonly mode: Boot['mode'];
  /** As in `location`. */
  readonly protocol: string;
  readonly hostname: string;
  /** Profiles that the page did not come with: dropped files, captures. */
  readonly added: number;
}

/** One or two sentences: who, and what they will not find. */
export function audience({ mode, protocol, hostname, added }: Reach): string {
  const missing =
    added === 0
      ? ''
      : ` ${added === 1 ? 'One profile that was' : `${added} profiles that were`} opened here since ${added === 1 ? 'is' : 'are'} not in it.`;
  return `${who(mode, protocol, hostname)}${missing}`;
}

function who(mode: Boot['mode'], protocol: string, hostname: string): string {
  if (protocol === 'file:' || mode === 'none')
    return 'Only this computer: the page is a file on it. To others, send the report.';
  const here = /^(?:localhost|127\.[\d.]+|\[::1\]|.*\.localhost)$/.test(hostname);
  if (mode === 'agent')
    return here
      ? 'Only this computer, while the service runs.'
      : `Whoever can reach ${hostname} and has the token of the service, while it runs.`;
  return here
    ? 'Only you on this computer, while stackpile runs in its terminal. To others, send the report.'
    : `Whoever can reach ${hostname} and has the token of this start, while stackpile runs.`;
}
