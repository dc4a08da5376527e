// Whose code a function is: the user's own, a library's, or the runtime's.
import { goPackage, languageOf } from './language.ts';
import type { Profile } from './profile.ts';

/** `user`: what the reader of a profile can change; `library`: a dependency; `runtime`: the language and its platform. */
export type Origin = 'user' | 'library' | 'runtime';

/** Says whether a text matches: a regular expression of JavaScript's, or of an engine that no pattern can stall. */
export interface TextTest {
  test(text: string): boolean;
}

/** How {@link classifyFunction} decides where its own rules would say something else. */
export interface OriginOptions {
  /** Matched against `name`, `filename` and `name filename`: a hit is the user's, whatever the rules say. */
  readonly user?: readonly TextTest[];
  /** A hit is a library's, unless `user` hits too. */
  readonly library?: readonly TextTest[];
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
  /^\((?:root|program|garbage collector|idle|native|anonymous native|bootstrap|compiler|parser|external|arraybuffers|gc|v8 api|inlined)[^)]*\)$/iu;

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

/** The same where there is no file to tell by, as agents of the JVM write it too: `java/util/HashMap.put`. */
const javaNames = /^(?:(?:java|javax|jdk|sun|com\/sun)\/|(?:java|javax|jdk|sun|com\.sun)\.[a-z]\w*\.)\w/u;

/** Names of C, C++, Rust and the engines written in them that nobody writes in a service. */
const nativeRuntime =
  /^(?:(?:std|core|alloc|__gnu_cxx|__cxxabiv1|v8|node)::|<(?:std|core|alloc)::|(?:Builtins_|uv__|__libc_|_dl_|do_syscall_|__x64_sys_|entry_SYSCALL_|asm_exc_|asm_sysvec_)\w|(?:_start|start_thread|clone3?|__clone3?)$)/u;
/** A kernel's function, as scripts that fold stacks mark it. */
const kernelMark = /_\[k\]$/u;
/** What stands for all that has no name: `[unknown]`, `[libc.so.6]`, `[kernel.kallsyms]`, `[vdso]`. */
const bracketed = /^\[[^\]]*\]$/u;
/** A shared library at the beginning of a name: DTrace writes `libc.so.6`malloc`. */
const leadingLibrary = /^\[?([\w.+-]+\.(?:so|dylib|dll)[\d.]*)(?:[`!\]]|$)/iu;
/** The file at the end of a name: `query (/app/db.js:9:1)`, `emit node:events:519:24`. */
const trailingFile = /^((?:node:|file:|[A-Za-z]:)?[^\s():]+)(?::\d+){1,2}\)?$/u;
/** Longer names are generated; what stands in them says nothing of files. */
const NAME_LIMIT = 1024;

const sharedLibrary = /\.(?:so|dylib|dll)(?:\.[\d.]+)?$/iu;
/** Libraries that every process has: libc and its parts, the loader, the languages' own. */
const systemLibrary =
  /^(?:ld-?[\w.-]*|lib(?:c|m|dl|rt|pthread|resolv|util|gcc_s|stdc\+\+|c\+\+(?:abi)?|System|dyld|system_\w+|node|v8|uv|python\d?|jvm|julia|ruby)(?:[-.\d][\w.-]*)?|ntdll|kernel32|kernelbase|ucrtbase|msvcrt|vcruntime\w*)\.(?:so|dylib|dll)/iu;
const kernelModule = /\.ko(?:\.\w+)?$/u;
/** Binaries that run programs of other languages: their own functions are not the user's. */
const interpreter =
  /^(?:node(?:js)?|deno|bun|python[\d.]*|ruby[\d.]*|perl[\d.]*|php[\w.-]*|java|beam\.smp|lua(?:jit)?[\d.-]*|dotnet|mono)(?:\.exe)?$/iu;

function any(patterns: readonly TextTest[] | undefined, name: string, filename: string): boolean {
  if (patterns === undefined) return false;
  for (const pattern of patterns) {
    if (pattern instanceof RegExp) pattern.lastIndex = 0;
    if (
      pattern.test(name) ||
      (filename !== '' && (pattern.test(filename) || pattern.test(`${name} ${filename}`)))
    ) {
      return true;
    }
  }
  return false;
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
  if (languageOf(file) === 'go') return classifyGo(name, file);
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
  if (name === '' || isPlatformName(name)) return 'runtime';
  // No file: only a Go symbol with a path or a package says whose it is; a bare name is a native function of V8.
  return isGoSymbol(name) ? classifyGo(name, '') : 'runtime';
}

/** V8's own entries, and modules of Node. */
function isPlatformName(name: string): boolean {
  return v8Pseudo.test(name) || nodeInternal.test(name);
}

function isGoSymbol(name: string): boolean {
  return goSymbol.test(name) && /[./]/u.test(name);
}

/** Whose the functions of a binary or of a shared library are; null where it says nothing. */
function classifyBinary(path: string): Origin | null {
  if (path.startsWith('[') || path.startsWith('//anon')) return 'runtime';
  const base = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  if (kernelModule.test(base) || interpreter.test(base)) return 'runtime';
  if (sharedLibrary.test(base)) return systemLibrary.test(base) ? 'runtime' : 'library';
  return null;
}

/** The file that stands at the end of a name, or ''. */
function fileInName(name: string): string {
  if (name.length > NAME_LIMIT) return '';
  const before = Math.max(name.lastIndexOf(' '), name.lastIndexOf('('));
  const file = before < 0 ? '' : (trailingFile.exec(name.slice(before + 1))?.[1] ?? '');
  return /[./\\]|^node:/u.test(file) ? file : '';
}

/** Whose a function is by the file in its name; null without one. */
function classifyFileInName(name: string): Origin | null {
  const file = fileInName(name);
  return file === '' ? null : classifyFunction(name, file);
}

/**
 * {@link classifyFunction} for profiles in which no function has a file, by what people put into the names instead.
 *
 * @param bare what a name is that says nothing
 */
function classifyFileless(name: string, bare: Origin): Origin {
  if (name.length > NAME_LIMIT) return bare;
  if (wasmNameless.test(name)) return 'library';
  if (name.startsWith('type:') || isPlatformName(name)) return 'runtime';
  const library = leadingLibrary.exec(name)?.[1];
  if (library !== undefined) return classifyBinary(library) ?? 'library';
  if (bracketed.test(name) || kernelMark.test(name)) return 'runtime';
  if (nativeRuntime.test(name) || javaNames.test(name)) return 'runtime';
  return classifyFileInName(name) ?? (isGoSymbol(name) ? classifyGo(name, '') : bare);
}

/**
 * {@link classifyFunction} for the functions of one profile, by row. Where no function of it has a file (folded stacks,
 * `perf script`), a bare name is the user's unless it, or the binary that it is in, says otherwise; where some have files, in
 * their own column or within their names, one without is native code of the platform, unless its binary is a program.
 */
export function functionOrigins(profile: Profile, options?: OriginOptions): (row: number) => Origin {
  const { functions, locations, mappings, strings } = profile;
  const fileless = functions.filename.every((file) => strings.get(file) === '');
  const nameOf = (row: number): string => strings.get(functions.name[row] as number);
  const bare =
    fileless && functions.name.some((_, row) => classifyFileInName(nameOf(row)) === 'user')
      ? 'runtime'
      : 'user';
  const binary = new Int32Array(functions.length).fill(-1);
  const named = Array.from(mappings.filename, (file) => strings.get(file));
  if (named.some((file) => file !== '')) {
    const { lineStart, lines, mapping } = locations;
    for (let location = 0; location < locations.length; location++) {
      const end = lineStart[location + 1] as number;
      for (let row = lineStart[location] as number; row < end; row++)
        binary[lines.function[row] as number] = mapping[location] as number;
    }
  }
  return (row) => {
    const name = nameOf(row);
    const file = strings.get(functions.filename[row] as number);
    const path = named[binary[row] as number] ?? '';
    const known = file !== '' || name === '' || (!fileless && path === '');
    if (known || any(options?.user, name, '') || any(options?.library, name, ''))
      return classifyFunction(name, file, options);
    return (path === '' ? null : classifyBinary(path)) ?? classifyFileless(name, bare);
  };
}
