// What the codes of mangled C++ names stand for: operators, built-in types, and the names that have a code of their own.
// Upstream: ianlancetaylor/demangle demangle.go, 2025-04-17
import type { Node, Template } from './itanium-nodes.ts';

/** [text, operands] of each operator code. */
export const operators: Readonly<Record<string, readonly [text: string, operands: number]>> = {
  aN: ['&=', 2],
  aS: ['=', 2],
  aa: ['&&', 2],
  ad: ['&', 1],
  an: ['&', 2],
  at: ['alignof ', 1],
  aw: ['co_await ', 1],
  az: ['alignof ', 1],
  cc: ['const_cast', 2],
  cl: ['()', 2],
  cp: ['()', 2],
  cm: [',', 2],
  co: ['~', 1],
  dV: ['/=', 2],
  dX: ['[...]=', 3],
  da: ['delete[] ', 1],
  dc: ['dynamic_cast', 2],
  de: ['*', 1],
  di: ['=', 2],
  dl: ['delete ', 1],
  ds: ['.*', 2],
  dt: ['.', 2],
  dv: ['/', 2],
  dx: [']=', 2],
  eO: ['^=', 2],
  eo: ['^', 2],
  eq: ['==', 2],
  fl: ['...', 2],
  fr: ['...', 2],
  fL: ['...', 3],
  fR: ['...', 3],
  ge: ['>=', 2],
  gs: ['::', 1],
  gt: ['>', 2],
  ix: ['[]', 2],
  lS: ['<<=', 2],
  le: ['<=', 2],
  li: ['operator"" ', 1],
  ls: ['<<', 2],
  lt: ['<', 2],
  mI: ['-=', 2],
  mL: ['*=', 2],
  mi: ['-', 2],
  ml: ['*', 2],
  mm: ['--', 1],
  na: ['new[]', 3],
  ne: ['!=', 2],
  ng: ['-', 1],
  nt: ['!', 1],
  nw: ['new', 3],
  nx: ['noexcept', 1],
  oR: ['|=', 2],
  oo: ['||', 2],
  or: ['|', 2],
  pL: ['+=', 2],
  pl: ['+', 2],
  pm: ['->*', 2],
  pp: ['++', 1],
  ps: ['+', 1],
  pt: ['->', 2],
  qu: ['?', 3],
  rM: ['%=', 2],
  rS: ['>>=', 2],
  rc: ['reinterpret_cast', 2],
  rm: ['%', 2],
  rs: ['>>', 2],
  sP: ['sizeof...', 1],
  sZ: ['sizeof...', 1],
  sc: ['static_cast', 2],
  ss: ['<=>', 2],
  st: ['sizeof ', 1],
  sz: ['sizeof ', 1],
  te: ['typeid ', 1],
  ti: ['typeid ', 1],
  tr: ['throw', 0],
  tw: ['throw ', 1],
};

export const builtins: Readonly<Record<string, string>> = {
  a: 'signed char',
  b: 'bool',
  c: 'char',
  d: 'double',
  e: 'long double',
  f: 'float',
  g: '__float128',
  h: 'unsigned char',
  i: 'int',
  j: 'unsigned int',
  l: 'long',
  m: 'unsigned long',
  n: '__int128',
  o: 'unsigned __int128',
  s: 'short',
  t: 'unsigned short',
  v: 'void',
  w: 'wchar_t',
  x: 'long long',
  y: 'unsigned long long',
  z: '...',
};

/** Types behind `D`. */
export const dBuiltins: Readonly<Record<string, string>> = {
  f: 'decimal32',
  d: 'decimal64',
  e: 'decimal128',
  h: 'half',
  u: 'char8_t',
  s: 'char16_t',
  i: 'char32_t',
  n: 'decltype(nullptr)',
};

export const cvWords: Readonly<Record<string, string>> = { r: 'restrict', V: 'volatile', K: 'const' };

export function named(text: string): Node {
  return { kind: 'name', text };
}
function inStd(text: string): Node {
  return { kind: 'qualified', scope: named('std'), name: named(text), local: false };
}
export function template(name: Node, ...list: Node[]): Template {
  return { kind: 'template', name, list };
}
const char: Node = { kind: 'builtin', text: 'char' };
const traits = template(inStd('char_traits'), char);

/** `St`, `Sa`, …; parsing compares them by identity. */
export const shortcuts: Readonly<Record<string, Node>> = {
  t: named('std'),
  a: inStd('allocator'),
  b: inStd('basic_string'),
  s: inStd('string'),
  i: inStd('istream'),
  o: inStd('ostream'),
  d: inStd('iostream'),
};
/** Their full names, which constructors and destructors are called by. */
export const fullShortcuts: Readonly<Record<string, Node>> = {
  t: named('std'),
  a: inStd('allocator'),
  b: inStd('basic_string'),
  s: template(inStd('basic_string'), char, traits, template(inStd('allocator'), char)),
  i: template(inStd('basic_istream'), char, traits),
  o: template(inStd('basic_ostream'), char, traits),
  d: template(inStd('basic_iostream'), char, traits),
};
