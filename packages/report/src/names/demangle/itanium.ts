// Reads C++ names mangled after the Itanium ABI, with the extensions of GCC and Clang; prints the way c++filt does.
// Source of the grammar: https://itanium-cxx-abi.github.io/cxx-abi/abi.html#mangling
// Upstream: ianlancetaylor/demangle demangle.go, 2025-04-17
import {
  type Closure,
  findPack,
  mergeQualifiers,
  type Node,
  type Qualifiers,
  rewrite,
  simplify,
  type Template,
  walk,
} from './itanium-nodes.ts';
import { printName } from './itanium-print.ts';
import { NameTooLong, type PrintOptions } from './itanium-printer.ts';
import { lastName, statesResult, templateOf } from './itanium-questions.ts';
import {
  builtins,
  cvWords,
  dBuiltins,
  fullShortcuts,
  named,
  operators,
  shortcuts,
  template,
} from './itanium-tables.ts';

/** What is left out of a demangled name. */
export interface ItaniumOptions extends PrintOptions {
  /** Parameters and result of the function itself; without them suffixes of clones go as well. */
  readonly parameters: boolean;
}

/** Not a mangled name, or one that breaks the grammar. */
class Malformed extends Error {
  override readonly name = 'Malformed';
}

const isDigit = (c: string): boolean => c >= '0' && c <= '9' && c.length === 1;
const isUpper = (c: string): boolean => c >= 'A' && c <= 'Z' && c.length === 1;
const isLower = (c: string): boolean => c >= 'a' && c <= 'z' && c.length === 1;

class Parser {
  readonly #text: string;
  #at = 0;
  #substitutions: Node[] = [];
  /** Templates whose arguments are in scope; undefined while the type of a cast operator is read. */
  #templates: (Template | undefined)[] = [];
  /** How many templates were in scope where the lambda being read began, plus 1; 0 outside of lambdas. */
  #lambdaLevel = 0;
  #inConstraint = false;
  #typeParams = 0;
  #valueParams = 0;
  #templateParams = 0;

  constructor(text: string) {
    this.#text = text;
  }

  // Single characters.

  #peek(ahead = 0): string {
    return this.#text.charAt(this.#at + ahead);
  }
  #starts(prefix: string): boolean {
    return this.#text.startsWith(prefix, this.#at);
  }
  #accept(prefix: string): boolean {
    if (!this.#starts(prefix)) return false;
    this.#at += prefix.length;
    return true;
  }
  #expect(prefix: string): void {
    if (!this.#accept(prefix)) throw new Malformed(`expected ${prefix} at ${this.#at}`);
  }
  #fail(): never {
    throw new Malformed(`unexpected at ${this.#at}`);
  }
  get #ended(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Everything: a name, and unless `parameters` are left out its type and the suffixes of clones. */
  symbol(parameters: boolean, clones: boolean): Node {
    let node = this.#encoding(parameters, false);
    if (!clones) return node;
    while (this.#peek() === '.' && /[a-z_0-9]/.test(this.#peek(1))) {
      const match = /^\.[a-z0-9_]+(?:\.[0-9]+)*/.exec(this.#text.slice(this.#at));
      const text = match?.[0] ?? this.#fail();
      this.#at += text.length;
      node = { kind: 'clone', base: node, text };
    }
    if (!this.#ended) this.#fail();
    return node;
  }

  #encoding(parameters: boolean, enclosing: boolean): Node {
    if (this.#peek() === 'G' || this.#peek() === 'T') return this.#specialName();
    const [parsed, explicitThis] = this.#name();
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
    if (this.#ended || this.#peek() === 'E') return name;

    const around = templateOf(name);
    const heldLevel = this.#lambdaLevel;
    if (around !== undefined) {
      this.#templates.push(around);
      this.#lambdaLevel = 0;
    }
    let enableIf: Node[] = [];
    if (this.#starts('Ua9enable_ifI')) {
      this.#at += 'Ua9enable_if'.length;
      enableIf = this.#templateArgs();
    }
    let type = this.#bareFunctionType(statesResult(name), explicitThis);
    const requirement = this.#peek() === 'Q' ? this.#constraint() : undefined;
    if (around !== undefined) {
      this.#templates.pop();
      this.#lambdaLevel = heldLevel;
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

  #constraint(): Node {
    this.#expect('Q');
    const held = this.#inConstraint;
    this.#inConstraint = true;
    const node = this.#expression();
    this.#inConstraint = held;
    return node;
  }

  // Names.

  #tagged(name: Node): Node {
    let node = name;
    while (this.#accept('B')) node = { kind: 'tagged', name: node, tag: this.#sourceName() };
    return node;
  }

  /** A name, and whether it is that of a function with an explicit `this`. */
  #name(): [Node, boolean] {
    let module: Node | undefined;
    switch (this.#peek()) {
      case 'N':
        return this.#nestedName();
      case 'Z':
        return this.#localName();
      case 'U': {
        const [node, isCast] = this.#unqualifiedName(undefined);
        if (isCast) this.#setTemplate(node, undefined);
        return [node, false];
      }
      case 'S': {
        let node: Node;
        let isCast = false;
        let substituted = false;
        if (this.#accept('St')) {
          const [name, cast] = this.#unqualifiedName(undefined);
          isCast = cast;
          node = { kind: 'qualified', scope: named('std'), name, local: false };
        } else {
          node = this.#substitution(false);
          if (node.kind === 'module') {
            module = node;
            break;
          }
          substituted = true;
        }
        return [this.#withArguments(node, isCast, !substituted), false];
      }
      default:
        break;
    }
    return [this.#withArguments(...this.#unqualifiedName(module), true), false];
  }

  /** A name with the template arguments that follow it, if any do; `substitutes` says whether it is one to come back to. */
  #withArguments(name: Node, isCast: boolean, substitutes: boolean): Node {
    if (this.#peek() !== 'I') {
      if (isCast) this.#setTemplate(name, undefined);
      return name;
    }
    if (substitutes) this.#substitutions.push(name);
    const list = this.#templateArgs();
    const instance = template(name, ...list);
    if (isCast) {
      this.#setTemplate(name, instance);
      this.#clearTemplates(list);
    }
    return instance;
  }

  #nestedName(): [Node, boolean] {
    this.#expect('N');
    const explicitThis = this.#accept('H');
    const qualifiers = explicitThis ? undefined : this.#qualifiers();
    const reference = explicitThis ? '' : this.#referenceQualifier();
    let node = this.#prefix();
    if (qualifiers !== undefined || reference !== '') {
      node = { kind: 'cvMethod', method: node, qualifiers, reference };
    }
    this.#expect('E');
    return [node, explicitThis];
  }

  #prefix(): Node {
    let whole: Node | undefined;
    let last: Node | undefined;
    let module: Node | undefined;
    let cast: (Node & { kind: 'cast' }) | undefined;
    for (;;) {
      if (this.#ended) this.#fail();
      let next: Node | undefined;
      const c = this.#peek();
      const instantiate = (list: Node[]): Node => {
        const instance = template(whole as Node, ...list);
        if (cast !== undefined) {
          this.#setTemplate(cast, instance);
          this.#clearTemplates(list);
          cast = undefined;
        }
        whole = undefined;
        return instance;
      };
      if (isDigit(c) || isLower(c) || 'ULFW'.includes(c) || this.#starts('DC')) {
        const [name, isCast] = this.#unqualifiedName(module);
        next = name;
        module = undefined;
        if (isCast) {
          const plain = name.kind === 'tagged' ? name.name : name;
          if (plain.kind !== 'cast') this.#fail();
          cast = plain;
        }
      } else if (c === 'C') {
        this.#at++;
        const inheriting = this.#accept('I');
        if (this.#ended || last === undefined) this.#fail();
        this.#at++;
        const base = inheriting ? this.#type(false) : undefined;
        next = this.#tagged({ kind: 'constructor', name: lastName(last), base });
      } else if (c === 'D') {
        if (this.#starts('DT') || this.#starts('Dt')) {
          next = this.#type(false);
        } else {
          if (this.#peek(1) === '' || last === undefined) this.#fail();
          this.#at += 2;
          next = this.#tagged({ kind: 'destructor', name: lastName(last) });
        }
      } else if (c === 'S') {
        next = this.#substitution(true);
        if (next.kind === 'module') {
          module = next;
          next = undefined;
        }
      } else if (c === 'I') {
        if (whole === undefined) this.#fail();
        next = instantiate(this.#templateArgs());
      } else if (c === 'T') {
        next = this.#templateParam();
      } else if (c === 'E') {
        if (whole === undefined) this.#fail();
        if (cast !== undefined) this.#setTemplate(cast, cast.to.kind === 'template' ? cast.to : undefined);
        return whole;
      } else if (c === 'M') {
        // The variable that a lambda initializes; it is a scope like any other.
        if (whole === undefined) this.#fail();
        this.#at++;
        continue;
      } else if (c === 'J') {
        // Clang writes some template arguments without the leading I.
        if (whole === undefined) this.#fail();
        const list: Node[] = [];
        while (!this.#accept('E')) list.push(this.#templateArg([]));
        next = instantiate(list);
      } else this.#fail();
      if (next === undefined) continue;
      last = next;
      whole = whole === undefined ? next : { kind: 'qualified', scope: whole, name: next, local: false };
      if (c !== 'S' && this.#peek() !== 'E') this.#substitutions.push(whole);
    }
  }

  /** A name without scope, and whether it is a cast operator. */
  #unqualifiedName(parentModule: Node | undefined): [Node, boolean] {
    const module = this.#moduleName(parentModule);
    const friend = this.#accept('F');
    const c = this.#peek();
    let node: Node;
    let isCast = false;
    if (isDigit(c)) {
      node = this.#sourceName();
    } else if (isLower(c)) {
      [node] = this.#operatorName(false);
      if (node.kind === 'cast') isCast = true;
      if (node.kind === 'operator' && node.text === 'operator"" ') {
        node = {
          kind: 'unary',
          operator: node,
          operand: this.#sourceName(),
          suffix: false,
          parenthesized: false,
        };
      }
    } else if (this.#accept('DC')) {
      const list: Node[] = [];
      do list.push(this.#sourceName());
      while (!this.#accept('E'));
      node = { kind: 'bindings', list };
    } else if (this.#accept('L')) {
      node = this.#sourceName();
      this.#discriminator();
    } else if (this.#accept('Ub')) {
      this.#compactNumber();
      node = named("'block-literal'");
    } else if (this.#starts('Ul')) {
      node = this.#closure();
    } else if (this.#starts('Ut')) {
      node = this.#unnamedType();
    } else this.#fail();
    if (module !== undefined) node = { kind: 'inModule', module, name: node };
    node = this.#tagged(node);
    if (friend) node = { kind: 'friend', name: node };
    return [node, isCast];
  }

  #sourceName(): Node {
    const length = this.#number();
    if (length <= 0 || this.#at + length > this.#text.length) this.#fail();
    const text = this.#text.slice(this.#at, this.#at + length);
    this.#at += length;
    return named(/^_GLOBAL_[._$]N./s.test(text) ? '(anonymous namespace)' : text);
  }

  #moduleName(parent: Node | undefined): Node | undefined {
    let module = parent;
    while (this.#accept('W')) {
      const partition = this.#accept('P');
      module = { kind: 'module', parent: module, name: this.#sourceName(), partition };
      this.#substitutions.push(module);
    }
    return module;
  }

  #operatorName(inExpression: boolean): [Node, number] {
    const code = this.#text.slice(this.#at, this.#at + 2);
    if (code.length < 2) this.#fail();
    this.#at += 2;
    if (code.startsWith('v') && isDigit(code.charAt(1))) {
      const name = this.#sourceName();
      return [{ kind: 'operator', text: name.kind === 'name' ? name.text : '' }, Number(code.charAt(1))];
    }
    if (code === 'cv') {
      // The template of parameters in the type is known only after it.
      if (!inExpression) this.#templates.push(undefined);
      const to = this.#type(!inExpression);
      if (!inExpression) this.#templates.pop();
      return [{ kind: 'cast', to }, 1];
    }
    const known = Object.hasOwn(operators, code) ? operators[code] : undefined;
    if (known === undefined) this.#fail();
    return [{ kind: 'operator', text: known[0] }, known[1]];
  }

  #localName(): [Node, boolean] {
    this.#expect('Z');
    const scope = this.#encoding(true, true);
    this.#expect('E');
    if (this.#accept('s')) {
      this.#discriminator();
      return [{ kind: 'qualified', scope, name: named('string literal'), local: true }, false];
    }
    const index = this.#accept('d') ? this.#compactNumber() : -1;
    const [parsed, explicitThis] = this.#name();
    this.#discriminator();
    const name: Node = index >= 0 ? { kind: 'defaultArg', index, name: parsed } : parsed;
    return [{ kind: 'qualified', scope, name, local: true }, explicitThis];
  }

  #discriminator(): void {
    if (this.#peek() !== '_') {
      // Clang leaves the underscore out at the end.
      if (/^[0-9]*$/.test(this.#text.slice(this.#at))) this.#at = this.#text.length;
      return;
    }
    this.#at++;
    const long = this.#accept('_');
    const value = this.#number();
    if (value < 0) this.#fail();
    if (long && value >= 10) this.#expect('_');
  }

  #javaResource(): Node {
    const length = this.#number() - 1;
    if (length < 1) this.#fail();
    this.#expect('_');
    const text = this.#text.slice(this.#at, this.#at + length);
    if (text.length < length) this.#fail();
    this.#at += length;
    const plain = text.replace(/\$([\s\S]?)/g, (_, code: string) => {
      const meant = { S: '/', _: '.', $: '$' }[code];
      return meant ?? this.#fail();
    });
    return { kind: 'special', text: 'java resource ', base: named(plain) };
  }

  #specialName(): Node {
    const special = (text: string, base: Node): Node => ({ kind: 'special', text, base });
    const code = this.#text.slice(this.#at, this.#at + 2);
    this.#at += 2;
    switch (code) {
      case 'TV':
        return special('vtable for ', this.#type(false));
      case 'TT':
        return special('VTT for ', this.#type(false));
      case 'TI':
        return special('typeinfo for ', this.#type(false));
      case 'TS':
        return special('typeinfo name for ', this.#type(false));
      case 'TA':
        return special('template parameter object for ', this.#templateArg([]));
      case 'Th':
        this.#callOffset('h');
        return special('non-virtual thunk to ', this.#encoding(true, false));
      case 'Tv':
        this.#callOffset('v');
        return special('virtual thunk to ', this.#encoding(true, false));
      case 'Tc':
        this.#callOffset();
        this.#callOffset();
        return special('covariant return thunk to ', this.#encoding(true, false));
      case 'TC': {
        const derived = this.#type(false);
        if (this.#number() < 0) this.#fail();
        this.#expect('_');
        const base = this.#type(false);
        return { kind: 'special2', text: 'construction vtable for ', base, middle: '-in-', other: derived };
      }
      case 'TF':
        return special('typeinfo fn for ', this.#type(false));
      case 'TJ':
        return special('java Class for ', this.#type(false));
      case 'TH':
        return special('TLS init function for ', this.#name()[0]);
      case 'TW':
        return special('TLS wrapper function for ', this.#name()[0]);
      case 'GV':
        return special('guard variable for ', this.#name()[0]);
      case 'GR': {
        const [name] = this.#name();
        this.#sequenceId(true);
        return special('reference temporary for ', name);
      }
      case 'GA':
        return special('hidden alias for ', this.#encoding(true, false));
      case 'GT': {
        if (this.#ended) this.#fail();
        const kind = this.#peek();
        this.#at++;
        return special(
          kind === 'n' ? 'non-transaction clone for ' : 'transaction clone for ',
          this.#encoding(true, false),
        );
      }
      case 'Gr':
        return this.#javaResource();
      case 'GI':
        return special('initializer for module ', this.#moduleName(undefined) ?? this.#fail());
      default:
        return this.#fail();
    }
  }

  #callOffset(known = ''): void {
    let kind = known;
    if (kind === '') {
      kind = this.#peek();
      this.#at++;
    }
    if (kind !== 'h' && kind !== 'v') this.#fail();
    this.#number();
    if (kind === 'v') {
      this.#expect('_');
      this.#number();
    }
    this.#expect('_');
  }

  // Numbers.

  #number(): number {
    const negative = this.#accept('n');
    if (!isDigit(this.#peek())) this.#fail();
    let value = 0;
    while (isDigit(this.#peek())) {
      if (value >= 0x80000000 / 10 - 10) this.#fail();
      value = value * 10 + Number(this.#peek());
      this.#at++;
    }
    return negative ? -value : value;
  }

  #sequenceId(endOk: boolean): number {
    if (this.#accept('_')) return 0;
    let id = 0;
    for (;;) {
      if (this.#ended) return endOk ? id + 1 : this.#fail();
      if (id >= 0x80000000 / 36 - 36) this.#fail();
      const c = this.#peek();
      if (c !== '_' && !isDigit(c) && !isUpper(c)) this.#fail();
      this.#at++;
      if (c === '_') return id + 1;
      id = id * 36 + Number.parseInt(c, 36);
    }
  }

  #compactNumber(): number {
    if (this.#accept('_')) return 0;
    if (this.#peek() === 'n') this.#fail();
    const value = this.#number();
    this.#expect('_');
    return value + 1;
  }

  // Types.

  #type(isCast: boolean): Node {
    if (this.#ended) this.#fail();
    let candidate = true;
    const qualifiers = this.#qualifiers();
    // Qualifiers before a function type are those of `this`: the type without them is no candidate for substitution.
    if (qualifiers !== undefined && this.#peek() === 'F') candidate = false;
    const c = this.#peek();
    const builtin = c === '' ? this.#fail() : builtins[c];
    if (builtin !== undefined) {
      this.#at++;
      let node: Node = { kind: 'builtin', text: builtin };
      if (qualifiers !== undefined) {
        node = { kind: 'cvType', base: node, qualifiers };
        this.#substitutions.push(node);
      }
      return node;
    }
    let node: Node;
    switch (c) {
      case 'u': {
        this.#at++;
        node = this.#sourceName();
        if (this.#accept('I')) {
          const base = this.#type(false);
          this.#expect('E');
          node = { kind: 'transformed', text: node.kind === 'name' ? node.text : '', base };
        }
        break;
      }
      case 'F':
        node = this.#functionType();
        break;
      case 'A':
        node = this.#arrayType(isCast);
        break;
      case 'M': {
        this.#at++;
        const scope = this.#type(false);
        node = { kind: 'memberPointer', scope, member: this.#type(isCast) };
        break;
      }
      case 'T': {
        const kind = { s: 'struct', u: 'union', e: 'enum' }[this.#peek(1)];
        if (kind !== undefined) {
          this.#at += 2;
          node = { kind: 'elaborated', text: kind, base: this.#name()[0] };
          break;
        }
        node = this.#templateParam();
        if (this.#peek() === 'I') {
          if (isCast) node = this.#castTemplate(node, true);
          else {
            this.#substitutions.push(node);
            node = template(node, ...this.#templateArgs());
          }
        }
        break;
      }
      case 'S': {
        const next = this.#peek(1);
        if (isDigit(next) || next === '_' || isUpper(next)) {
          node = this.#substitution(false);
          if (node.kind === 'module') {
            [node] = this.#unqualifiedName(node);
            this.#substitutions.push(node);
          }
          if (this.#peek() !== 'I') candidate = false;
          else if (node.kind !== 'templateParam' || !isCast) node = template(node, ...this.#templateArgs());
          else {
            const before = node;
            node = this.#castTemplate(node, false);
            if (node === before) candidate = false;
          }
        } else {
          [node] = this.#name();
          if (node === shortcuts[next] || node === fullShortcuts[next]) candidate = false;
        }
        break;
      }
      case 'O':
      case 'P':
      case 'R':
      case 'C':
      case 'G': {
        this.#at++;
        const kinds = { O: 'rvalue', P: 'pointer', R: 'reference', C: 'complex', G: 'imaginary' } as const;
        node = { kind: kinds[c], base: this.#type(isCast) };
        break;
      }
      case 'U':
        if (this.#starts('Ul')) {
          node = this.#closure();
          candidate = false;
        } else if (this.#starts('Ut')) {
          node = this.#unnamedType();
          candidate = false;
        } else {
          this.#at++;
          let qualifier = this.#sourceName();
          if (this.#peek() === 'I') qualifier = template(qualifier, ...this.#templateArgs());
          node = { kind: 'vendor', qualifier, base: this.#type(isCast) };
        }
        break;
      case 'D':
        this.#at++;
        candidate = 'Ttpv'.includes(this.#peek() || '?');
        node = this.#typeD(isCast);
        break;
      default:
        if (c !== 'N' && c !== 'W' && c !== 'Z' && !isDigit(c)) this.#fail();
        [node] = this.#name();
    }
    if (candidate) this.#substitutions.push(node);
    if (qualifiers !== undefined) {
      if (node.kind === 'function') node = { kind: 'cvMethod', method: node, qualifiers, reference: '' };
      else if (node.kind === 'cvMethod') {
        node.qualifiers = mergeQualifiers(qualifiers, node.qualifiers);
      } else if (node.kind === 'cvType') {
        mergeQualifiers(qualifiers, node.qualifiers);
        node = { kind: 'cvType', base: node.base, qualifiers };
      } else node = { kind: 'cvType', base: node, qualifiers };
      this.#substitutions.push(node);
    }
    return node;
  }

  /** Types behind `D`. */
  #typeD(isCast: boolean): Node {
    if (this.#ended) this.#fail();
    const code = this.#peek();
    this.#at++;
    const builtin = dBuiltins[code];
    if (builtin !== undefined) return { kind: 'builtin', text: builtin };
    switch (code) {
      case 'T':
      case 't': {
        const base = this.#expression();
        this.#expect('E');
        return { kind: 'decltype', base };
      }
      case 'p': {
        const base = this.#type(isCast);
        return { kind: 'expansion', base, pack: findPack(base) };
      }
      case 'a':
        return named('auto');
      case 'c':
        return named('decltype(auto)');
      case 'F': {
        const accum = isDigit(this.#peek());
        const bits = accum ? this.#number() : 0;
        if (this.#peek() === '_') {
          if (bits === 0) this.#fail();
          this.#at++;
          return named(`_Float${bits}`);
        }
        const base = this.#type(isCast);
        if (isDigit(this.#peek())) this.#number();
        const saturated = this.#peek() === 's';
        if (!this.#ended) this.#at++;
        return { kind: 'fixed', base, accum, saturated };
      }
      case 'v': {
        const dimension = this.#accept('_') ? this.#expression() : named(String(this.#number()));
        this.#expect('_');
        return { kind: 'vector', dimension, base: this.#type(isCast) };
      }
      case 'B':
      case 'U': {
        const size = isDigit(this.#peek()) ? named(String(this.#number())) : this.#expression();
        this.#expect('_');
        return { kind: 'bitInt', size, signed: code === 'B' };
      }
      case 'k':
        return { kind: 'suffixed', base: this.#name()[0], text: 'auto' };
      case 'K':
        return { kind: 'suffixed', base: this.#name()[0], text: 'decltype(auto)' };
      default:
        return this.#fail();
    }
  }

  /**
   * Arguments behind a template parameter in the type of a cast operator: they belong to the type only if arguments of
   * the operator itself follow.
   */
  #castTemplate(param: Node, addParam: boolean): Node {
    const at = this.#at;
    const substitutions = [...this.#substitutions];
    const templates = [...this.#templates];
    const held = [this.#lambdaLevel, this.#typeParams, this.#valueParams, this.#templateParams] as const;
    const inConstraint = this.#inConstraint;
    try {
      const list = this.#templateArgs();
      if (this.#peek() === 'I') {
        if (addParam) this.#substitutions.push(param);
        return template(param, ...list);
      }
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
    this.#at = at;
    this.#substitutions = substitutions;
    this.#templates = templates;
    [this.#lambdaLevel, this.#typeParams, this.#valueParams, this.#templateParams] = held;
    this.#inConstraint = inConstraint;
    return param;
  }

  #qualifiers(): Qualifiers | undefined {
    const list: Qualifiers['list'] = [];
    const add = (text: string, values: Node[] = []): void => {
      list.unshift({ kind: 'qualifier', text, list: values });
    };
    for (;;) {
      const word = this.#ended ? undefined : cvWords[this.#peek()];
      if (word !== undefined) {
        this.#at++;
        add(word);
      } else if (this.#accept('Dx')) add('transaction_safe');
      else if (this.#accept('Do')) add('noexcept');
      else if (this.#accept('DO')) {
        const value = this.#expression();
        this.#expect('E');
        add('noexcept', [value]);
      } else if (this.#accept('Dw')) {
        const values = this.#parameterTypes(false);
        this.#expect('E');
        add('throw', values);
      } else break;
    }
    return list.length === 0 ? undefined : { kind: 'qualifiers', list };
  }

  #referenceQualifier(): string {
    if (this.#accept('R')) return '&';
    return this.#accept('O') ? '&&' : '';
  }

  #parameterTypes(explicitThis: boolean): Node[] {
    const list: Node[] = [];
    while (!this.#ended) {
      const c = this.#peek();
      if (c === 'E' || c === '.' || c === 'Q' || this.#starts('RE') || this.#starts('OE')) break;
      const type = this.#type(false);
      list.push(list.length === 0 && explicitThis ? { kind: 'explicitThis', base: type } : type);
    }
    if (list.length === 0) this.#fail();
    const [only] = list;
    return list.length === 1 && only?.kind === 'builtin' && only.text === 'void' ? [] : list;
  }

  #functionType(): Node {
    this.#expect('F');
    // C linkage is not shown.
    this.#accept('Y');
    let node = this.#bareFunctionType(true, false);
    const reference = this.#referenceQualifier();
    if (reference !== '') node = { kind: 'cvMethod', method: node, qualifiers: undefined, reference };
    this.#expect('E');
    return node;
  }

  #bareFunctionType(hasResult: boolean, explicitThis: boolean): Node {
    const result = this.#accept('J') || hasResult ? this.#type(false) : undefined;
    return { kind: 'function', result, list: this.#parameterTypes(explicitThis), enclosing: false };
  }

  #arrayType(isCast: boolean): Node {
    this.#expect('A');
    let dimension: Node;
    if (this.#peek() === '_') dimension = named('');
    else if (isDigit(this.#peek())) {
      const [digits = ''] = /^[0-9]+/.exec(this.#text.slice(this.#at)) ?? [];
      this.#at += digits.length;
      dimension = named(digits);
    } else dimension = this.#expression();
    this.#expect('_');
    const element = this.#type(isCast);
    if (element.kind === 'cvType') {
      const base: Node = { kind: 'array', dimension, element: element.base };
      return { kind: 'cvType', base, qualifiers: element.qualifiers };
    }
    return { kind: 'array', dimension, element };
  }

  // Templates.

  #templateParam(): Node {
    const start = this.#at;
    this.#expect('T');
    const level = this.#accept('L') ? this.#compactNumber() : 0;
    const index = this.#compactNumber();
    if (this.#inConstraint) return named(this.#text.slice(start, this.#at - 1));
    // The parameters of a generic lambda look like those of a template.
    const lambda = this.#lambdaLevel > 0 && level === this.#lambdaLevel - 1;
    if (level >= this.#templates.length) return lambda ? { kind: 'lambdaAuto', index } : this.#fail();
    const around = this.#templates[level];
    if (around !== undefined && index >= around.list.length) {
      return lambda ? { kind: 'lambdaAuto', index } : this.#fail();
    }
    return { kind: 'templateParam', index, template: around };
  }

  /** Gives the parameters in `node` that still have none the template they refer to. */
  #setTemplate(node: Node, around: Template | undefined): void {
    const seen = new Set<Node>();
    walk(node, (part) => {
      if (part.kind === 'templateParam') {
        if (part.template !== undefined) {
          if (around !== undefined) this.#fail();
          return false;
        }
        if (around === undefined || part.index >= around.list.length) this.#fail();
        part.template = around;
        return false;
      }
      if (part.kind === 'closure' || seen.has(part)) return false;
      seen.add(part);
      return true;
    });
  }

  #clearTemplates(list: readonly Node[]): void {
    for (const node of list) this.#setTemplate(node, undefined);
  }

  #templateArgs(): Node[] {
    this.#at++;
    const list: Node[] = [];
    while (!this.#accept('E')) {
      list.push(this.#templateArg(list));
      if (this.#peek() === 'Q') {
        this.#constraint();
        if (this.#peek() !== 'E') this.#fail();
      }
    }
    return list;
  }

  #templateArg(earlier: readonly Node[]): Node {
    switch (this.#peek()) {
      case '':
        return this.#fail();
      case 'X': {
        this.#at++;
        const node = this.#expression();
        this.#expect('E');
        return node;
      }
      case 'L':
        return this.#literal();
      case 'I':
      case 'J':
        return { kind: 'pack', list: this.#templateArgs() };
      case 'T':
        if ('yntpk'.includes(this.#peek(1) || '?')) {
          // Such a parameter refers to the arguments before it.
          this.#templates.push({ kind: 'template', name: named(''), list: [...earlier] });
          const declared = this.#paramDeclaration();
          this.#templates.pop();
          if (declared === undefined) this.#fail();
          return { kind: 'paramArg', param: declared[0], arg: this.#templateArg([]) };
        }
        return this.#type(false);
      default:
        return this.#type(false);
    }
  }

  #closure(): Closure {
    this.#expect('Ul');
    const heldLevel = this.#lambdaLevel;
    this.#lambdaLevel = this.#templates.length + 1;
    const templateArgs: Node[] = [];
    let own: Template | undefined;
    while (this.#peek() === 'T') {
      const declared = this.#paramDeclaration();
      if (declared === undefined) break;
      templateArgs.push(declared[0]);
      if (own === undefined) {
        own = template(named('lambda'));
        this.#templates.push(own);
      }
      own.list.push(declared[1]);
    }
    const templateConstraint = this.#peek() === 'Q' ? this.#constraint() : undefined;
    const list = this.#parameterTypes(false);
    this.#lambdaLevel = heldLevel;
    if (own !== undefined) this.#templates.pop();
    const callConstraint = this.#peek() === 'Q' ? this.#constraint() : undefined;
    this.#expect('E');
    const index = this.#compactNumber();
    return { kind: 'closure', templateArgs, templateConstraint, list, callConstraint, index };
  }

  /** The declaration of a template parameter and what refers to it; undefined where there is none. */
  #paramDeclaration(): [declaration: Node, reference: Node] | undefined {
    const code = this.#text.slice(this.#at, this.#at + 2);
    switch (code) {
      case 'Ty': {
        this.#at += 2;
        const name: Node = { kind: 'paramName', prefix: '$T', index: this.#typeParams++ };
        return [{ kind: 'typeParam', name }, name];
      }
      case 'Tk': {
        const held = this.#inConstraint;
        this.#inConstraint = true;
        this.#at += 2;
        const [constraint] = this.#name();
        const name: Node = { kind: 'paramName', prefix: '$T', index: this.#typeParams++ };
        this.#inConstraint = held;
        return [{ kind: 'constrainedParam', name, constraint }, name];
      }
      case 'Tn': {
        this.#at += 2;
        const name: Node = { kind: 'paramName', prefix: '$N', index: this.#valueParams++ };
        return [{ kind: 'valueParam', name, type: this.#type(false) }, name];
      }
      case 'Tt': {
        this.#at += 2;
        const name: Node = { kind: 'paramName', prefix: '$TT', index: this.#templateParams++ };
        const list: Node[] = [];
        let own: Template | undefined;
        let constraint: Node | undefined;
        while (!this.#accept('E')) {
          const declared = this.#paramDeclaration() ?? this.#fail();
          list.push(declared[0]);
          if (own === undefined) {
            own = template(named('template_template'));
            this.#templates.push(own);
          }
          own.list.push(declared[1]);
          if (this.#peek() === 'Q') {
            constraint = this.#constraint();
            if (this.#peek() !== 'E') this.#fail();
          }
        }
        if (own !== undefined) this.#templates.pop();
        return [{ kind: 'templateParams', name, list, constraint }, name];
      }
      case 'Tp': {
        this.#at += 2;
        const declared = this.#paramDeclaration() ?? this.#fail();
        return [{ kind: 'paramPack', param: declared[0] }, declared[1]];
      }
      default:
        return undefined;
    }
  }

  #unnamedType(): Node {
    this.#expect('Ut');
    const node: Node = { kind: 'unnamed', index: this.#compactNumber() };
    this.#substitutions.push(node);
    return node;
  }

  // Expressions.

  #expressionsUntil(stop: string): Node & { kind: 'list' } {
    const list: Node[] = [];
    while (!this.#accept(stop)) list.push(this.#expression());
    return { kind: 'list', list };
  }

  #expression(): Node {
    if (this.#ended) this.#fail();
    const c = this.#peek();
    if (c === 'L') return this.#literal();
    if (c === 'T') return this.#templateParam();
    if (isDigit(c) || this.#starts('on')) {
      this.#accept('on');
      const [name] = this.#unqualifiedName(undefined);
      return this.#peek() === 'I' ? template(name, ...this.#templateArgs()) : name;
    }
    if (c === 'u') return this.#vendorExpression();
    const code = this.#text.slice(this.#at, this.#at + 2);
    switch (code) {
      case 'so': {
        this.#at += 2;
        const type = this.#type(false);
        const base = this.#expression();
        const offset = /[n0-9]/.test(this.#peek()) ? this.#number() : 0;
        while (this.#accept('_')) if (/[n0-9]/.test(this.#peek())) this.#number();
        this.#accept('p');
        this.#expect('E');
        return { kind: 'subobject', type, base, offset };
      }
      case 'sr':
        return this.#unresolvedName();
      case 'sp': {
        this.#at += 2;
        const base = this.#expression();
        return { kind: 'expansion', base, pack: findPack(base) };
      }
      case 'sZ': {
        this.#at += 2;
        return { kind: 'sizeofPack', pack: findPack(this.#expression()) ?? this.#fail() };
      }
      case 'sP': {
        this.#at += 2;
        const list: Node[] = [];
        while (!this.#accept('E')) list.push(this.#templateArg([]));
        return { kind: 'sizeofArgs', list };
      }
      case 'fp':
        this.#at += 2;
        if (this.#accept('T')) return { kind: 'parameter', index: 0 };
        this.#qualifiers();
        return { kind: 'parameter', index: this.#compactNumber() + 1 };
      case 'mc': {
        this.#at += 2;
        const type = this.#type(false);
        const base = this.#expression();
        if (/[n0-9]/.test(this.#peek())) this.#number();
        this.#expect('E');
        return { kind: 'memberPointerCast', type, base };
      }
      case 'il':
      case 'tl': {
        this.#at += 2;
        const type = code === 'tl' ? this.#type(false) : undefined;
        return { kind: 'initializer', type, values: this.#expressionsUntil('E') };
      }
      case 'st': {
        const [operator] = this.#operatorName(true);
        return { kind: 'unary', operator, operand: this.#type(false), suffix: false, parenthesized: true };
      }
      case 'rq':
      case 'rQ':
        return this.#requires();
      default:
        if (code === 'fL' && isDigit(this.#peek(2))) {
          this.#at += 2;
          this.#number();
          this.#expect('p');
          this.#qualifiers();
          return { kind: 'parameter', index: this.#compactNumber() + 1 };
        }
        return this.#operation(code);
    }
  }

  #vendorExpression(): Node {
    this.#expect('u');
    const name = this.#sourceName();
    const list: Node[] = [];
    const uuid = name.kind === 'name' && name.text === '__uuidof';
    if (uuid && this.#accept('t')) list.push(this.#type(false));
    else if (uuid && this.#accept('z')) list.push(this.#expression());
    else while (!this.#accept('E')) list.push(this.#templateArg([]));
    return {
      kind: 'binary',
      operator: { kind: 'operator', text: '()' },
      left: name,
      right: { kind: 'list', list },
    };
  }

  #operation(code: string): Node {
    const [operator, operands] = this.#operatorName(true);
    switch (operands) {
      case 0:
        return { kind: 'nullary', operator };
      case 1: {
        const suffix = (code === 'pp' || code === 'mm') && !this.#accept('_');
        const operand =
          operator.kind === 'cast' && this.#accept('_') ? this.#expressionsUntil('E') : this.#expression();
        return { kind: 'unary', operator, operand, suffix, parenthesized: false };
      }
      case 2: {
        if (code.startsWith('f')) {
          const [folded] = this.#operatorName(true);
          return {
            kind: 'fold',
            operator: folded,
            left: code === 'fl',
            first: this.#expression(),
            second: undefined,
          };
        }
        let left: Node;
        if (['sc', 'dc', 'cc', 'rc'].includes(code)) left = this.#type(false);
        else if (code === 'di') [left] = this.#unqualifiedName(undefined);
        else left = this.#expression();
        let right: Node;
        if (code === 'cl' || code === 'cp') right = this.#expressionsUntil('E');
        else if (code === 'dt' || code === 'pt') {
          if (this.#peek() === 'L') right = this.#literal();
          else {
            right = this.#unresolvedName();
            if (this.#peek() === 'I') right = template(right, ...this.#templateArgs());
          }
        } else right = this.#expression();
        return { kind: 'binary', operator, left, right };
      }
      case 3: {
        if (code.startsWith('n')) return this.#newExpression();
        if (code.startsWith('f')) {
          const [folded] = this.#operatorName(true);
          const first = this.#expression();
          return { kind: 'fold', operator: folded, left: code === 'fL', first, second: this.#expression() };
        }
        const first = this.#expression();
        const second = this.#expression();
        return { kind: 'ternary', operator, first, second, third: this.#expression() };
      }
      default:
        return this.#fail();
    }
  }

  #newExpression(): Node {
    const placement = this.#expressionsUntil('_');
    const type = this.#type(false);
    let init: Node | undefined;
    if (this.#accept('pi')) init = this.#expressionsUntil('E');
    else if (this.#starts('il')) init = this.#expression();
    else this.#expect('E');
    return { kind: 'new', place: placement.list.length === 0 ? undefined : placement, type, init };
  }

  #unresolvedName(): Node {
    if (this.#accept('gs')) {
      const operand = this.#unresolvedName();
      const operator: Node = { kind: 'operator', text: '::' };
      return { kind: 'unary', operator, operand, suffix: false, parenthesized: false };
    }
    if (!this.#accept('sr')) return this.#baseUnresolvedName();
    if (this.#ended) this.#fail();
    if ('TDS'.includes(this.#peek())) {
      const scope = this.#type(false);
      const name: Node = { kind: 'qualified', scope, name: this.#baseUnresolvedName(), local: false };
      if (this.#peek() !== 'I') return name;
      const instance = template(name, ...this.#templateArgs());
      this.#substitutions.push(instance);
      return instance;
    }
    let scope: Node | undefined = this.#accept('N') ? this.#type(false) : undefined;
    while (this.#peek() !== 'E') {
      // GCC leaves out the E between a type and a name.
      if (scope?.kind === 'qualified' && !this.#ended && !isDigit(this.#peek())) {
        if (scope.scope.kind === 'template') this.#substitutions.push(scope.scope.name);
        this.#substitutions.push(scope.scope);
        return scope;
      }
      let name = this.#sourceName();
      if (this.#peek() === 'I') {
        this.#substitutions.push(name);
        name = template(name, ...this.#templateArgs());
      }
      scope = scope === undefined ? name : { kind: 'qualified', scope, name, local: false };
    }
    if (scope === undefined) this.#fail();
    this.#at++;
    return { kind: 'qualified', scope, name: this.#baseUnresolvedName(), local: false };
  }

  #baseUnresolvedName(): Node {
    let node: Node;
    if (this.#accept('on')) [node] = this.#operatorName(true);
    else if (this.#accept('dn')) {
      node = { kind: 'destructor', name: isDigit(this.#peek()) ? this.#sourceName() : this.#type(false) };
    } else if (isDigit(this.#peek())) node = this.#sourceName();
    // GCC writes operators without the leading `on`.
    else [node] = this.#operatorName(true);
    return this.#peek() === 'I' ? template(node, ...this.#templateArgs()) : node;
  }

  #requires(): Node {
    const params: Node[] = [];
    if (this.#accept('rQ')) {
      while (!this.#ended && this.#peek() !== '_') params.push(this.#type(false));
      this.#expect('_');
    } else this.#expect('rq');
    const list: Node[] = [];
    while (!this.#ended && this.#peek() !== 'E') {
      if (this.#accept('X')) {
        const value = this.#expression();
        const noexcept = this.#accept('N');
        const type = this.#accept('R') ? this.#name()[0] : undefined;
        list.push({ kind: 'valueRequirement', value, noexcept, type });
      } else if (this.#accept('T')) list.push({ kind: 'typeRequirement', type: this.#type(false) });
      else if (this.#accept('Q')) list.push({ kind: 'nestedRequirement', constraint: this.#expression() });
      else this.#fail();
    }
    this.#expect('E');
    return { kind: 'requires', params, list };
  }

  #literal(): Node {
    this.#expect('L');
    // Older versions of GCC forgot the underscore.
    if (this.#accept('_Z') || this.#accept('Z')) {
      const node = this.#encoding(true, false);
      this.#expect('E');
      return node;
    }
    const type = this.#type(false);
    const negative = this.#accept('n');
    if (this.#peek() === 'E') {
      const array = type.kind === 'cvType' ? type.base : type;
      if (type.kind === 'closure') {
        this.#at++;
        return { kind: 'lambda', type };
      }
      if (array.kind === 'array') {
        this.#at++;
        return { kind: 'stringLiteral', type };
      }
      if (type.kind !== 'builtin' || type.text !== 'decltype(nullptr)') this.#fail();
    }
    const end = this.#text.indexOf('E', this.#at);
    if (end < 0) this.#fail();
    const text = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return { kind: 'literal', type, text, negative };
  }

  // Substitutions.

  #substitution(inPrefix: boolean): Node {
    this.#expect('S');
    const c = this.#peek();
    if (c === '_' || isDigit(c) || isUpper(c)) {
      const found = this.#substitutions[this.#sequenceId(false)] ?? this.#fail();
      return this.#retarget(found);
    }
    if (c === '') this.#fail();
    this.#at++;
    // A constructor or destructor of such a class goes by its long name.
    const long = inPrefix && (this.#peek() === 'C' || this.#peek() === 'D');
    const table = long ? fullShortcuts : shortcuts;
    let node = Object.hasOwn(table, c) ? (table[c] as Node) : this.#fail();
    if (this.#peek() === 'B') {
      node = this.#tagged(node);
      this.#substitutions.push(node);
    }
    return node;
  }

  /** A substitution whose template parameters refer to the template that is in scope here, not where it was made. */
  #retarget(found: Node): Node {
    const templates = [...this.#templates];
    const levels: number[] = [];
    const seen = new Set<Node>();
    const skip = (node: Node): boolean => {
      switch (node.kind) {
        case 'typed':
          if (node.name.kind === 'template') {
            templates.push(node.name);
            levels.push(this.#lambdaLevel);
            this.#lambdaLevel = 0;
          }
          return false;
        case 'closure':
          levels.push(this.#lambdaLevel);
          this.#lambdaLevel = templates.length + 1;
          return false;
        case 'templateParam':
        case 'lambdaAuto':
          return false;
        default:
          if (seen.has(node)) return true;
          seen.add(node);
          return false;
      }
    };
    const replace = (node: Node): Node | undefined => {
      switch (node.kind) {
        case 'typed':
          if (node.name.kind === 'template') {
            templates.pop();
            this.#lambdaLevel = levels.pop() ?? 0;
          }
          return undefined;
        case 'closure':
          this.#lambdaLevel = levels.pop() ?? 0;
          return undefined;
        case 'templateParam':
        case 'lambdaAuto':
          break;
        default:
          return undefined;
      }
      const { index } = node;
      if (this.#inConstraint) return named(`T${index}`);
      if (this.#lambdaLevel > 0)
        return node.kind === 'lambdaAuto' ? undefined : { kind: 'lambdaAuto', index };
      let around: Template | undefined;
      if (templates.length > 0) {
        around = templates.at(-1);
        // Within the type of a cast operator the template is not known yet.
        if (around === undefined) return { kind: 'templateParam', index, template: undefined };
      } else if (found.kind === 'template') around = found;
      if (around === undefined || index >= around.list.length) this.#fail();
      return { kind: 'templateParam', index, template: around };
    };
    return rewrite(found, replace, skip) ?? found;
  }
}

function tree(name: string, options: ItaniumOptions): Node | undefined {
  const parse = (mangled: string): Node => new Parser(mangled).symbol(options.parameters, false);
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
        : new Parser(name.slice(global[0].length)).symbol(true, !options.parameters);
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
