// Frames in the URL.

/** A stable short hash of a frame, for the zoom path in URLs (FNV-1a, 32 bits, base 36). */
export function frameHash(name: string, file: string): string {
  let hash = 0x811c9dc5;
  const both = `${name}\0${file}`;
  for (let i = 0; i < both.length; i++) hash = Math.imul(hash ^ both.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
}
