// Whose code a function is: the user's own, a library's, or the runtime's.

/** `user`: what the reader of a profile can change; `library`: a dependency; `runtime`: the language and its platform. */
export type Origin = 'user' | 'library' | 'runtime';

/** How {@link classifyFunction} decides where its own rules would say something else. */
export interface OriginOptions {
  /** Matched against `name`, `filename` and `name filename`: a hit is the user's, whatever the rules say. */
  readonly user?: readonly RegExp[];
  /** A hit is a library's, unless `user` hits too. */
  readonly library?: readonly RegExp[];
}

/** Top-level folders of Go's standard library, and its commands' `cmd`. */
const goStandard = new Set(
  (
    'archive arena bufio builtin bytes cmp compress container context crypto database debug embed encoding errors expvar ' +
    'flag fmt go hash html image index internal io iter log maps math mime net os path plugin reflect regexp runtime ' +
    'simd slices sort strconv strings structs sync syscall testing text time unicode unique unsafe vendor weak cmd C'
  ).split(' '),
);

/** V8's names for what is not JavaScript; some carry no file at all. */
const v8Pseudo =
  /^\((?:root|program|garbage collector|idle|native|anonymous native|bootstrap|compiler|parser|external|gc|v8 api|inlined)[^)]*\)$/iu;

const goModuleCache = /@v\d+\.\d+\.\d+[^/]*\//u;
const goVendor = /\/vendor\/[^/]+\.[^/]+\//u;
/** `gopkg/sub.Func`, `main.(*T).m`, `runtime.gopark`: a path, a dot, a name, and nothing that a path of a script has. */
const goSymbol = /^(?:[\p{L}\p{N}_.~\-%]+\/)*[\p{L}\p{N}_\-%]+(?:\.[\p{L}_(*[]|$)/u;
/** Where a Go tool chain keeps the standard library when the binary was not built with -trimpath. */
const goRoot = /(?:^|\/)(?:go|golang|goroot|go-?\d[\d.]*|toolchain@v[^/]+|libexec)\/src\/([^/]+)\//iu;

const nodeInternal = /^(?:node:|internal\/|native |v8\/|\[?native code\]?$|extensions::)/u;
const nodeModules = /(?:^|[/\\])node_modules[/\\]/u;
/** Package managers that keep dependencies outside of node_modules. */
const nodeCaches = /(?:^|[/\\])(?:\.yarn[/\\](?:cache|unplugged|__virtual__)|\.pnp\.[cm]?js$|\.pnpm[/\\])/u;
/** Our own agent, wherever it was installed or linked. */
const ownAgent =
  /(?:^|[/\\])(?:@stackpile[/\\]agent[/\\]|stackpile[^/\\]*[/\\]packages[/\\](?:agent|profile)[/\\](?:src|dist)[/\\])|^@stackpile\/agent\b/u;
const script = /\.(?:[cm]?[jt]sx?|vue|svelte|node)(?:$|[?#])/u;

/** Functions of WebAssembly that came without names: nobody can change them where they stand. */
const wasmNameless = /^wasm-function\[\d+\]$/u;
/** Java's platform, by its reserved packages. */
const javaPlatform = /^(?:java|javax|jdk|sun|com\.sun)\.(?:[\w$]+\.)*[\w$]+/u;

function any(patterns: readonly RegExp[] | undefined, name: string, filename: string): boolean {
  if (patterns === undefined) return false;
  for (const pattern of patterns) {
    if (pattern.global || pattern.sticky) pattern.lastIndex = 0;
    if (
      pattern.test(name) ||
      (filename !== '' && (pattern.test(filename) || pattern.test(`${name} ${filename}`)))
    ) {
      return true;
    }
  }
  return false;
}

/** The import path of a Go symbol: `github.com/redis/go-redis/v9` of `github.com/redis/go-redis/v9.(*PubSub).Receive`. */
function goPackage(name: string): string {
  // Type arguments hold whole symbols of their own.
  const bracket = name.indexOf('[');
  const plain = bracket < 0 ? name : name.slice(0, bracket);
  const dot = plain.indexOf('.', plain.lastIndexOf('/') + 1);
  return dot < 0 ? plain : plain.slice(0, dot);
}

function classifyGo(name: string, file: string): Origin {
  if (goModuleCache.test(file) || goVendor.test(file))
    return file.includes('/toolchain@v') && goRoot.test(file) ? 'runtime' : 'library';
  const root = goRoot.exec(file);
  if (root !== null && goStandard.has(root[1] ?? '')) return 'runtime';
  // Assembly names no package: its file does.
  if (!name.includes('.') && file.endsWith('.s') && goStandard.has(file.split('/', 1)[0] ?? ''))
    return 'runtime';
  const path = goPackage(name);
  const first = path.split('/', 1)[0] ?? '';
  if (first === 'main') return 'user';
  if (first === 'golang.org' && path.startsWith('golang.org/x/')) return 'library';
  // A module of the user's own may be called `sync` or `internal/…` only below a folder of that name, and a standard
  // package has its files in a folder of its own path: with -trimpath `net/http/server.go`, else below GOROOT.
  if (goStandard.has(first)) {
    const inOwnFolder =
      file === '' || file.startsWith(`${path}/`) || file.startsWith('_cgo_') || file.startsWith('<');
    if (inOwnFolder || !file.startsWith('/')) return 'runtime';
    // An absolute path: the standard library's ends in src/PATH/file.go.
    return file.includes(`/src/${path}/`) ? 'runtime' : 'user';
  }
  // Made by the compiler: equality and hash functions, wrappers without a package.
  if (first.startsWith('type:') || first.startsWith('go:') || first === 'type' || first === '_cgoexp')
    return 'runtime';
  return 'user';
}

function classifyNode(name: string, file: string): Origin {
  if (nodeInternal.test(file) || v8Pseudo.test(name)) return 'runtime';
  if (ownAgent.test(file)) return 'runtime';
  if (nodeModules.test(file) || nodeCaches.test(file)) return 'library';
  if (file === '') return 'runtime';
  return 'user';
}

/**
 * Whose code a function is, by its name and file as profiles of Go and of Node write them.
 *
 * Go: the standard library (by import path, or below GOROOT) is `runtime`, the module cache (`pkg@v1.2.3/`), `vendor/` and
 * `golang.org/x/` are `library`. Node: `node:` and V8's own entries are `runtime`, as is Stackpile's agent; `node_modules` is
 * `library`, and so is WebAssembly without names. Java: its platform's packages are `runtime`. What has neither name nor file is
 * `runtime`. Everything else is `user`.
 */
export function classifyFunction(name: string, filename: string, options?: OriginOptions): Origin {
  if (any(options?.user, name, filename)) return 'user';
  if (any(options?.library, name, filename)) return 'library';
  if (name.startsWith('type:') || filename === '<autogenerated>') return 'runtime';
  if (wasmNameless.test(name)) return 'library';
  const file = filename.includes('\\') ? filename.replaceAll('\\', '/') : filename;
  if (file.endsWith('.go') || file.endsWith('.s')) return classifyGo(name, file);
  if (nodeInternal.test(file) || script.test(file) || file.startsWith('file:'))
    return classifyNode(name, file);
  if (file.endsWith('.java') && javaPlatform.test(name)) return 'runtime';
  if (file !== '') {
    if (nodeModules.test(file)) return 'library';
    // Generated Go code (`_cgo_gotypes.go` aside) and C sources carry Go symbols too.
    if (goStandard.has(goPackage(name).split('/', 1)[0] ?? '') && goSymbol.test(name))
      return classifyGo(name, '');
    return 'user';
  }
  if (name === '' || v8Pseudo.test(name) || nodeInternal.test(name)) return 'runtime';
  // No file: only a Go symbol with a path or a package says whose it is; a bare name is a native function of V8.
  return goSymbol.test(name) && /[./]/u.test(name) ? classifyGo(name, '') : 'runtime';
}
