// Reads templates of C++ names: parameters, arguments, lambdas, and references back to what was read.
// Source of the grammar: https://itanium-cxx-abi.github.io/cxx-abi/abi.html#mangling
// Upstream: ianlancetaylor/demangle demangle.go, 2025-04-17
import { type Closure, type Node, rewrite, type Template, walk } from './itanium-nodes.ts';
import { fullShortcuts, named, shortcuts, template } from './itanium-tables.ts';
import { isDigit, isUpper, Reader } from './itanium-reader.ts';

export abstract class TemplateReader extends Reader {
  protected abstract constraint(): Node;
  protected abstract tagged(name: Node): Node;
  protected abstract name(): [Node, boolean];
  protected abstract type(isCast: boolean): Node;
  protected abstract parameterTypes(explicitThis: boolean): Node[];
  protected abstract expression(): Node;
  protected abstract literal(): Node;

  protected templateParam(): Node {
    const start = this.at;
    this.expect('T');
    const level = this.accept('L') ? this.compactNumber() : 0;
    const index = this.compactNumber();
    if (this.inConstraint) return named(this.text.slice(start, this.at - 1));
    // The parameters of a generic lambda look like those of a template.
    const lambda = this.lambdaLevel > 0 && level === this.lambdaLevel - 1;
    if (level >= this.templates.length) return lambda ? { kind: 'lambdaAuto', index } : this.fail();
    const around = this.templates[level];
    if (around !== undefined && index >= around.list.length) {
      return lambda ? { kind: 'lambdaAuto', index } : this.fail();
    }
    return { kind: 'templateParam', index, template: around };
  }

  /** Gives the parameters in `node` that still have none the template they refer to. */
  protected setTemplate(node: Node, around: Template | undefined): void {
    const seen = new Set<Node>();
    walk(node, (part) => {
      if (part.kind === 'templateParam') {
        if (part.template !== undefined) {
          if (around !== undefined) this.fail();
          return false;
        }
        if (around === undefined || part.index >= around.list.length) this.fail();
        part.template = around;
        return false;
      }
      if (part.kind === 'closure' || seen.has(part)) return false;
      seen.add(part);
      return true;
    });
  }

  protected clearTemplates(list: readonly Node[]): void {
    for (const node of list) this.setTemplate(node, undefined);
  }

  protected templateArgs(): Node[] {
    this.at++;
    const list: Node[] = [];
    while (!this.accept('E')) {
      list.push(this.templateArg(list));
      if (this.peek() === 'Q') {
        this.constraint();
        if (this.peek() !== 'E') this.fail();
      }
    }
    return list;
  }

  protected templateArg(earlier: readonly Node[]): Node {
    switch (this.peek()) {
      case '':
        return this.fail();
      case 'X': {
        this.at++;
        const node = this.expression();
        this.expect('E');
        return node;
      }
      case 'L':
        return this.literal();
      case 'I':
      case 'J':
        return { kind: 'pack', list: this.templateArgs() };
      case 'T':
        if ('yntpk'.includes(this.peek(1) || '?')) {
          // Such a parameter refers to the arguments before it.
          this.templates.push({ kind: 'template', name: named(''), list: [...earlier] });
          const declared = this.paramDeclaration();
          this.templates.pop();
          if (declared === undefined) this.fail();
          return { kind: 'paramArg', param: declared[0], arg: this.templateArg([]) };
        }
        return this.type(false);
      default:
        return this.type(false);
    }
  }

  protected closure(): Closure {
    this.expect('Ul');
    const heldLevel = this.lambdaLevel;
    this.lambdaLevel = this.templates.length + 1;
    const templateArgs: Node[] = [];
    let own: Template | undefined;
    while (this.peek() === 'T') {
      const declared = this.paramDeclaration();
      if (declared === undefined) break;
      templateArgs.push(declared[0]);
      if (own === undefined) {
        own = template(named('lambda'));
        this.templates.push(own);
      }
      own.list.push(declared[1]);
    }
    const templateConstraint = this.peek() === 'Q' ? this.constraint() : undefined;
    const list = this.parameterTypes(false);
    this.lambdaLevel = heldLevel;
    if (own !== undefined) this.templates.pop();
    const callConstraint = this.peek() === 'Q' ? this.constraint() : undefined;
    this.expect('E');
    const index = this.compactNumber();
    return { kind: 'closure', templateArgs, templateConstraint, list, callConstraint, index };
  }

  /** The declaration of a template parameter and what refers to it; undefined where there is none. */
  protected paramDeclaration(): [declaration: Node, reference: Node] | undefined {
    const code = this.text.slice(this.at, this.at + 2);
    switch (code) {
      case 'Ty': {
        this.at += 2;
        const name: Node = { kind: 'paramName', prefix: '$T', index: this.typeParams++ };
        return [{ kind: 'typeParam', name }, name];
      }
      case 'Tk': {
        const held = this.inConstraint;
        this.inConstraint = true;
        this.at += 2;
        const [constraint] = this.name();
        const name: Node = { kind: 'paramName', prefix: '$T', index: this.typeParams++ };
        this.inConstraint = held;
        return [{ kind: 'constrainedParam', name, constraint }, name];
      }
      case 'Tn': {
        this.at += 2;
        const name: Node = { kind: 'paramName', prefix: '$N', index: this.valueParams++ };
        return [{ kind: 'valueParam', name, type: this.type(false) }, name];
      }
      case 'Tt': {
        this.at += 2;
        const name: Node = { kind: 'paramName', prefix: '$TT', index: this.templateParams++ };
        const list: Node[] = [];
        let own: Template | undefined;
        let constraint: Node | undefined;
        while (!this.accept('E')) {
          const declared = this.paramDeclaration() ?? this.fail();
          list.push(declared[0]);
          if (own === undefined) {
            own = template(named('template_template'));
            this.templates.push(own);
          }
          own.list.push(declared[1]);
          if (this.peek() === 'Q') {
            constraint = this.constraint();
            if (this.peek() !== 'E') this.fail();
          }
        }
        if (own !== undefined) this.templates.pop();
        return [{ kind: 'templateParams', name, list, constraint }, name];
      }
      case 'Tp': {
        this.at += 2;
        const declared = this.paramDeclaration() ?? this.fail();
        return [{ kind: 'paramPack', param: declared[0] }, declared[1]];
      }
      default:
        return undefined;
    }
  }

  protected unnamedType(): Node {
    this.expect('Ut');
    const node: Node = { kind: 'unnamed', index: this.compactNumber() };
    this.substitutions.push(node);
    return node;
  }

  protected substitution(inPrefix: boolean): Node {
    this.expect('S');
    const c = this.peek();
    if (c === '_' || isDigit(c) || isUpper(c)) {
      const found = this.substitutions[this.sequenceId(false)] ?? this.fail();
      return this.retarget(found);
    }
    if (c === '') this.fail();
    this.at++;
    // A constructor or destructor of such a class goes by its long name.
    const long = inPrefix && (this.peek() === 'C' || this.peek() === 'D');
    const table = long ? fullShortcuts : shortcuts;
    let node = Object.hasOwn(table, c) ? (table[c] as Node) : this.fail();
    if (this.peek() === 'B') {
      node = this.tagged(node);
      this.substitutions.push(node);
    }
    return node;
  }

  /** A substitution whose template parameters refer to the template that is in scope here, not where it was made. */
  protected retarget(found: Node): Node {
    const templates = [...this.templates];
    const levels: number[] = [];
    const seen = new Set<Node>();
    const skip = (node: Node): boolean => {
      switch (node.kind) {
        case 'typed':
          if (node.name.kind === 'template') {
            templates.push(node.name);
            levels.push(this.lambdaLevel);
            this.lambdaLevel = 0;
          }
          return false;
        case 'closure':
          levels.push(this.lambdaLevel);
          this.lambdaLevel = templates.length + 1;
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
            this.lambdaLevel = levels.pop() ?? 0;
          }
          return undefined;
        case 'closure':
          this.lambdaLevel = levels.pop() ?? 0;
          return undefined;
        case 'templateParam':
        case 'lambdaAuto':
          break;
        default:
          return undefined;
      }
      const { index } = node;
      if (this.inConstraint) return named(`T${index}`);
      if (this.lambdaLevel > 0) return node.kind === 'lambdaAuto' ? undefined : { kind: 'lambdaAuto', index };
      let around: Template | undefined;
      if (templates.length > 0) {
        around = templates.at(-1);
        // Within the type of a cast operator the template is not known yet.
        if (around === undefined) return { kind: 'templateParam', index, template: undefined };
      } else if (found.kind === 'template') around = found;
      if (around === undefined || index >= around.list.length) this.fail();
      return { kind: 'templateParam', index, template: around };
    };
    return rewrite(found, replace, skip) ?? found;
  }
}
