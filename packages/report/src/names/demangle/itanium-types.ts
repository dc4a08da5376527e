// Reads the types of C++ names.
// Source of the grammar: https://itanium-cxx-abi.github.io/cxx-abi/abi.html#mangling
// Upstream: ianlancetaylor/demangle demangle.go, 2025-04-17
import { findPack, mergeQualifiers, type Node, type Qualifiers } from './itanium-nodes.ts';
import { builtins, cvWords, dBuiltins, fullShortcuts, named, shortcuts, template } from './itanium-tables.ts';
import { isDigit, isUpper, Malformed } from './itanium-reader.ts';
import { TemplateReader } from './itanium-templates.ts';

export abstract class TypeReader extends TemplateReader {
  protected abstract unqualifiedName(parentModule: Node | undefined): [Node, boolean];
  protected abstract sourceName(): Node;

  protected type(isCast: boolean): Node {
    if (this.ended) this.fail();
    const qualifiers = this.qualifiers();
    const builtin = builtins[this.peek() || this.fail()];
    if (builtin !== undefined) {
      this.at++;
      const node: Node = { kind: 'builtin', text: builtin };
      return qualifiers === undefined ? node : this.substitutable({ kind: 'cvType', base: node, qualifiers });
    }
    // Qualifiers before a function type are those of `this`: the type without them is no candidate for substitution.
    const isMethod = qualifiers !== undefined && this.peek() === 'F';
    const [node, candidate] = this.plainType(isCast);
    if (candidate && !isMethod) this.substitutions.push(node);
    return qualifiers === undefined ? node : this.substitutable(qualified(node, qualifiers));
  }

  private substitutable(node: Node): Node {
    this.substitutions.push(node);
    return node;
  }

  /** A type without its qualifiers, and whether it is a candidate for substitution. */
  private plainType(isCast: boolean): [Node, boolean] {
    const c = this.peek();
    switch (c) {
      case 'u':
        return [this.vendorType(), true];
      case 'F':
        return [this.functionType(), true];
      case 'A':
        return [this.arrayType(isCast), true];
      case 'M': {
        this.at++;
        const scope = this.type(false);
        return [{ kind: 'memberPointer', scope, member: this.type(isCast) }, true];
      }
      case 'T':
        return [this.elaboratedType(isCast), true];
      case 'S':
        return this.substitutedType(isCast);
      case 'O':
      case 'P':
      case 'R':
      case 'C':
      case 'G': {
        this.at++;
        const kinds = { O: 'rvalue', P: 'pointer', R: 'reference', C: 'complex', G: 'imaginary' } as const;
        return [{ kind: kinds[c], base: this.type(isCast) }, true];
      }
      case 'U': {
        if (this.starts('Ul')) return [this.closure(), false];
        if (this.starts('Ut')) return [this.unnamedType(), false];
        this.at++;
        let qualifier = this.sourceName();
        if (this.peek() === 'I') qualifier = template(qualifier, ...this.templateArgs());
        return [{ kind: 'vendor', qualifier, base: this.type(isCast) }, true];
      }
      case 'D': {
        this.at++;
        const candidate = 'Ttpv'.includes(this.peek() || '?');
        return [this.typeD(isCast), candidate];
      }
      default:
        if (c !== 'N' && c !== 'W' && c !== 'Z' && !isDigit(c)) this.fail();
        return [this.name()[0], true];
    }
  }

  /** A type of a vendor's own, or one that is made of another. */
  private vendorType(): Node {
    this.expect('u');
    const node = this.sourceName();
    if (!this.accept('I')) return node;
    const base = this.type(false);
    this.expect('E');
    return { kind: 'transformed', text: node.kind === 'name' ? node.text : '', base };
  }

  /** `struct`, `union` or `enum`, or a parameter of a template. */
  private elaboratedType(isCast: boolean): Node {
    const kind = { s: 'struct', u: 'union', e: 'enum' }[this.peek(1)];
    if (kind !== undefined) {
      this.at += 2;
      return { kind: 'elaborated', text: kind, base: this.name()[0] };
    }
    const node = this.templateParam();
    if (this.peek() !== 'I') return node;
    if (isCast) return this.castTemplate(node, true);
    this.substitutions.push(node);
    return template(node, ...this.templateArgs());
  }

  /** What was there before, or one of the standard library's shortcuts. */
  private substitutedType(isCast: boolean): [Node, boolean] {
    const next = this.peek(1);
    if (!isDigit(next) && next !== '_' && !isUpper(next)) {
      const [node] = this.name();
      return [node, node !== shortcuts[next] && node !== fullShortcuts[next]];
    }
    let node = this.substitution(false);
    if (node.kind === 'module') {
      [node] = this.unqualifiedName(node);
      this.substitutions.push(node);
    }
    if (this.peek() !== 'I') return [node, false];
    if (node.kind !== 'templateParam' || !isCast) return [template(node, ...this.templateArgs()), true];
    const instance = this.castTemplate(node, false);
    return [instance, instance !== node];
  }

  /** Types behind `D`. */
  protected typeD(isCast: boolean): Node {
    if (this.ended) this.fail();
    const code = this.peek();
    this.at++;
    const builtin = dBuiltins[code];
    if (builtin !== undefined) return { kind: 'builtin', text: builtin };
    switch (code) {
      case 'T':
      case 't': {
        const base = this.expression();
        this.expect('E');
        return { kind: 'decltype', base };
      }
      case 'p': {
        const base = this.type(isCast);
        return { kind: 'expansion', base, pack: findPack(base) };
      }
      case 'a':
        return named('auto');
      case 'c':
        return named('decltype(auto)');
      case 'F': {
        const accum = isDigit(this.peek());
        const bits = accum ? this.number() : 0;
        if (this.peek() === '_') {
          if (bits === 0) this.fail();
          this.at++;
          return named(`_Float${bits}`);
        }
        const base = this.type(isCast);
        if (isDigit(this.peek())) this.number();
        const saturated = this.peek() === 's';
        if (!this.ended) this.at++;
        return { kind: 'fixed', base, accum, saturated };
      }
      case 'v': {
        const dimension = this.accept('_') ? this.expression() : named(String(this.number()));
        this.expect('_');
        return { kind: 'vector', dimension, base: this.type(isCast) };
      }
      case 'B':
      case 'U': {
        const size = isDigit(this.peek()) ? named(String(this.number())) : this.expression();
        this.expect('_');
        return { kind: 'bitInt', size, signed: code === 'B' };
      }
      case 'k':
        return { kind: 'suffixed', base: this.name()[0], text: 'auto' };
      case 'K':
        return { kind: 'suffixed', base: this.name()[0], text: 'decltype(auto)' };
      default:
        return this.fail();
    }
  }

  /**
   * Arguments behind a template parameter in the type of a cast operator: they belong to the type only if arguments of
   * the operator itself follow.
   */
  protected castTemplate(param: Node, addParam: boolean): Node {
    const at = this.at;
    const substitutions = [...this.substitutions];
    const templates = [...this.templates];
    const held = [this.lambdaLevel, this.typeParams, this.valueParams, this.templateParams] as const;
    const inConstraint = this.inConstraint;
    try {
      const list = this.templateArgs();
      if (this.peek() === 'I') {
        if (addParam) this.substitutions.push(param);
        return template(param, ...list);
      }
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
    this.at = at;
    this.substitutions = substitutions;
    this.templates = templates;
    [this.lambdaLevel, this.typeParams, this.valueParams, this.templateParams] = held;
    this.inConstraint = inConstraint;
    return param;
  }

  protected qualifiers(): Qualifiers | undefined {
    const list: Qualifiers['list'] = [];
    const add = (text: string, values: Node[] = []): void => {
      list.unshift({ kind: 'qualifier', text, list: values });
    };
    for (;;) {
      const word = this.ended ? undefined : cvWords[this.peek()];
      if (word !== undefined) {
        this.at++;
        add(word);
      } else if (this.accept('Dx')) add('transaction_safe');
      else if (this.accept('Do')) add('noexcept');
      else if (this.accept('DO')) {
        const value = this.expression();
        this.expect('E');
        add('noexcept', [value]);
      } else if (this.accept('Dw')) {
        const values = this.parameterTypes(false);
        this.expect('E');
        add('throw', values);
      } else break;
    }
    return list.length === 0 ? undefined : { kind: 'qualifiers', list };
  }

  protected referenceQualifier(): string {
    if (this.accept('R')) return '&';
    return this.accept('O') ? '&&' : '';
  }

  protected parameterTypes(explicitThis: boolean): Node[] {
    const list: Node[] = [];
    while (!this.ended) {
      const c = this.peek();
      if (c === 'E' || c === '.' || c === 'Q' || this.starts('RE') || this.starts('OE')) break;
      const type = this.type(false);
      list.push(list.length === 0 && explicitThis ? { kind: 'explicitThis', base: type } : type);
    }
    if (list.length === 0) this.fail();
    const [only] = list;
    return list.length === 1 && only?.kind === 'builtin' && only.text === 'void' ? [] : list;
  }

  protected functionType(): Node {
    this.expect('F');
    // C linkage is not shown.
    this.accept('Y');
    let node = this.bareFunctionType(true, false);
    const reference = this.referenceQualifier();
    if (reference !== '') node = { kind: 'cvMethod', method: node, qualifiers: undefined, reference };
    this.expect('E');
    return node;
  }

  protected bareFunctionType(hasResult: boolean, explicitThis: boolean): Node {
    const result = this.accept('J') || hasResult ? this.type(false) : undefined;
    return { kind: 'function', result, list: this.parameterTypes(explicitThis), enclosing: false };
  }

  protected arrayType(isCast: boolean): Node {
    this.expect('A');
    let dimension: Node;
    if (this.peek() === '_') dimension = named('');
    else if (isDigit(this.peek())) {
      const [digits = ''] = /^[0-9]+/.exec(this.text.slice(this.at)) ?? [];
      this.at += digits.length;
      dimension = named(digits);
    } else dimension = this.expression();
    this.expect('_');
    const element = this.type(isCast);
    if (element.kind === 'cvType') {
      const base: Node = { kind: 'array', dimension, element: element.base };
      return { kind: 'cvType', base, qualifiers: element.qualifiers };
    }
    return { kind: 'array', dimension, element };
  }
}

/** A type with qualifiers before it. */
function qualified(node: Node, qualifiers: Qualifiers): Node {
  if (node.kind === 'function') return { kind: 'cvMethod', method: node, qualifiers, reference: '' };
  if (node.kind === 'cvMethod') {
    node.qualifiers = mergeQualifiers(qualifiers, node.qualifiers);
    return node;
  }
  if (node.kind !== 'cvType') return { kind: 'cvType', base: node, qualifiers };
  mergeQualifiers(qualifiers, node.qualifiers);
  return { kind: 'cvType', base: node.base, qualifiers };
}
