// Readable names of functions: what pprof makes of a system name, in each of its modes.
// Upstream: google/pprof internal/symbolizer/symbolizer.go, 2025-11-14
import { encodeText, decodeText } from '@stackpile/profile';
import { demangleItanium, type ItaniumOptions } from './itanium.ts';
import { demangleRust } from './rust.ts';
import { demangleLegacyRust } from './rust-legacy.ts';

/** `default` leaves out parameters and template arguments, `templates` parameters only, `full` neither. */
export type DemangleMode = 'default' | 'templates' | 'full';

const itaniumOptions: Readonly<Record<DemangleMode, ItaniumOptions>> = {
  default: { parameters: false, enclosingParameters: false, templateArguments: false },
  templates: { parameters: false, enclosingParameters: false, templateArguments: true },
  full: { parameters: true, enclosingParameters: true, templateArguments: true },
};

/** The C++ or Rust name behind a mangled name; a name that is not mangled comes back as it is. */
export function demangle(name: string, mode: DemangleMode): string {
  if (!/^_(?:[RZ]|__Z|GLOBAL_)/.test(name)) return name;
  // Lengths in mangled names count bytes.
  const plain = /^[\0-\x7f]*$/.test(name);
  const bytes = plain ? name : Array.from(encodeText(name), (byte) => String.fromCharCode(byte)).join('');
  const text = bytes.startsWith('_R')
    ? demangleRust(bytes, mode !== 'default')
    : (demangleLegacyRust(bytes) ?? demangleItanium(bytes, itaniumOptions[mode]));
  if (text === undefined) return name;
  return /^[\0-\x7f]*$/.test(text) ? text : decodeText(Uint8Array.from(text, (c) => c.charCodeAt(0)));
}

/** Heuristics of pprof: brackets or scopes, but neither Java's `class.<init>` nor Go's `(*T[...]).M`. */
function looksLikeCpp(name: string): boolean {
  if (name.includes('.<') || name.includes(']).')) return false;
  return /[<>[\]]|::/.test(name);
}

/** Cuts every balanced `open…close`; a closing bracket too many ends the cutting. */
function cutGroups(name: string, open: string, close: string): string {
  let kept = '';
  let depth = 0;
  let start = 0;
  for (let at = 0; at < name.length; at++) {
    const c = name.charAt(at);
    if (c === open) {
      if (depth++ === 0) {
        kept += name.slice(start, at);
        start = at;
      }
    } else if (c === close) {
      if (--depth < 0) break;
      if (depth === 0) start = at + 1;
    }
  }
  return kept + name.slice(start);
}

/**
 * The name to show for a function whose name is its system name: demangled, without the underscore that macOS puts in
 * front if need be, or with parameters and template arguments cut from a name that looks demangled already.
 */
export function readableName(systemName: string, mode: DemangleMode): string {
  const demangled = demangle(systemName, mode);
  if (demangled !== systemName) return demangled;
  if (systemName.startsWith('_')) {
    const rest = systemName.slice(1);
    const again = demangle(rest, mode);
    if (again !== rest) return again;
  }
  if (mode === 'full' || !looksLikeCpp(systemName)) return systemName;
  const short = cutGroups(systemName, '(', ')');
  return mode === 'default' ? cutGroups(short, '<', '>') : short;
}
