// A signal that follows another one and leaves nothing behind on it: AbortSignal.any keeps some bytes on one that lives on, for ever.

/**
 * A controller that is aborted when `signal` is. Abort it when what it is for has ended: only then `signal` knows nothing of it any more.
 */
export function abortedWith(signal: AbortSignal): AbortController {
  const own = new AbortController();
  if (signal.aborted) own.abort();
  else signal.addEventListener('abort', () => own.abort(), { once: true, signal: own.signal });
  return own;
}
