// DOT as Graphviz can take it.

/** DOT that Graphviz can digest: it refuses strings beyond 16 kB and control characters, and names may hold both. */
export function drawableDot(dot: string): string {
  return dot
    .replace(/"((?:[^"\\]|\\[^]){1500})(?:[^"\\]|\\[^])+"/g, '"$1…"')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu, '\ufffd');
}
