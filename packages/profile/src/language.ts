// Which language a function was written in, by its file, and the packages that names of Go begin with.

/** The languages that profiles treat apart. */
export type Language = 'go' | 'javascript';

/** The language of a source file, or of a module of Node; null for any other, and for ''. */
export function languageOf(file: string): Language | null {
  if (/\.(?:go|s)$/.test(file)) return 'go';
  return /^node:|\.[cm]?[jt]sx?$/i.test(file) ? 'javascript' : null;
}

/** The import path of a Go symbol: `github.com/redis/go-redis/v9` of `github.com/redis/go-redis/v9.(*PubSub).Receive`. */
export function goPackage(name: string): string {
  // Type arguments hold whole symbols of their own.
  const bracket = name.indexOf('[');
  const plain = bracket < 0 ? name : name.slice(0, bracket);
  const dot = plain.indexOf('.', plain.lastIndexOf('/') + 1);
  return dot < 0 ? plain : plain.slice(0, dot);
}
