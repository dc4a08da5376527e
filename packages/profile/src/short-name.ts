// Names of functions and places as a narrow column shows them; each is an end of the whole.

/**
 * A function's name without the path of its package: `task.(*Runner).Work` of `example.com/x/internal/task.(*Runner).Work`. Type
 * arguments and receivers keep their paths, and a name of several words is no path.
 */
export function shortName(name: string): string {
  const bracket = name.search(/[[(<]/);
  const path = bracket < 0 ? name : name.slice(0, bracket);
  const slash = path.lastIndexOf('/');
  if (slash < 0 || slash === name.length - 1 || path.includes(' ')) return name;
  // `go-redis/v9.(*PubSub)`: a major version alone says nothing.
  const from = /^v\d+(?:\.|$)/.test(name.slice(slash + 1)) ? name.lastIndexOf('/', slash - 1) : slash;
  return name.slice(from + 1);
}

/** The last `parts` elements of a path, without `file://` and what follows `?`. */
export function shortPath(path: string, parts: number = 2): string {
  const plain = path.replace(/^file:\/\//, '').replace(/[?#].*$/, '');
  const elements = plain.split(/[\\/]/).filter((part) => part !== '');
  return elements.length <= parts ? plain : elements.slice(-parts).join('/');
}
