// How types of C++ are written: inside out, around what they are the type of.
// Upstream: ianlancetaylor/demangle ast.go, 2025-04-17
import type { FunctionType, Node } from './itanium-nodes.ts';
import type { NodeOf, Printer, Printers } from './itanium-printer.ts';

function printQualifiers(p: Printer, node: Node & { kind: 'cvMethod' }): void {
  if (node.qualifiers !== undefined) {
    p.write(' ');
    p.print(node.qualifiers);
  }
  if (node.reference !== '') p.write(` ${node.reference}`);
}

/** Writes a type where it belongs: behind or around the name or the type inside it. */
export function printAsInner(p: Printer, node: Node): void {
  switch (node.kind) {
    case 'typed':
    case 'valueParam':
    case 'constrainedParam':
      p.print(node.name);
      break;
    case 'cvType':
      p.write(' ');
      p.print(node.qualifiers);
      break;
    case 'cvMethod':
      printQualifiers(p, node);
      break;
    case 'pointer':
      p.write('*');
      break;
    case 'reference':
      p.write('&');
      break;
    case 'rvalue':
      p.write('&&');
      break;
    case 'complex':
      p.write(' _Complex');
      break;
    case 'imaginary':
      p.write(' _Imaginary');
      break;
    case 'suffixed':
      p.write(` ${node.text}`);
      break;
    case 'vendor':
      p.write(' ');
      p.print(node.qualifier);
      break;
    case 'array':
      printDimension(p, node);
      break;
    case 'function':
      printParameters(p, node);
      break;
    case 'memberPointer':
      if (p.last !== '(') p.write(' ');
      p.print(node.scope);
      p.write('::*');
      break;
    case 'vector':
      p.write(' __vector(');
      p.print(node.dimension);
      p.write(')');
      break;
    case 'paramPack':
      p.write('...');
      if (node.param.kind === 'valueParam') p.print(node.param.name);
      break;
    default:
      p.print(node);
  }
}

function printDimension(p: Printer, node: Node & { kind: 'array' }): void {
  let space = ' ';
  for (;;) {
    const around = p.inner.at(-1);
    if (around === undefined) break;
    const type = around.kind === 'cvType' ? around.base : around;
    if (type.kind === 'array') {
      if (type === around) space = '';
      p.printOneInner();
    } else {
      p.write(' (');
      p.printInner();
      p.write(')');
    }
  }
  p.write(`${space}[`);
  p.print(node.dimension);
  p.write(']');
}

function printParameters(p: Printer, node: FunctionType): void {
  let parentheses = false;
  let space = false;
  for (const around of p.inner.toReversed()) {
    switch (around.kind) {
      case 'pointer':
      case 'reference':
      case 'rvalue':
        parentheses = true;
        break;
      case 'cvType':
      case 'complex':
      case 'imaginary':
      case 'memberPointer':
        space = true;
        parentheses = true;
        break;
      default:
        break;
    }
    if (parentheses) break;
  }
  if (parentheses) {
    if (!space && p.last !== '(' && p.last !== '*') space = true;
    if (space && p.last !== ' ') p.write(' ');
    p.write('(');
  }
  const saved: Node[] = [];
  p.printInner(saved);
  if (parentheses) p.write(')');
  p.write('(');
  if (!node.enclosing || p.options.enclosingParameters) p.list(node.list, p.isEmpty);
  p.write(')');
  p.inner = saved;
  p.printInner();
}

function aroundBase(
  p: Printer,
  node: NodeOf<
    'pointer' | 'reference' | 'rvalue' | 'complex' | 'imaginary' | 'suffixed' | 'vendor' | 'vector'
  >,
): void {
  p.around(node, node.base);
}

function aroundName(p: Printer, node: NodeOf<'valueParam' | 'constrainedParam'>): void {
  p.inner.push(node);
  p.print(node.kind === 'valueParam' ? node.type : node.constraint);
  if (p.inner.length > 0) {
    p.write(' ');
    p.print(node.name);
    p.inner.pop();
  }
}

export const typePrinters: Pick<
  Printers,
  | 'array'
  | 'bitInt'
  | 'complex'
  | 'constrainedParam'
  | 'cvMethod'
  | 'cvType'
  | 'decltype'
  | 'elaborated'
  | 'fixed'
  | 'function'
  | 'imaginary'
  | 'lambdaAuto'
  | 'memberPointer'
  | 'paramPack'
  | 'pointer'
  | 'qualifier'
  | 'qualifiers'
  | 'reference'
  | 'rvalue'
  | 'suffixed'
  | 'templateParams'
  | 'transformed'
  | 'typeParam'
  | 'valueParam'
  | 'vector'
  | 'vendor'
> = {
  pointer: aroundBase,
  reference: aroundBase,
  rvalue: aroundBase,
  complex: aroundBase,
  imaginary: aroundBase,
  suffixed: aroundBase,
  vendor: aroundBase,
  vector: aroundBase,
  valueParam: aroundName,
  constrainedParam: aroundName,
  lambdaAuto(p, node) {
    p.write(`auto:${node.index + 1}`);
  },
  qualifiers(p, node) {
    node.list.forEach((qualifier, i) => {
      if (i > 0) p.write(' ');
      p.print(qualifier, true);
    });
  },
  qualifier(p, node) {
    p.write(node.text);
    if (node.list.length > 0) {
      p.write('(');
      p.list(node.list, (one) => one.kind === 'list' && one.list.length === 0);
      p.write(')');
    }
  },
  cvType(p, node) {
    p.inner.push(node);
    p.print(node.base);
    if (p.inner.length > 0) {
      p.write(' ');
      p.print(node.qualifiers);
      p.inner.pop();
    }
  },
  cvMethod(p, node) {
    p.inner.push(node);
    p.print(node.method);
    if (p.inner.length > 0) {
      printQualifiers(p, node);
      p.inner.pop();
    }
  },
  memberPointer(p, node) {
    p.around(node, node.member);
  },
  decltype(p, node) {
    p.write('decltype (');
    p.print(node.base);
    p.write(')');
  },
  transformed(p, node) {
    p.write(`${node.text}(`);
    p.print(node.base);
    p.write(')');
  },
  array(p, node) {
    p.inner.push(node);
    p.print(node.element);
    if (p.inner.length > 0) {
      p.inner.pop();
      printDimension(p, node);
    }
  },
  function(p, node) {
    if (node.result !== undefined && !node.enclosing) {
      // The parameters belong between the result type and what stands behind it.
      p.inner.push(node);
      p.print(node.result);
      if (p.inner.length === 0) return;
      p.inner.pop();
      p.write(' ');
    }
    printParameters(p, node);
  },
  fixed(p, node) {
    if (node.saturated) p.write('_Sat ');
    if (!(node.base.kind === 'builtin' && node.base.text === 'int')) {
      p.print(node.base);
      p.write(' ');
    }
    p.write(node.accum ? '_Accum' : '_Fract');
  },
  bitInt(p, node) {
    p.write(node.signed ? '_BitInt(' : 'unsigned _BitInt(');
    p.print(node.size);
    p.write(')');
  },
  elaborated(p, node) {
    p.write(`${node.text} `);
    p.print(node.base, true);
  },
  typeParam(p, node) {
    p.write('typename ');
    p.printInner();
    p.print(node.name);
  },
  templateParams(p, node) {
    p.write('template<');
    p.list(node.list);
    p.write('> typename ');
    p.print(node.name);
    if (node.constraint !== undefined) {
      p.write(' requires ');
      p.print(node.constraint);
    }
  },
  paramPack(p, node) {
    const held = p.inner;
    p.inner = [node];
    p.print(node.param.kind === 'valueParam' ? node.param.type : node.param);
    if (p.inner.length > 0) p.write('...');
    p.inner = held;
  },
};
