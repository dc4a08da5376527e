// Names of scripts that are URLs, as paths.

/** The path of a `file:` URL; other names come back as they are. */
export function plainPath(name: string): string {
  if (!/^file:\/+/.test(name)) return name;
  try {
    return decodeURIComponent(name.replace(/^file:\/+/, '/'));
  } catch {
    return name;
  }
}
