// Writes the tree of a C++ name as C++: types around names, inside out.
// Upstream: ianlancetaylor/demangle ast.go, 2025-04-17
import type { Closure, FunctionType, Node } from './itanium-nodes.ts';

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

const integerSuffix: Readonly<Record<string, string>> = {
  int: '',
  'unsigned int': 'u',
  long: 'l',
  'unsigned long': 'ul',
  'long long': 'll',
  'unsigned long long': 'ull',
};
const floats = new Set(['double', 'long double', 'float', '__float128', 'half']);

/** The text of a tree. Throws {@link NameTooLong}. */
export function printName(node: Node, options: PrintOptions): string {
  const printer = new Printer(options);
  printer.print(node, true);
  return printer.text;
}

function designates(node: Node): boolean {
  if (node.kind === 'binary' && node.operator.kind === 'operator') {
    if (node.operator.text === ']=') return true;
    return node.operator.text === '=' && node.left.kind !== 'literal';
  }
  return node.kind === 'ternary' && node.operator.kind === 'operator' && node.operator.text === '[...]=';
}

class Printer {
  text = '';
  readonly #options: PrintOptions;
  /** Types around the one being printed, outermost first: `const`, `*` … that have to stand behind or around it. */
  #inner: Node[] = [];
  readonly #open: Node[] = [];

  constructor(options: PrintOptions) {
    this.#options = options;
  }

  get #last(): string {
    return this.text.charAt(this.text.length - 1);
  }

  #write(text: string): void {
    if (this.text.length + text.length > MAX_LENGTH) throw new NameTooLong();
    this.text += text;
  }

  /** @param unchecked leaves out the protection against a type that contains itself */
  print(node: Node, unchecked = false): void {
    if (unchecked) {
      this.#printNode(node);
      return;
    }
    let inside = 0;
    for (const open of this.#open) if (open === node && ++inside > 1) return;
    this.#open.push(node);
    this.#printNode(node);
    this.#open.pop();
  }

  #printList(list: readonly Node[], skip?: (node: Node) => boolean): void {
    let first = true;
    for (const node of list) {
      if (skip?.(node) === true) continue;
      if (!first) this.#write(', ');
      this.print(node);
      first = false;
    }
  }

  #isEmpty = (node: Node): boolean => {
    if (node.kind === 'pack') return node.list.every(this.#isEmpty);
    if (node.kind === 'list') return node.list.length === 0;
    return node.kind === 'expansion' && node.pack !== undefined && this.#isEmpty(node.base);
  };

  #parenthesize(node: Node): void {
    const plain =
      node.kind === 'name' ||
      node.kind === 'initializer' ||
      node.kind === 'parameter' ||
      (node.kind === 'qualified' && !node.local);
    if (!plain) this.#write('(');
    this.print(node);
    if (!plain) this.#write(')');
  }

  /** Prints `node` around `base`: the base prints it where it belongs, or it follows the base. */
  #around(node: Node, base: Node): void {
    this.#inner.push(node);
    this.print(base);
    if (this.#inner.length > 0) this.#printOneInner();
  }

  /** Function types print qualifiers behind their parameters, so those are saved when `saved` is given. */
  #printOneInner(saved?: Node[]): void {
    const node = this.#inner.pop() as Node;
    if (saved !== undefined && node.kind === 'cvMethod') saved.push(node);
    else this.#printAsInner(node);
  }

  #printInner(saved?: Node[]): void {
    while (this.#inner.length > 0) this.#printOneInner(saved);
  }

  #printQualifiers(node: Node & { kind: 'cvMethod' }): void {
    if (node.qualifiers !== undefined) {
      this.#write(' ');
      this.print(node.qualifiers);
    }
    if (node.reference !== '') this.#write(` ${node.reference}`);
  }

  #printAsInner(node: Node): void {
    switch (node.kind) {
      case 'typed':
      case 'valueParam':
      case 'constrainedParam':
        this.print(node.name);
        break;
      case 'cvType':
        this.#write(' ');
        this.print(node.qualifiers);
        break;
      case 'cvMethod':
        this.#printQualifiers(node);
        break;
      case 'pointer':
        this.#write('*');
        break;
      case 'reference':
        this.#write('&');
        break;
      case 'rvalue':
        this.#write('&&');
        break;
      case 'complex':
        this.#write(' _Complex');
        break;
      case 'imaginary':
        this.#write(' _Imaginary');
        break;
      case 'suffixed':
        this.#write(` ${node.text}`);
        break;
      case 'vendor':
        this.#write(' ');
        this.print(node.qualifier);
        break;
      case 'array':
        this.#printDimension(node);
        break;
      case 'function':
        this.#printParameters(node);
        break;
      case 'memberPointer':
        if (this.#last !== '(') this.#write(' ');
        this.print(node.scope);
        this.#write('::*');
        break;
      case 'vector':
        this.#write(' __vector(');
        this.print(node.dimension);
        this.#write(')');
        break;
      case 'paramPack':
        this.#write('...');
        if (node.param.kind === 'valueParam') this.print(node.param.name);
        break;
      default:
        this.print(node);
    }
  }

  #printDimension(node: Node & { kind: 'array' }): void {
    let space = ' ';
    for (;;) {
      const around = this.#inner.at(-1);
      if (around === undefined) break;
      const type = around.kind === 'cvType' ? around.base : around;
      if (type.kind === 'array') {
        if (type === around) space = '';
        this.#printOneInner();
      } else {
        this.#write(' (');
        this.#printInner();
        this.#write(')');
      }
    }
    this.#write(`${space}[`);
    this.print(node.dimension);
    this.#write(']');
  }

  #printParameters(node: FunctionType): void {
    let parentheses = false;
    let space = false;
    for (const around of this.#inner.toReversed()) {
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
      if (!space && this.#last !== '(' && this.#last !== '*') space = true;
      if (space && this.#last !== ' ') this.#write(' ');
      this.#write('(');
    }
    const saved: Node[] = [];
    this.#printInner(saved);
    if (parentheses) this.#write(')');
    this.#write('(');
    if (!node.enclosing || this.#options.enclosingParameters) this.#printList(node.list, this.#isEmpty);
    this.#write(')');
    this.#inner = saved;
    this.#printInner();
  }

  #printClosure(node: Closure): void {
    if (node.templateArgs.length > 0) {
      this.#write('<');
      this.#printList(node.templateArgs);
      this.#write('>');
    }
    if (node.templateConstraint !== undefined) {
      this.#write(' requires ');
      this.print(node.templateConstraint);
      this.#write(' ');
    }
    this.#write('(');
    this.#printList(node.list);
    this.#write(')');
    if (node.callConstraint !== undefined) {
      this.#write(' requires ');
      this.print(node.callConstraint);
    }
  }

  #printLiteral(node: Node & { kind: 'literal' }): void {
    let float = false;
    if (node.type.kind === 'builtin') {
      const { text } = node.type;
      const suffix = integerSuffix[text];
      if (suffix !== undefined) {
        this.#write(`${node.negative ? '-' : ''}${node.text}${suffix}`);
        return;
      }
      if (text === 'bool' && !node.negative && (node.text === '0' || node.text === '1')) {
        this.#write(node.text === '0' ? 'false' : 'true');
        return;
      }
      if (text === 'decltype(nullptr)' && (node.text === '' || node.text === '0')) {
        this.print(node.type);
        return;
      }
      float = floats.has(text);
    }
    this.#write('(');
    this.print(node.type);
    this.#write(`)${float ? '[' : ''}${node.negative ? '-' : ''}${node.text}${float ? ']' : ''}`);
  }

  #printUnary(node: Node & { kind: 'unary' }): void {
    const { operator } = node;
    const text = operator.kind === 'operator' ? operator.text : undefined;
    let { operand } = node;
    // The address of a function stands without its parameters.
    if (text === '&' && operand.kind === 'typed' && operand.type.kind === 'function') operand = operand.name;
    if (node.suffix) this.#parenthesize(operand);
    if (text !== undefined) this.#write(text);
    else if (operator.kind === 'cast') {
      this.#write('(');
      this.print(operator.to);
      this.#write(')');
    } else this.print(operator);
    if (node.suffix) return;
    if (text === '::') this.print(operand);
    else if (node.parenthesized) {
      this.#write('(');
      this.print(operand);
      this.#write(')');
    } else this.#parenthesize(operand);
  }

  #printBinary(node: Node & { kind: 'binary' }): void {
    const text = node.operator.kind === 'operator' ? node.operator.text : undefined;
    if (text?.includes('cast') === true) {
      this.#write(`${text}<`);
      this.print(node.left);
      this.#write('>(');
      this.print(node.right);
      this.#write(')');
      return;
    }
    if (designates(node)) {
      this.#write(text === '=' ? '.' : '[');
      this.print(node.left);
      if (text === ']=') this.#write(']');
      this.#printDesignated(node.right);
      return;
    }
    // A greater-than sign would end the template arguments around it.
    const outer = text === '>' || text === '>>';
    if (outer) this.#write('(');
    let { left } = node;
    let bare = false;
    if (text === '()' && left.kind === 'typed') {
      // A call names the function without parameters, unless its result is known.
      if (left.type.kind === 'function' && left.type.result !== undefined) bare = true;
      else left = left.name;
    }
    if (bare) this.print(left);
    else this.#parenthesize(left);
    if (text === '[]') {
      this.#write('[');
      this.print(node.right);
      this.#write(']');
      return;
    }
    if (text === undefined) this.print(node.operator);
    else if (text !== '()') this.#write(text);
    this.#parenthesize(node.right);
    if (outer) this.#write(')');
  }

  #printDesignated(value: Node): void {
    if (designates(value)) {
      this.print(value);
    } else {
      this.#write('=');
      this.#parenthesize(value);
    }
  }

  #printFold(node: Node & { kind: 'fold' }): void {
    const operator = (): void => {
      if (node.operator.kind === 'operator') this.#write(node.operator.text);
      else this.print(node.operator);
    };
    this.#write('(');
    if (node.second === undefined && node.left) {
      this.#write('...');
      operator();
      this.#parenthesize(node.first);
    } else {
      this.#parenthesize(node.first);
      operator();
      this.#write('...');
      if (node.second !== undefined) {
        operator();
        this.#parenthesize(node.second);
      }
    }
    this.#write(')');
  }

  #printNode(node: Node): void {
    switch (node.kind) {
      case 'name':
      case 'builtin':
        this.#write(node.text);
        break;
      case 'typed': {
        // The types around this name are its own only.
        const held = this.#inner;
        this.#inner = [node];
        this.print(node.type);
        if (this.#inner.length > 0) {
          this.#write(' ');
          this.print(node.name);
        }
        this.#inner = held;
        break;
      }
      case 'qualified':
        this.print(node.scope);
        this.#write('::');
        this.print(node.name);
        break;
      case 'template': {
        const held = this.#inner;
        this.#inner = [];
        this.print(node.name);
        if (this.#options.templateArguments) {
          // `operator<` needs a blank before its arguments, and `>>` must not come about.
          if (this.#last === '<') this.#write(' ');
          this.#write('<');
          this.#printList(node.list, this.#isEmpty);
          this.#write(this.#last === '>' ? ' >' : '>');
        }
        this.#inner = held;
        break;
      }
      case 'templateParam': {
        const argument = node.template?.list[node.index];
        if (argument !== undefined) this.print(argument);
        break;
      }
      case 'lambdaAuto':
        this.#write(`auto:${node.index + 1}`);
        break;
      case 'paramArg':
        this.print(node.arg);
        break;
      case 'qualifiers':
        node.list.forEach((qualifier, i) => {
          if (i > 0) this.#write(' ');
          this.print(qualifier, true);
        });
        break;
      case 'qualifier':
        this.#write(node.text);
        if (node.list.length > 0) {
          this.#write('(');
          this.#printList(node.list, (one) => one.kind === 'list' && one.list.length === 0);
          this.#write(')');
        }
        break;
      case 'cvType':
        this.#inner.push(node);
        this.print(node.base);
        if (this.#inner.length > 0) {
          this.#write(' ');
          this.print(node.qualifiers);
          this.#inner.pop();
        }
        break;
      case 'cvMethod':
        this.#inner.push(node);
        this.print(node.method);
        if (this.#inner.length > 0) {
          this.#printQualifiers(node);
          this.#inner.pop();
        }
        break;
      case 'pointer':
      case 'reference':
      case 'rvalue':
      case 'complex':
      case 'imaginary':
      case 'suffixed':
      case 'vendor':
      case 'vector':
        this.#around(node, node.base);
        break;
      case 'memberPointer':
        this.#around(node, node.member);
        break;
      case 'decltype':
        this.#write('decltype (');
        this.print(node.base);
        this.#write(')');
        break;
      case 'transformed':
        this.#write(`${node.text}(`);
        this.print(node.base);
        this.#write(')');
        break;
      case 'array':
        this.#inner.push(node);
        this.print(node.element);
        if (this.#inner.length > 0) {
          this.#inner.pop();
          this.#printDimension(node);
        }
        break;
      case 'function':
        if (node.result !== undefined && !node.enclosing) {
          // The parameters belong between the result type and what stands behind it.
          this.#inner.push(node);
          this.print(node.result);
          if (this.#inner.length === 0) break;
          this.#inner.pop();
          this.#write(' ');
        }
        this.#printParameters(node);
        break;
      case 'parameter':
        this.#write(node.index === 0 ? 'this' : `{parm#${node.index}}`);
        break;
      case 'fixed':
        if (node.saturated) this.#write('_Sat ');
        if (!(node.base.kind === 'builtin' && node.base.text === 'int')) {
          this.print(node.base);
          this.#write(' ');
        }
        this.#write(node.accum ? '_Accum' : '_Fract');
        break;
      case 'bitInt':
        this.#write(node.signed ? '_BitInt(' : 'unsigned _BitInt(');
        this.print(node.size);
        this.#write(')');
        break;
      case 'elaborated':
        this.#write(`${node.text} `);
        this.print(node.base, true);
        break;
      case 'operator':
        this.#write(/^[a-z]/.test(node.text) ? 'operator ' : 'operator');
        this.#write(node.text.replace(/ $/, ''));
        break;
      case 'constructor':
        this.print(node.name);
        break;
      case 'destructor':
        this.#write('~');
        this.print(node.name);
        break;
      case 'globalCtor':
        this.#write(`global ${node.constructors ? 'constructors' : 'destructors'} keyed to `);
        this.print(node.name);
        break;
      case 'tagged':
        this.print(node.name);
        this.#write('[abi:');
        this.print(node.tag);
        this.#write(']');
        break;
      case 'expansion':
        if (node.pack === undefined) {
          this.#parenthesize(node.base);
          this.#write('...');
        } else this.print(node.base);
        break;
      case 'pack':
      case 'list':
        this.#printList(node.list);
        break;
      case 'sizeofPack':
        this.#write(String(node.pack.list.length));
        break;
      case 'sizeofArgs': {
        let count = 0;
        for (const one of node.list)
          count += one.kind === 'pack' || one.kind === 'list' ? one.list.length : 1;
        this.#write(String(count));
        break;
      }
      case 'paramName':
        this.#write(node.index > 0 ? `${node.prefix}${node.index - 1}` : node.prefix);
        break;
      case 'typeParam':
        this.#write('typename ');
        this.#printInner();
        this.print(node.name);
        break;
      case 'valueParam':
      case 'constrainedParam':
        this.#inner.push(node);
        this.print(node.kind === 'valueParam' ? node.type : node.constraint);
        if (this.#inner.length > 0) {
          this.#write(' ');
          this.print(node.name);
          this.#inner.pop();
        }
        break;
      case 'templateParams':
        this.#write('template<');
        this.#printList(node.list);
        this.#write('> typename ');
        this.print(node.name);
        if (node.constraint !== undefined) {
          this.#write(' requires ');
          this.print(node.constraint);
        }
        break;
      case 'paramPack': {
        const held = this.#inner;
        this.#inner = [node];
        this.print(node.param.kind === 'valueParam' ? node.param.type : node.param);
        if (this.#inner.length > 0) this.#write('...');
        this.#inner = held;
        break;
      }
      case 'cast':
        this.#write('operator ');
        this.print(node.to);
        break;
      case 'nullary':
        if (node.operator.kind === 'operator') this.#write(node.operator.text);
        else this.print(node.operator);
        break;
      case 'unary':
        this.#printUnary(node);
        break;
      case 'binary':
        this.#printBinary(node);
        break;
      case 'ternary':
        if (designates(node)) {
          this.#write('[');
          this.print(node.first);
          this.#write(' ... ');
          this.print(node.second);
          this.#write(']');
          this.#printDesignated(node.third);
          break;
        }
        this.#parenthesize(node.first);
        this.#write('?');
        this.#parenthesize(node.second);
        this.#write(' : ');
        this.#parenthesize(node.third);
        break;
      case 'fold':
        this.#printFold(node);
        break;
      case 'subobject':
        this.print(node.base);
        this.#write('.<');
        this.print(node.type);
        this.#write(` at offset ${node.offset}>`);
        break;
      case 'memberPointerCast':
        this.#write('(');
        this.print(node.type);
        this.#write(')(');
        this.print(node.base);
        this.#write(')');
        break;
      case 'new':
        this.#write('new ');
        if (node.place !== undefined) {
          this.#parenthesize(node.place);
          this.#write(' ');
        }
        this.print(node.type);
        if (node.init !== undefined) this.#parenthesize(node.init);
        break;
      case 'literal':
        this.#printLiteral(node);
        break;
      case 'stringLiteral':
        this.#write('"<');
        this.print(node.type, true);
        this.#write('>"');
        break;
      case 'lambda':
        this.#write('[]');
        if (node.type.kind === 'closure') this.#printClosure(node.type);
        this.#write('{...}');
        break;
      case 'initializer':
        if (node.type !== undefined) this.print(node.type);
        this.#write('{');
        this.print(node.values);
        this.#write('}');
        break;
      case 'defaultArg':
        this.#write(`{default arg#${node.index + 1}}::`);
        this.print(node.name);
        break;
      case 'closure':
        this.#write('{lambda');
        this.#printClosure(node);
        this.#write(`#${node.index + 1}}`);
        break;
      case 'bindings':
        this.#write('[');
        this.#printList(node.list);
        this.#write(']');
        break;
      case 'unnamed':
        this.#write(`{unnamed type#${node.index + 1}}`);
        break;
      case 'clone':
        this.print(node.base);
        this.#write(` [clone ${node.text}]`);
        break;
      case 'special':
        this.#write(node.text);
        this.print(node.base);
        break;
      case 'special2':
        this.#write(node.text);
        this.print(node.base);
        this.#write(node.middle);
        this.print(node.other);
        break;
      case 'enableIf':
        this.print(node.type);
        this.#write(' [enable_if:');
        this.#printList(node.list);
        this.#write(']');
        break;
      case 'module':
        if (node.parent !== undefined) this.print(node.parent);
        if (node.partition) this.#write(':');
        else if (node.parent !== undefined) this.#write('.');
        this.print(node.name);
        break;
      case 'inModule':
        this.print(node.name);
        this.#write('@');
        this.print(node.module);
        break;
      case 'friend':
        this.#write('friend ');
        this.print(node.name);
        break;
      case 'constrained':
        this.print(node.name);
        this.#write(' requires ');
        this.print(node.requirement);
        break;
      case 'requires':
        this.#write('requires');
        if (node.params.length > 0) {
          this.#write(' (');
          this.#printList(node.params);
          this.#write(')');
        }
        this.#write(' {');
        for (const one of node.list) this.print(one);
        this.#write(' }');
        break;
      case 'valueRequirement': {
        const braces = node.noexcept || node.type !== undefined;
        this.#write(braces ? ' {' : ' ');
        this.print(node.value);
        if (braces) this.#write('}');
        if (node.noexcept) this.#write(' noexcept');
        if (node.type !== undefined) {
          this.#write(' -> ');
          this.print(node.type);
        }
        this.#write(';');
        break;
      }
      case 'typeRequirement':
        this.#write(' typename ');
        this.print(node.type);
        this.#write(';');
        break;
      case 'nestedRequirement':
        this.#write(' requires ');
        this.print(node.constraint);
        this.#write(';');
        break;
      case 'explicitThis':
        this.#write('this ');
        this.print(node.base);
        break;
      default:
        node satisfies never;
    }
  }
}
