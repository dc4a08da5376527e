// What all that writes the tree of a C++ name shares: the text so far, and the types around what is being written.
// Upstream: ianlancetaylor/demangle ast.go, 2025-04-17
import type { Node } from './itanium-nodes.ts';

/** What is left out of the text. */
export interface PrintOptions {
  /** Arguments of templates. */
  readonly templateArguments: boolean;
  /** Parameters of the functions around a local name. */
  readonly enclosingParameters: boolean;
}

/** A name can expand to any length; longer than this it is not worth reading. */
const MAX_LENGTH = 1 << 20;

/** The text grew beyond {@link MAX_LENGTH}. */
export class NameTooLong extends Error {
  override readonly name = 'NameTooLong';
}

/** Nodes by their kind. */
type Nodes = { readonly [N in Node as N['kind']]: N };
/** The nodes of one kind, or of several. */
export type NodeOf<K extends Node['kind']> = Nodes[K];
/** How a node of each kind is written. */
export type Printers = { readonly [K in Node['kind']]: (printer: Printer, node: Nodes[K]) => void };

export class Printer {
  text = '';
  readonly options: PrintOptions;
  readonly #printers: Printers;
  readonly #printAsInner: (printer: Printer, node: Node) => void;
  /** Types around the one being printed, outermost first: `const`, `*` … that have to stand behind or around it. */
  inner: Node[] = [];
  readonly #open: Node[] = [];

  constructor(
    options: PrintOptions,
    printers: Printers,
    printAsInner: (printer: Printer, node: Node) => void,
  ) {
    this.options = options;
    this.#printers = printers;
    this.#printAsInner = printAsInner;
  }

  get last(): string {
    return this.text.charAt(this.text.length - 1);
  }

  write(text: string): void {
    if (this.text.length + text.length > MAX_LENGTH) throw new NameTooLong();
    this.text += text;
  }

  /** @param unchecked leaves out the protection against a type that contains itself */
  print(node: Node, unchecked = false): void {
    if (unchecked) {
      this.#run(node.kind, node);
      return;
    }
    let inside = 0;
    for (const open of this.#open) if (open === node && ++inside > 1) return;
    this.#open.push(node);
    this.#run(node.kind, node);
    this.#open.pop();
  }

  list(list: readonly Node[], skip?: (node: Node) => boolean): void {
    let first = true;
    for (const node of list) {
      if (skip?.(node) === true) continue;
      if (!first) this.write(', ');
      this.print(node);
      first = false;
    }
  }

  readonly isEmpty = (node: Node): boolean => {
    if (node.kind === 'pack') return node.list.every(this.isEmpty);
    if (node.kind === 'list') return node.list.length === 0;
    return node.kind === 'expansion' && node.pack !== undefined && this.isEmpty(node.base);
  };

  parenthesize(node: Node): void {
    const plain =
      node.kind === 'name' ||
      node.kind === 'initializer' ||
      node.kind === 'parameter' ||
      (node.kind === 'qualified' && !node.local);
    if (!plain) this.write('(');
    this.print(node);
    if (!plain) this.write(')');
  }

  /** Prints `node` around `base`: the base prints it where it belongs, or it follows the base. */
  around(node: Node, base: Node): void {
    this.inner.push(node);
    this.print(base);
    if (this.inner.length > 0) this.printOneInner();
  }

  /** Function types print qualifiers behind their parameters, so those are saved when `saved` is given. */
  printOneInner(saved?: Node[]): void {
    const node = this.inner.pop() as Node;
    if (saved !== undefined && node.kind === 'cvMethod') saved.push(node);
    else this.#printAsInner(this, node);
  }

  printInner(saved?: Node[]): void {
    while (this.inner.length > 0) this.printOneInner(saved);
  }

  #run<K extends Node['kind']>(kind: K, node: NodeOf<K>): void {
    this.#printers[kind](this, node);
  }
}
