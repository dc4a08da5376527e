// The parts of a mangled C++ name as a tree, and how trees are copied with template parameters filled in.
// Upstream: ianlancetaylor/demangle ast.go, 2025-04-17

/** One part of a name. Nodes are shared: a substitution is the same object as what it stands for. */
export type Node =
  | { kind: 'name'; text: string }
  /** A function or variable with its type. */
  | { kind: 'typed'; name: Node; type: Node }
  | { kind: 'qualified'; scope: Node; name: Node; local: boolean }
  | Template
  | TemplateParam
  /** A parameter `auto` of a lambda. */
  | { kind: 'lambdaAuto'; index: number }
  /** A template argument that says which kind of parameter it is for. */
  | { kind: 'paramArg'; param: Node; arg: Node }
  | Qualifiers
  | { kind: 'qualifier'; text: string; list: Node[] }
  | { kind: 'cvType'; base: Node; qualifiers: Qualifiers }
  /** A member function (or a function type) with `const`, `&` and the like. */
  | CvMethod
  | { kind: 'builtin'; text: string }
  | { kind: 'pointer' | 'reference' | 'rvalue' | 'complex' | 'imaginary' | 'decltype'; base: Node }
  /** `CONCEPT auto`. */
  | { kind: 'suffixed'; base: Node; text: string }
  | { kind: 'transformed'; text: string; base: Node }
  | { kind: 'vendor'; qualifier: Node; base: Node }
  | { kind: 'array'; dimension: Node; element: Node }
  | { kind: 'vector'; dimension: Node; base: Node }
  | FunctionType
  | { kind: 'parameter'; index: number }
  | { kind: 'memberPointer'; scope: Node; member: Node }
  | { kind: 'fixed'; base: Node; accum: boolean; saturated: boolean }
  | { kind: 'bitInt'; size: Node; signed: boolean }
  | { kind: 'elaborated'; text: string; base: Node }
  | { kind: 'operator'; text: string }
  | { kind: 'constructor'; name: Node; base: Node | undefined }
  | { kind: 'destructor'; name: Node }
  | { kind: 'globalCtor'; constructors: boolean; name: Node }
  | { kind: 'tagged'; name: Node; tag: Node }
  | { kind: 'expansion'; base: Node; pack: ArgumentPack | undefined }
  | ArgumentPack
  | { kind: 'sizeofPack'; pack: ArgumentPack }
  | { kind: 'sizeofArgs'; list: Node[] }
  | { kind: 'paramName'; prefix: string; index: number }
  | { kind: 'typeParam'; name: Node }
  | { kind: 'valueParam'; name: Node; type: Node }
  | { kind: 'constrainedParam'; name: Node; constraint: Node }
  | { kind: 'templateParams'; name: Node; list: Node[]; constraint: Node | undefined }
  | { kind: 'paramPack'; param: Node }
  | Cast
  | { kind: 'nullary'; operator: Node }
  | { kind: 'unary'; operator: Node; operand: Node; suffix: boolean; parenthesized: boolean }
  | { kind: 'binary'; operator: Node; left: Node; right: Node }
  | { kind: 'ternary'; operator: Node; first: Node; second: Node; third: Node }
  | { kind: 'fold'; operator: Node; left: boolean; first: Node; second: Node | undefined }
  | { kind: 'subobject'; type: Node; base: Node; offset: number }
  | { kind: 'memberPointerCast'; type: Node; base: Node }
  | { kind: 'new'; place: Node | undefined; type: Node; init: Node | undefined }
  | { kind: 'literal'; type: Node; text: string; negative: boolean }
  | { kind: 'stringLiteral'; type: Node }
  | { kind: 'lambda'; type: Node }
  | { kind: 'list'; list: Node[] }
  | { kind: 'initializer'; type: Node | undefined; values: Node }
  | { kind: 'defaultArg'; index: number; name: Node }
  | Closure
  | { kind: 'bindings'; list: Node[] }
  | { kind: 'unnamed'; index: number }
  | { kind: 'clone'; base: Node; text: string }
  | { kind: 'special'; text: string; base: Node }
  | { kind: 'special2'; text: string; base: Node; middle: string; other: Node }
  | { kind: 'enableIf'; type: Node; list: Node[] }
  | { kind: 'module'; parent: Node | undefined; name: Node; partition: boolean }
  | { kind: 'inModule'; module: Node; name: Node }
  | { kind: 'friend'; name: Node }
  | { kind: 'constrained'; name: Node; requirement: Node }
  | { kind: 'requires'; params: Node[]; list: Node[] }
  | { kind: 'valueRequirement'; value: Node; noexcept: boolean; type: Node | undefined }
  | { kind: 'typeRequirement'; type: Node }
  | { kind: 'nestedRequirement'; constraint: Node }
  | { kind: 'explicitThis'; base: Node };

export interface Template {
  kind: 'template';
  name: Node;
  list: Node[];
}
/** A reference to an argument of a template; the template of a cast operator becomes known late. */
export interface TemplateParam {
  kind: 'templateParam';
  index: number;
  template: Template | undefined;
}
export interface Qualifiers {
  kind: 'qualifiers';
  list: (Node & { kind: 'qualifier' })[];
}
export interface CvMethod {
  kind: 'cvMethod';
  method: Node;
  qualifiers: Qualifiers | undefined;
  /** `&`, `&&` or ''. */
  reference: string;
}
export interface FunctionType {
  kind: 'function';
  result: Node | undefined;
  list: Node[];
  /** Is it the type of a function around a local name? */
  enclosing: boolean;
}
export interface ArgumentPack {
  kind: 'pack';
  list: Node[];
}
export interface Cast {
  kind: 'cast';
  to: Node;
}
export interface Closure {
  kind: 'closure';
  templateArgs: Node[];
  templateConstraint: Node | undefined;
  list: Node[];
  callConstraint: Node | undefined;
  index: number;
}

/** Fields that hold children, in the order in which they are visited. References out of the tree are none. */
const childFields: Partial<Record<Node['kind'], readonly string[]>> = {
  typed: ['name', 'type'],
  qualified: ['scope', 'name'],
  template: ['name', 'list'],
  paramArg: ['param', 'arg'],
  qualifiers: ['list'],
  qualifier: ['list'],
  cvType: ['base', 'qualifiers'],
  cvMethod: ['method', 'qualifiers'],
  pointer: ['base'],
  reference: ['base'],
  rvalue: ['base'],
  complex: ['base'],
  imaginary: ['base'],
  decltype: ['base'],
  suffixed: ['base'],
  transformed: ['base'],
  vendor: ['qualifier', 'base'],
  array: ['dimension', 'element'],
  vector: ['dimension', 'base'],
  function: ['result', 'list'],
  memberPointer: ['scope', 'member'],
  fixed: ['base'],
  bitInt: ['size'],
  elaborated: ['base'],
  constructor: ['name', 'base'],
  destructor: ['name'],
  globalCtor: ['name'],
  tagged: ['name', 'tag'],
  expansion: ['base'],
  pack: ['list'],
  sizeofArgs: ['list'],
  typeParam: ['name'],
  valueParam: ['name', 'type'],
  constrainedParam: ['name', 'constraint'],
  templateParams: ['name', 'list', 'constraint'],
  paramPack: ['param'],
  cast: ['to'],
  nullary: ['operator'],
  unary: ['operator', 'operand'],
  binary: ['operator', 'left', 'right'],
  ternary: ['operator', 'first', 'second', 'third'],
  fold: ['operator', 'first', 'second'],
  subobject: ['type', 'base'],
  memberPointerCast: ['type', 'base'],
  new: ['place', 'type', 'init'],
  literal: ['type'],
  stringLiteral: ['type'],
  lambda: ['type'],
  list: ['list'],
  initializer: ['type', 'values'],
  defaultArg: ['name'],
  closure: ['templateArgs', 'templateConstraint', 'list', 'callConstraint'],
  bindings: ['list'],
  clone: ['base'],
  special: ['base'],
  special2: ['base', 'other'],
  enableIf: ['type', 'list'],
  module: ['parent', 'name'],
  inModule: ['module', 'name'],
  friend: ['name'],
  constrained: ['name', 'requirement'],
  requires: ['params', 'list'],
  valueRequirement: ['value', 'type'],
  typeRequirement: ['type'],
  nestedRequirement: ['constraint'],
  explicitThis: ['base'],
};

/** Copying and walking touch fields by name, so they see a node as a record. */
type Fields = Record<string, Node | Node[] | undefined>;

/**
 * A copy of `node` in which `replace` has had its say about every part, innermost first; undefined where nothing changed.
 * Parts that `skip` answers true for stay as they are.
 */
export function rewrite(
  node: Node,
  replace: (node: Node) => Node | undefined,
  skip: (node: Node) => boolean,
): Node | undefined {
  if (skip(node)) return undefined;
  const fields = node as unknown as Fields;
  let copy: Fields | undefined;
  for (const field of childFields[node.kind] ?? []) {
    const child = fields[field];
    if (child === undefined) continue;
    if (Array.isArray(child)) {
      let list: Node[] | undefined;
      for (let i = 0; i < child.length; i++) {
        const next = rewrite(child[i] as Node, replace, skip);
        if (next === undefined) continue;
        list ??= [...child];
        list[i] = next;
      }
      if (list === undefined) continue;
      copy ??= { ...fields };
      copy[field] = list;
    } else {
      const next = rewrite(child, replace, skip);
      if (next === undefined) continue;
      copy ??= { ...fields };
      copy[field] = next;
    }
  }
  if (copy === undefined) return replace(node);
  const changed = copy as unknown as Node;
  return replace(changed) ?? changed;
}

/** Visits `node` and everything below, outermost first; `visit` answers false to leave out what is below. */
export function walk(node: Node, visit: (node: Node) => boolean): void {
  if (!visit(node)) return;
  const fields = node as unknown as Fields;
  for (const field of childFields[node.kind] ?? []) {
    const child = fields[field];
    if (child === undefined) continue;
    if (Array.isArray(child)) for (const one of child) walk(one, visit);
    else walk(child, visit);
  }
}

/** Answers true from the second time on that a node comes by. */
function onceEach(): (node: Node) => boolean {
  const seen = new Set<Node>();
  return (node) => {
    if (seen.has(node)) return true;
    seen.add(node);
    return false;
  };
}

/** The qualifiers of both lists, each plain word once; changes and returns the first list. */
export function mergeQualifiers(
  first: Qualifiers | undefined,
  second: Qualifiers | undefined,
): Qualifiers | undefined {
  if (first === undefined) return second;
  if (second === undefined) return first;
  const words = new Set(first.list.filter((q) => q.list.length === 0).map((q) => q.text));
  for (const qualifier of second.list) {
    if (qualifier.list.length === 0) {
      if (words.has(qualifier.text)) continue;
      words.add(qualifier.text);
    }
    first.list = [...first.list, qualifier];
  }
  return first;
}

/** Fills in template parameters, expands packs, collapses references and brings qualifiers together. */
export function simplify(node: Node): Node {
  return rewrite(node, simplifyOne, onceEach()) ?? node;
}

function simplifyOne(node: Node): Node | undefined {
  switch (node.kind) {
    case 'templateParam':
      return node.template?.list[node.index];
    case 'cvMethod': {
      const { method } = node;
      if (method.kind === 'cvMethod') {
        let reference = node.reference;
        if (reference === '') reference = method.reference;
        else if (method.reference !== '' && (reference === '&' || method.reference === '&')) reference = '&';
        const qualifiers = mergeQualifiers(node.qualifiers, method.qualifiers);
        return { kind: 'cvMethod', method: method.method, qualifiers, reference };
      }
      if (method.kind === 'cvType') {
        const qualifiers = mergeQualifiers(node.qualifiers, method.qualifiers);
        return { kind: 'cvMethod', method: method.base, qualifiers, reference: node.reference };
      }
      return undefined;
    }
    case 'cvType': {
      const { base } = node;
      if (base.kind === 'function') {
        return { kind: 'cvMethod', method: base, qualifiers: node.qualifiers, reference: '' };
      }
      if (base.kind === 'cvType') {
        mergeQualifiers(node.qualifiers, base.qualifiers);
        return { kind: 'cvType', base: base.base, qualifiers: node.qualifiers };
      }
      if (base.kind === 'cvMethod') {
        const qualifiers = mergeQualifiers(node.qualifiers, base.qualifiers);
        return { kind: 'cvMethod', method: base.method, qualifiers, reference: base.reference };
      }
      return undefined;
    }
    case 'reference':
      if (node.base.kind === 'reference') return node.base;
      return node.base.kind === 'rvalue' ? { kind: 'reference', base: node.base.base } : undefined;
    case 'rvalue':
      return node.base.kind === 'rvalue' || node.base.kind === 'reference' ? node.base : undefined;
    case 'array':
      // Qualifiers of the elements are those of the whole array.
      return node.element.kind === 'cvType'
        ? {
            kind: 'cvType',
            base: { kind: 'array', dimension: node.dimension, element: node.element.base },
            qualifiers: node.element.qualifiers,
          }
        : undefined;
    case 'expansion': {
      const { base, pack } = node;
      if (pack === undefined) return undefined;
      const list = pack.list.map((argument) => {
        const seen = onceEach();
        const one = rewrite(
          base,
          (part) => (part === pack ? argument : undefined),
          (part) => part.kind === 'expansion' || seen(part),
        );
        return simplify(one ?? base);
      });
      return { kind: 'list', list };
    }
    default:
      return undefined;
  }
}

/** The argument pack that an expansion of `node` runs over, found by the template parameters in it. */
export function findPack(node: Node): ArgumentPack | undefined {
  const seen = onceEach();
  let found: ArgumentPack | undefined;
  walk(node, (part) => {
    if (found !== undefined) return false;
    switch (part.kind) {
      case 'templateParam': {
        const argument = part.template?.list[part.index];
        if (argument === undefined) return true;
        if (argument.kind === 'pack') {
          found = argument;
          return false;
        }
        break;
      }
      case 'expansion':
      case 'closure':
      case 'defaultArg':
      case 'fixed':
      case 'tagged':
        return false;
      default:
        break;
    }
    return !seen(part);
  });
  return found;
}
