// The address of a server as it may be shown.

/** Without user and password, and without a slash at the end. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/$/u, '');
}
