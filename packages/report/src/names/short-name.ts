// Function names without their package path, for pictures.
// Upstream: google/pprof internal/graph/graph.go, 2025-11-14

const anonymousNamespace = /^\(anonymous namespace\)::/;
const goVersion = /^(.*?)\/v(?:[2-9]|[1-9][0-9]+)([./].*)$/;
const shorter = [
  // Go: everything after the last slash of the import path.
  /^(?:[\w\-.]+\/)+([^.]+\..+)/,
  // Java: class and method.
  /^(?:[a-z]\w*\.)*([A-Z][\w$]*\.(?:<init>|[a-z][\w$]*(?:\$\d+)?))(?:\(|$)/,
  // C++: class and method.
  /^(?:[_a-zA-Z]\w*::)+(_*[A-Z]\w*::~?[_a-zA-Z]\w*(?:<.*>)?)/,
];

/** `github.com/a/b/v3/pkg.(*X).M` → `pkg.(*X).M`, `com.foo.Bar.baz` → `Bar.baz`, `ns::Foo::bar` → `Foo::bar`. */
export function shortenFunctionName(name: string): string {
  const plain = name.replace(anonymousNamespace, '').replace(goVersion, '$1$2');
  for (const pattern of shorter) {
    const found = pattern.exec(plain);
    if (found !== null) return found[1] as string;
  }
  return plain;
}
