// Reads C++ names mangled after the Itanium ABI, with the extensions of GCC and Clang; prints the way c++filt does.
// Source of the grammar: https://itanium-cxx-abi.github.io/cxx-abi/abi.html#mangling
// Upstream: ianlancetaylor/demangle demangle.go, 2025-04-17
import type { Node } from './itanium-nodes.ts';
import { NameReader } from './itanium-names.ts';
import { printName } from './itanium-print.ts';
import { NameTooLong, type PrintOptions } from './itanium-printer.ts';
import { Malformed } from './itanium-reader.ts';
import { named } from './itanium-tables.ts';

/** What is left out of a demangled name. */
export interface ItaniumOptions extends PrintOptions {
  /** Parameters and result of the function itself; without them suffixes of clones go as well. */
  readonly parameters: boolean;
}

function tree(name: string, options: ItaniumOptions): Node | undefined {
  const parse = (mangled: string): Node => new NameReader(mangled).symbol(options.parameters, false);
  if (name.startsWith('_Z')) return parse(name.slice(2));
  if (name.startsWith('___Z')) {
    const block = name.lastIndexOf('_block_invoke');
    if (block < 0 || !/^_block_invoke_?[0-9]*(?:\.|$)/.test(name.slice(block))) return undefined;
    const base = parse(name.slice(4, block));
    return { kind: 'special', text: 'invocation function for block in ', base };
  }
  const global = /^_GLOBAL_[._$]([ID])_(_Z)?/.exec(name);
  if (global !== null) {
    // These show parameters always, and suffixes of clones where other names have no parameters.
    const base =
      global[2] === undefined
        ? named(name.slice('_GLOBAL_'.length))
        : new NameReader(name.slice(global[0].length)).symbol(true, !options.parameters);
    return { kind: 'globalCtor', constructors: global[1] === 'I', name: base };
  }
  return undefined;
}

/**
 * The C++ name behind `name`, or undefined where it is none or breaks the rules.
 *
 * @param name one character per byte
 */
export function demangleItanium(name: string, options: ItaniumOptions): string | undefined {
  try {
    const node = tree(name, options);
    return node === undefined ? undefined : printName(node, options);
  } catch (error) {
    // Hostile names nest until the stack or the memory ends; those stay as they are.
    if (error instanceof Malformed || error instanceof NameTooLong || error instanceof RangeError)
      return undefined;
    throw error;
  }
}
