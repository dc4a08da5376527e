// How the URLs that V8 gives scripts are shown.

/** A path for a `file:` URL, everything else as it is. */
export function scriptFilename(url: string): string {
  if (!url.startsWith('file://')) return url;
  let path = url.slice('file://'.length);
  try {
    path = decodeURIComponent(path);
  } catch {
    // Not percent-encoded after all: shown as it is.
  }
  return /^\/[A-Za-z]:\//u.test(path) ? path.slice(1) : path;
}
