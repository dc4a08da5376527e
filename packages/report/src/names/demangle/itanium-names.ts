// Reads C++ names proper: scopes, operators, local names, and the functions that they are of.
// Source of the grammar: https://itanium-cxx-abi.github.io/cxx-abi/abi.html#mangling
// Upstream: ianlancetaylor/demangle demangle.go, 2025-04-17
import { type Node, simplify } from './itanium-nodes.ts';
import { lastName, statesResult, templateOf } from './itanium-questions.ts';
import { named, operators, template } from './itanium-tables.ts';
import { isDigit, isLower } from './itanium-reader.ts';
import { SpecialReader } from './itanium-special.ts';

export class NameReader extends SpecialReader {
  /** Everything: a name, and unless `parameters` are left out its type and the suffixes of clones. */
  symbol(parameters: boolean, clones: boolean): Node {
    let node = this.encoding(parameters, false);
    if (!clones) return node;
    while (this.peek() === '.' && /[a-z_0-9]/.test(this.peek(1))) {
      const match = /^\.[a-z0-9_]+(?:\.[0-9]+)*/.exec(this.text.slice(this.at));
      const text = match?.[0] ?? this.fail();
      this.at += text.length;
      node = { kind: 'clone', base: node, text };
    }
    if (!this.ended) this.fail();
    return node;
  }

  protected encoding(parameters: boolean, enclosing: boolean): Node {
    if (this.peek() === 'G' || this.peek() === 'T') return this.specialName();
    const [parsed, explicitThis] = this.name();
    let name = simplify(parsed);

    /** Qualifiers of a local name stand inside it. */
    const localMethod = (): { get: () => Node; set: (node: Node) => void } | undefined => {
      if (name.kind !== 'qualified' || !name.local) return undefined;
      const outer = name;
      if (outer.name.kind === 'defaultArg') {
        const argument = outer.name;
        return {
          get: () => argument.name,
          set: (node) => {
            argument.name = node;
          },
        };
      }
      return {
        get: () => outer.name,
        set: (node) => {
          outer.name = node;
        },
      };
    };

    if (!parameters) {
      // Qualifiers are those of `this`, which is not shown then.
      if (name.kind === 'cvMethod') name = name.method;
      const local = localMethod();
      const inner = local?.get();
      if (inner?.kind === 'cvMethod') local?.set(inner.method);
      return name;
    }
    // A variable has no type.
    if (this.ended || this.peek() === 'E') return name;

    const around = templateOf(name);
    const heldLevel = this.lambdaLevel;
    if (around !== undefined) {
      this.templates.push(around);
      this.lambdaLevel = 0;
    }
    let enableIf: Node[] = [];
    if (this.starts('Ua9enable_ifI')) {
      this.at += 'Ua9enable_if'.length;
      enableIf = this.templateArgs();
    }
    let type = this.bareFunctionType(statesResult(name), explicitThis);
    const requirement = this.peek() === 'Q' ? this.constraint() : undefined;
    if (around !== undefined) {
      this.templates.pop();
      this.lambdaLevel = heldLevel;
    }
    type = simplify(type);
    if (enclosing && type.kind === 'function') type.enclosing = true;
    if (name.kind === 'cvMethod') {
      const outer = name;
      name = outer.method;
      outer.method = type;
      type = outer;
    }
    const local = localMethod();
    const inner = local?.get();
    if (inner?.kind === 'cvMethod') {
      local?.set(inner.method);
      inner.method = type;
      type = inner;
    }
    let result: Node = { kind: 'typed', name, type };
    if (enableIf.length > 0) result = { kind: 'enableIf', type: result, list: enableIf };
    if (requirement !== undefined) result = { kind: 'constrained', name: result, requirement };
    return result;
  }

  protected tagged(name: Node): Node {
    let node = name;
    while (this.accept('B')) node = { kind: 'tagged', name: node, tag: this.sourceName() };
    return node;
  }

  /** A name, and whether it is that of a function with an explicit `this`. */
  protected name(): [Node, boolean] {
    let module: Node | undefined;
    switch (this.peek()) {
      case 'N':
        return this.nestedName();
      case 'Z':
        return this.localName();
      case 'U': {
        const [node, isCast] = this.unqualifiedName(undefined);
        if (isCast) this.setTemplate(node, undefined);
        return [node, false];
      }
      case 'S': {
        let node: Node;
        let isCast = false;
        let substituted = false;
        if (this.accept('St')) {
          const [name, cast] = this.unqualifiedName(undefined);
          isCast = cast;
          node = { kind: 'qualified', scope: named('std'), name, local: false };
        } else {
          node = this.substitution(false);
          if (node.kind === 'module') {
            module = node;
            break;
          }
          substituted = true;
        }
        return [this.withArguments(node, isCast, !substituted), false];
      }
      default:
        break;
    }
    return [this.withArguments(...this.unqualifiedName(module), true), false];
  }

  /** A name with the template arguments that follow it, if any do; `substitutes` says whether it is one to come back to. */
  protected withArguments(name: Node, isCast: boolean, substitutes: boolean): Node {
    if (this.peek() !== 'I') {
      if (isCast) this.setTemplate(name, undefined);
      return name;
    }
    if (substitutes) this.substitutions.push(name);
    const list = this.templateArgs();
    const instance = template(name, ...list);
    if (isCast) {
      this.setTemplate(name, instance);
      this.clearTemplates(list);
    }
    return instance;
  }

  protected nestedName(): [Node, boolean] {
    this.expect('N');
    const explicitThis = this.accept('H');
    const qualifiers = explicitThis ? undefined : this.qualifiers();
    const reference = explicitThis ? '' : this.referenceQualifier();
    let node = this.prefix();
    if (qualifiers !== undefined || reference !== '') {
      node = { kind: 'cvMethod', method: node, qualifiers, reference };
    }
    this.expect('E');
    return [node, explicitThis];
  }

  protected prefix(): Node {
    let whole: Node | undefined;
    let last: Node | undefined;
    let module: Node | undefined;
    let cast: (Node & { kind: 'cast' }) | undefined;
    for (;;) {
      if (this.ended) this.fail();
      let next: Node | undefined;
      const c = this.peek();
      const instantiate = (list: Node[]): Node => {
        const instance = template(whole as Node, ...list);
        if (cast !== undefined) {
          this.setTemplate(cast, instance);
          this.clearTemplates(list);
          cast = undefined;
        }
        whole = undefined;
        return instance;
      };
      if (isDigit(c) || isLower(c) || 'ULFW'.includes(c) || this.starts('DC')) {
        const [name, isCast] = this.unqualifiedName(module);
        next = name;
        module = undefined;
        if (isCast) {
          const plain = name.kind === 'tagged' ? name.name : name;
          if (plain.kind !== 'cast') this.fail();
          cast = plain;
        }
      } else if (c === 'C') {
        this.at++;
        const inheriting = this.accept('I');
        if (this.ended || last === undefined) this.fail();
        this.at++;
        const base = inheriting ? this.type(false) : undefined;
        next = this.tagged({ kind: 'constructor', name: lastName(last), base });
      } else if (c === 'D') {
        if (this.starts('DT') || this.starts('Dt')) {
          next = this.type(false);
        } else {
          if (this.peek(1) === '' || last === undefined) this.fail();
          this.at += 2;
          next = this.tagged({ kind: 'destructor', name: lastName(last) });
        }
      } else if (c === 'S') {
        next = this.substitution(true);
        if (next.kind === 'module') {
          module = next;
          next = undefined;
        }
      } else if (c === 'I') {
        if (whole === undefined) this.fail();
        next = instantiate(this.templateArgs());
      } else if (c === 'T') {
        next = this.templateParam();
      } else if (c === 'E') {
        if (whole === undefined) this.fail();
        if (cast !== undefined) this.setTemplate(cast, cast.to.kind === 'template' ? cast.to : undefined);
        return whole;
      } else if (c === 'M') {
        // The variable that a lambda initializes; it is a scope like any other.
        if (whole === undefined) this.fail();
        this.at++;
        continue;
      } else if (c === 'J') {
        // Clang writes some template arguments without the leading I.
        if (whole === undefined) this.fail();
        const list: Node[] = [];
        while (!this.accept('E')) list.push(this.templateArg([]));
        next = instantiate(list);
      } else this.fail();
      if (next === undefined) continue;
      last = next;
      whole = whole === undefined ? next : { kind: 'qualified', scope: whole, name: next, local: false };
      if (c !== 'S' && this.peek() !== 'E') this.substitutions.push(whole);
    }
  }

  /** A name without scope, and whether it is a cast operator. */
  protected unqualifiedName(parentModule: Node | undefined): [Node, boolean] {
    const module = this.moduleName(parentModule);
    const friend = this.accept('F');
    const c = this.peek();
    let node: Node;
    let isCast = false;
    if (isDigit(c)) {
      node = this.sourceName();
    } else if (isLower(c)) {
      [node] = this.operatorName(false);
      if (node.kind === 'cast') isCast = true;
      if (node.kind === 'operator' && node.text === 'operator"" ') {
        node = {
          kind: 'unary',
          operator: node,
          operand: this.sourceName(),
          suffix: false,
          parenthesized: false,
        };
      }
    } else if (this.accept('DC')) {
      const list: Node[] = [];
      do list.push(this.sourceName());
      while (!this.accept('E'));
      node = { kind: 'bindings', list };
    } else if (this.accept('L')) {
      node = this.sourceName();
      this.discriminator();
    } else if (this.accept('Ub')) {
      this.compactNumber();
      node = named("'block-literal'");
    } else if (this.starts('Ul')) {
      node = this.closure();
    } else if (this.starts('Ut')) {
      node = this.unnamedType();
    } else this.fail();
    if (module !== undefined) node = { kind: 'inModule', module, name: node };
    node = this.tagged(node);
    if (friend) node = { kind: 'friend', name: node };
    return [node, isCast];
  }

  protected sourceName(): Node {
    const length = this.number();
    if (length <= 0 || this.at + length > this.text.length) this.fail();
    const text = this.text.slice(this.at, this.at + length);
    this.at += length;
    return named(/^_GLOBAL_[._$]N./s.test(text) ? '(anonymous namespace)' : text);
  }

  protected moduleName(parent: Node | undefined): Node | undefined {
    let module = parent;
    while (this.accept('W')) {
      const partition = this.accept('P');
      module = { kind: 'module', parent: module, name: this.sourceName(), partition };
      this.substitutions.push(module);
    }
    return module;
  }

  protected operatorName(inExpression: boolean): [Node, number] {
    const code = this.text.slice(this.at, this.at + 2);
    if (code.length < 2) this.fail();
    this.at += 2;
    if (code.startsWith('v') && isDigit(code.charAt(1))) {
      const name = this.sourceName();
      return [{ kind: 'operator', text: name.kind === 'name' ? name.text : '' }, Number(code.charAt(1))];
    }
    if (code === 'cv') {
      // The template of parameters in the type is known only after it.
      if (!inExpression) this.templates.push(undefined);
      const to = this.type(!inExpression);
      if (!inExpression) this.templates.pop();
      return [{ kind: 'cast', to }, 1];
    }
    const known = Object.hasOwn(operators, code) ? operators[code] : undefined;
    if (known === undefined) this.fail();
    return [{ kind: 'operator', text: known[0] }, known[1]];
  }

  protected localName(): [Node, boolean] {
    this.expect('Z');
    const scope = this.encoding(true, true);
    this.expect('E');
    if (this.accept('s')) {
      this.discriminator();
      return [{ kind: 'qualified', scope, name: named('string literal'), local: true }, false];
    }
    const index = this.accept('d') ? this.compactNumber() : -1;
    const [parsed, explicitThis] = this.name();
    this.discriminator();
    const name: Node = index >= 0 ? { kind: 'defaultArg', index, name: parsed } : parsed;
    return [{ kind: 'qualified', scope, name, local: true }, explicitThis];
  }

  protected discriminator(): void {
    if (this.peek() !== '_') {
      // Clang leaves the underscore out at the end.
      if (/^[0-9]*$/.test(this.text.slice(this.at))) this.at = this.text.length;
      return;
    }
    this.at++;
    const long = this.accept('_');
    const value = this.number();
    if (value < 0) this.fail();
    if (long && value >= 10) this.expect('_');
  }
}
