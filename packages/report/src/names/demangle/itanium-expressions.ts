// Reads the expressions of C++ names: constraints, operators, literals, requirements.
// Source of the grammar: https://itanium-cxx-abi.github.io/cxx-abi/abi.html#mangling
// Upstream: ianlancetaylor/demangle demangle.go, 2025-04-17
import { findPack, type Node } from './itanium-nodes.ts';
import { template } from './itanium-tables.ts';
import { isDigit } from './itanium-reader.ts';
import { TypeReader } from './itanium-types.ts';

export abstract class ExpressionReader extends TypeReader {
  protected abstract encoding(parameters: boolean, enclosing: boolean): Node;
  protected abstract operatorName(inExpression: boolean): [Node, number];

  protected constraint(): Node {
    this.expect('Q');
    const held = this.inConstraint;
    this.inConstraint = true;
    const node = this.expression();
    this.inConstraint = held;
    return node;
  }

  protected expressionsUntil(stop: string): Node & { kind: 'list' } {
    const list: Node[] = [];
    while (!this.accept(stop)) list.push(this.expression());
    return { kind: 'list', list };
  }

  protected expression(): Node {
    if (this.ended) this.fail();
    const c = this.peek();
    if (c === 'L') return this.literal();
    if (c === 'T') return this.templateParam();
    if (isDigit(c) || this.starts('on')) {
      this.accept('on');
      const [name] = this.unqualifiedName(undefined);
      return this.peek() === 'I' ? template(name, ...this.templateArgs()) : name;
    }
    if (c === 'u') return this.vendorExpression();
    const code = this.text.slice(this.at, this.at + 2);
    switch (code) {
      case 'so': {
        this.at += 2;
        const type = this.type(false);
        const base = this.expression();
        const offset = /[n0-9]/.test(this.peek()) ? this.number() : 0;
        while (this.accept('_')) if (/[n0-9]/.test(this.peek())) this.number();
        this.accept('p');
        this.expect('E');
        return { kind: 'subobject', type, base, offset };
      }
      case 'sr':
        return this.unresolvedName();
      case 'sp': {
        this.at += 2;
        const base = this.expression();
        return { kind: 'expansion', base, pack: findPack(base) };
      }
      case 'sZ': {
        this.at += 2;
        return { kind: 'sizeofPack', pack: findPack(this.expression()) ?? this.fail() };
      }
      case 'sP': {
        this.at += 2;
        const list: Node[] = [];
        while (!this.accept('E')) list.push(this.templateArg([]));
        return { kind: 'sizeofArgs', list };
      }
      case 'fp':
        this.at += 2;
        if (this.accept('T')) return { kind: 'parameter', index: 0 };
        this.qualifiers();
        return { kind: 'parameter', index: this.compactNumber() + 1 };
      case 'mc': {
        this.at += 2;
        const type = this.type(false);
        const base = this.expression();
        if (/[n0-9]/.test(this.peek())) this.number();
        this.expect('E');
        return { kind: 'memberPointerCast', type, base };
      }
      case 'il':
      case 'tl': {
        this.at += 2;
        const type = code === 'tl' ? this.type(false) : undefined;
        return { kind: 'initializer', type, values: this.expressionsUntil('E') };
      }
      case 'st': {
        const [operator] = this.operatorName(true);
        return { kind: 'unary', operator, operand: this.type(false), suffix: false, parenthesized: true };
      }
      case 'rq':
      case 'rQ':
        return this.requires();
      default:
        if (code === 'fL' && isDigit(this.peek(2))) {
          this.at += 2;
          this.number();
          this.expect('p');
          this.qualifiers();
          return { kind: 'parameter', index: this.compactNumber() + 1 };
        }
        return this.operation(code);
    }
  }

  protected vendorExpression(): Node {
    this.expect('u');
    const name = this.sourceName();
    const list: Node[] = [];
    const uuid = name.kind === 'name' && name.text === '__uuidof';
    if (uuid && this.accept('t')) list.push(this.type(false));
    else if (uuid && this.accept('z')) list.push(this.expression());
    else while (!this.accept('E')) list.push(this.templateArg([]));
    return {
      kind: 'binary',
      operator: { kind: 'operator', text: '()' },
      left: name,
      right: { kind: 'list', list },
    };
  }

  protected operation(code: string): Node {
    const [operator, operands] = this.operatorName(true);
    switch (operands) {
      case 0:
        return { kind: 'nullary', operator };
      case 1: {
        const suffix = (code === 'pp' || code === 'mm') && !this.accept('_');
        const operand =
          operator.kind === 'cast' && this.accept('_') ? this.expressionsUntil('E') : this.expression();
        return { kind: 'unary', operator, operand, suffix, parenthesized: false };
      }
      case 2: {
        if (code.startsWith('f')) {
          const [folded] = this.operatorName(true);
          return {
            kind: 'fold',
            operator: folded,
            left: code === 'fl',
            first: this.expression(),
            second: undefined,
          };
        }
        let left: Node;
        if (['sc', 'dc', 'cc', 'rc'].includes(code)) left = this.type(false);
        else if (code === 'di') [left] = this.unqualifiedName(undefined);
        else left = this.expression();
        let right: Node;
        if (code === 'cl' || code === 'cp') right = this.expressionsUntil('E');
        else if (code === 'dt' || code === 'pt') {
          if (this.peek() === 'L') right = this.literal();
          else {
            right = this.unresolvedName();
            if (this.peek() === 'I') right = template(right, ...this.templateArgs());
          }
        } else right = this.expression();
        return { kind: 'binary', operator, left, right };
      }
      case 3: {
        if (code.startsWith('n')) return this.newExpression();
        if (code.startsWith('f')) {
          const [folded] = this.operatorName(true);
          const first = this.expression();
          return { kind: 'fold', operator: folded, left: code === 'fL', first, second: this.expression() };
        }
        const first = this.expression();
        const second = this.expression();
        return { kind: 'ternary', operator, first, second, third: this.expression() };
      }
      default:
        return this.fail();
    }
  }

  protected newExpression(): Node {
    const placement = this.expressionsUntil('_');
    const type = this.type(false);
    let init: Node | undefined;
    if (this.accept('pi')) init = this.expressionsUntil('E');
    else if (this.starts('il')) init = this.expression();
    else this.expect('E');
    return { kind: 'new', place: placement.list.length === 0 ? undefined : placement, type, init };
  }

  protected unresolvedName(): Node {
    if (this.accept('gs')) {
      const operand = this.unresolvedName();
      const operator: Node = { kind: 'operator', text: '::' };
      return { kind: 'unary', operator, operand, suffix: false, parenthesized: false };
    }
    if (!this.accept('sr')) return this.baseUnresolvedName();
    if (this.ended) this.fail();
    if ('TDS'.includes(this.peek())) {
      const scope = this.type(false);
      const name: Node = { kind: 'qualified', scope, name: this.baseUnresolvedName(), local: false };
      if (this.peek() !== 'I') return name;
      const instance = template(name, ...this.templateArgs());
      this.substitutions.push(instance);
      return instance;
    }
    let scope: Node | undefined = this.accept('N') ? this.type(false) : undefined;
    while (this.peek() !== 'E') {
      // GCC leaves out the E between a type and a name.
      if (scope?.kind === 'qualified' && !this.ended && !isDigit(this.peek())) {
        if (scope.scope.kind === 'template') this.substitutions.push(scope.scope.name);
        this.substitutions.push(scope.scope);
        return scope;
      }
      let name = this.sourceName();
      if (this.peek() === 'I') {
        this.substitutions.push(name);
        name = template(name, ...this.templateArgs());
      }
      scope = scope === undefined ? name : { kind: 'qualified', scope, name, local: false };
    }
    if (scope === undefined) this.fail();
    this.at++;
    return { kind: 'qualified', scope, name: this.baseUnresolvedName(), local: false };
  }

  protected baseUnresolvedName(): Node {
    let node: Node;
    if (this.accept('on')) [node] = this.operatorName(true);
    else if (this.accept('dn')) {
      node = { kind: 'destructor', name: isDigit(this.peek()) ? this.sourceName() : this.type(false) };
    } else if (isDigit(this.peek())) node = this.sourceName();
    // GCC writes operators without the leading `on`.
    else [node] = this.operatorName(true);
    return this.peek() === 'I' ? template(node, ...this.templateArgs()) : node;
  }

  protected requires(): Node {
    const params: Node[] = [];
    if (this.accept('rQ')) {
      while (!this.ended && this.peek() !== '_') params.push(this.type(false));
      this.expect('_');
    } else this.expect('rq');
    const list: Node[] = [];
    while (!this.ended && this.peek() !== 'E') {
      if (this.accept('X')) {
        const value = this.expression();
        const noexcept = this.accept('N');
        const type = this.accept('R') ? this.name()[0] : undefined;
        list.push({ kind: 'valueRequirement', value, noexcept, type });
      } else if (this.accept('T')) list.push({ kind: 'typeRequirement', type: this.type(false) });
      else if (this.accept('Q')) list.push({ kind: 'nestedRequirement', constraint: this.expression() });
      else this.fail();
    }
    this.expect('E');
    return { kind: 'requires', params, list };
  }

  protected literal(): Node {
    this.expect('L');
    // Older versions of GCC forgot the underscore.
    if (this.accept('_Z') || this.accept('Z')) {
      const node = this.encoding(true, false);
      this.expect('E');
      return node;
    }
    const type = this.type(false);
    const negative = this.accept('n');
    if (this.peek() === 'E') {
      const array = type.kind === 'cvType' ? type.base : type;
      if (type.kind === 'closure') {
        this.at++;
        return { kind: 'lambda', type };
      }
      if (array.kind === 'array') {
        this.at++;
        return { kind: 'stringLiteral', type };
      }
      if (type.kind !== 'builtin' || type.text !== 'decltype(nullptr)') this.fail();
    }
    const end = this.text.indexOf('E', this.at);
    if (end < 0) this.fail();
    const text = this.text.slice(this.at, end);
    this.at = end + 1;
    return { kind: 'literal', type, text, negative };
  }
}
