// How expressions of C++ are written: operators, literals, folds, requirements.
// Upstream: ianlancetaylor/demangle ast.go, 2025-04-17
import type { Node } from './itanium-nodes.ts';
import { printClosure } from './itanium-print-closure.ts';
import type { NodeOf, Printer, Printers } from './itanium-printer.ts';

const integerSuffix: ReadonlyMap<string, string> = new Map([
  ['int', ''],
  ['unsigned int', 'u'],
  ['long', 'l'],
  ['unsigned long', 'ul'],
  ['long long', 'll'],
  ['unsigned long long', 'ull'],
]);
const floats = new Set(['double', 'long double', 'float', '__float128', 'half']);

function designates(node: Node): boolean {
  if (node.kind === 'binary' && node.operator.kind === 'operator') {
    if (node.operator.text === ']=') return true;
    return node.operator.text === '=' && node.left.kind !== 'literal';
  }
  return node.kind === 'ternary' && node.operator.kind === 'operator' && node.operator.text === '[...]=';
}

function printLiteral(p: Printer, node: Node & { kind: 'literal' }): void {
  let float = false;
  if (node.type.kind === 'builtin') {
    const { text } = node.type;
    const suffix = integerSuffix.get(text);
    if (suffix !== undefined) {
      p.write(`${node.negative ? '-' : ''}${node.text}${suffix}`);
      return;
    }
    if (text === 'bool' && !node.negative && (node.text === '0' || node.text === '1')) {
      p.write(node.text === '0' ? 'false' : 'true');
      return;
    }
    if (text === 'decltype(nullptr)' && (node.text === '' || node.text === '0')) {
      p.print(node.type);
      return;
    }
    float = floats.has(text);
  }
  p.write('(');
  p.print(node.type);
  p.write(`)${float ? '[' : ''}${node.negative ? '-' : ''}${node.text}${float ? ']' : ''}`);
}

function printUnary(p: Printer, node: Node & { kind: 'unary' }): void {
  const { operator } = node;
  const text = operator.kind === 'operator' ? operator.text : undefined;
  let { operand } = node;
  // The address of a function stands without its parameters.
  if (text === '&' && operand.kind === 'typed' && operand.type.kind === 'function') operand = operand.name;
  if (node.suffix) p.parenthesize(operand);
  if (text !== undefined) p.write(text);
  else if (operator.kind === 'cast') {
    p.write('(');
    p.print(operator.to);
    p.write(')');
  } else p.print(operator);
  if (node.suffix) return;
  if (text === '::') p.print(operand);
  else if (node.parenthesized) {
    p.write('(');
    p.print(operand);
    p.write(')');
  } else p.parenthesize(operand);
}

function printBinary(p: Printer, node: Node & { kind: 'binary' }): void {
  const text = node.operator.kind === 'operator' ? node.operator.text : undefined;
  if (text?.includes('cast') === true) {
    p.write(`${text}<`);
    p.print(node.left);
    p.write('>(');
    p.print(node.right);
    p.write(')');
    return;
  }
  if (designates(node)) {
    p.write(text === '=' ? '.' : '[');
    p.print(node.left);
    if (text === ']=') p.write(']');
    printDesignated(p, node.right);
    return;
  }
  // A greater-than sign would end the template arguments around it.
  const outer = text === '>' || text === '>>';
  if (outer) p.write('(');
  let { left } = node;
  let bare = false;
  if (text === '()' && left.kind === 'typed') {
    // A call names the function without parameters, unless its result is known.
    if (left.type.kind === 'function' && left.type.result !== undefined) bare = true;
    else left = left.name;
  }
  if (bare) p.print(left);
  else p.parenthesize(left);
  if (text === '[]') {
    p.write('[');
    p.print(node.right);
    p.write(']');
    return;
  }
  if (text === undefined) p.print(node.operator);
  else if (text !== '()') p.write(text);
  p.parenthesize(node.right);
  if (outer) p.write(')');
}

function printDesignated(p: Printer, value: Node): void {
  if (designates(value)) {
    p.print(value);
  } else {
    p.write('=');
    p.parenthesize(value);
  }
}

function printFold(p: Printer, node: Node & { kind: 'fold' }): void {
  const operator = (): void => {
    if (node.operator.kind === 'operator') p.write(node.operator.text);
    else p.print(node.operator);
  };
  p.write('(');
  if (node.second === undefined && node.left) {
    p.write('...');
    operator();
    p.parenthesize(node.first);
  } else {
    p.parenthesize(node.first);
    operator();
    p.write('...');
    if (node.second !== undefined) {
      operator();
      p.parenthesize(node.second);
    }
  }
  p.write(')');
}

function printAll(p: Printer, node: NodeOf<'pack' | 'list'>): void {
  p.list(node.list);
}

export const expressionPrinters: Pick<
  Printers,
  | 'binary'
  | 'cast'
  | 'expansion'
  | 'fold'
  | 'initializer'
  | 'lambda'
  | 'list'
  | 'literal'
  | 'memberPointerCast'
  | 'nestedRequirement'
  | 'new'
  | 'nullary'
  | 'pack'
  | 'parameter'
  | 'requires'
  | 'sizeofArgs'
  | 'sizeofPack'
  | 'stringLiteral'
  | 'subobject'
  | 'ternary'
  | 'typeRequirement'
  | 'unary'
  | 'valueRequirement'
> = {
  pack: printAll,
  list: printAll,
  parameter(p, node) {
    p.write(node.index === 0 ? 'this' : `{parm#${node.index}}`);
  },
  expansion(p, node) {
    if (node.pack === undefined) {
      p.parenthesize(node.base);
      p.write('...');
    } else p.print(node.base);
  },
  sizeofPack(p, node) {
    p.write(String(node.pack.list.length));
  },
  sizeofArgs(p, node) {
    let count = 0;
    for (const one of node.list) count += one.kind === 'pack' || one.kind === 'list' ? one.list.length : 1;
    p.write(String(count));
  },
  cast(p, node) {
    p.write('operator ');
    p.print(node.to);
  },
  nullary(p, node) {
    if (node.operator.kind === 'operator') p.write(node.operator.text);
    else p.print(node.operator);
  },
  unary(p, node) {
    printUnary(p, node);
  },
  binary(p, node) {
    printBinary(p, node);
  },
  ternary(p, node) {
    if (designates(node)) {
      p.write('[');
      p.print(node.first);
      p.write(' ... ');
      p.print(node.second);
      p.write(']');
      printDesignated(p, node.third);
      return;
    }
    p.parenthesize(node.first);
    p.write('?');
    p.parenthesize(node.second);
    p.write(' : ');
    p.parenthesize(node.third);
  },
  fold(p, node) {
    printFold(p, node);
  },
  subobject(p, node) {
    p.print(node.base);
    p.write('.<');
    p.print(node.type);
    p.write(` at offset ${node.offset}>`);
  },
  memberPointerCast(p, node) {
    p.write('(');
    p.print(node.type);
    p.write(')(');
    p.print(node.base);
    p.write(')');
  },
  new(p, node) {
    p.write('new ');
    if (node.place !== undefined) {
      p.parenthesize(node.place);
      p.write(' ');
    }
    p.print(node.type);
    if (node.init !== undefined) p.parenthesize(node.init);
  },
  literal(p, node) {
    printLiteral(p, node);
  },
  stringLiteral(p, node) {
    p.write('"<');
    p.print(node.type, true);
    p.write('>"');
  },
  lambda(p, node) {
    p.write('[]');
    if (node.type.kind === 'closure') printClosure(p, node.type);
    p.write('{...}');
  },
  initializer(p, node) {
    if (node.type !== undefined) p.print(node.type);
    p.write('{');
    p.print(node.values);
    p.write('}');
  },
  requires(p, node) {
    p.write('requires');
    if (node.params.length > 0) {
      p.write(' (');
      p.list(node.params);
      p.write(')');
    }
    p.write(' {');
    for (const one of node.list) p.print(one);
    p.write(' }');
  },
  valueRequirement(p, node) {
    const braces = node.noexcept || node.type !== undefined;
    p.write(braces ? ' {' : ' ');
    p.print(node.value);
    if (braces) p.write('}');
    if (node.noexcept) p.write(' noexcept');
    if (node.type !== undefined) {
      p.write(' -> ');
      p.print(node.type);
    }
    p.write(';');
  },
  typeRequirement(p, node) {
    p.write(' typename ');
    p.print(node.type);
    p.write(';');
  },
  nestedRequirement(p, node) {
    p.write(' requires ');
    p.print(node.constraint);
    p.write(';');
  },
};
