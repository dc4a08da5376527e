// Reads the names of what compilers make: tables, thunks, guards.
// Source of the grammar: https://itanium-cxx-abi.github.io/cxx-abi/abi.html#mangling
// Upstream: ianlancetaylor/demangle demangle.go, 2025-04-17
import type { Node } from './itanium-nodes.ts';
import { named } from './itanium-tables.ts';
import { ExpressionReader } from './itanium-expressions.ts';

export abstract class SpecialReader extends ExpressionReader {
  protected abstract moduleName(parent: Node | undefined): Node | undefined;

  protected javaResource(): Node {
    const length = this.number() - 1;
    if (length < 1) this.fail();
    this.expect('_');
    const text = this.text.slice(this.at, this.at + length);
    if (text.length < length) this.fail();
    this.at += length;
    const plain = text.replace(/\$([\s\S]?)/g, (_, code: string) => {
      const meant = { S: '/', _: '.', $: '$' }[code];
      return meant ?? this.fail();
    });
    return { kind: 'special', text: 'java resource ', base: named(plain) };
  }

  protected specialName(): Node {
    const special = (text: string, base: Node): Node => ({ kind: 'special', text, base });
    const code = this.text.slice(this.at, this.at + 2);
    this.at += 2;
    switch (code) {
      case 'TV':
        return special('vtable for ', this.type(false));
      case 'TT':
        return special('VTT for ', this.type(false));
      case 'TI':
        return special('typeinfo for ', this.type(false));
      case 'TS':
        return special('typeinfo name for ', this.type(false));
      case 'TA':
        return special('template parameter object for ', this.templateArg([]));
      case 'Th':
        this.callOffset('h');
        return special('non-virtual thunk to ', this.encoding(true, false));
      case 'Tv':
        this.callOffset('v');
        return special('virtual thunk to ', this.encoding(true, false));
      case 'Tc':
        this.callOffset();
        this.callOffset();
        return special('covariant return thunk to ', this.encoding(true, false));
      case 'TC': {
        const derived = this.type(false);
        if (this.number() < 0) this.fail();
        this.expect('_');
        const base = this.type(false);
        return { kind: 'special2', text: 'construction vtable for ', base, middle: '-in-', other: derived };
      }
      case 'TF':
        return special('typeinfo fn for ', this.type(false));
      case 'TJ':
        return special('java Class for ', this.type(false));
      case 'TH':
        return special('TLS init function for ', this.name()[0]);
      case 'TW':
        return special('TLS wrapper function for ', this.name()[0]);
      case 'GV':
        return special('guard variable for ', this.name()[0]);
      case 'GR': {
        const [name] = this.name();
        this.sequenceId(true);
        return special('reference temporary for ', name);
      }
      case 'GA':
        return special('hidden alias for ', this.encoding(true, false));
      case 'GT': {
        if (this.ended) this.fail();
        const kind = this.peek();
        this.at++;
        return special(
          kind === 'n' ? 'non-transaction clone for ' : 'transaction clone for ',
          this.encoding(true, false),
        );
      }
      case 'Gr':
        return this.javaResource();
      case 'GI':
        return special('initializer for module ', this.moduleName(undefined) ?? this.fail());
      default:
        return this.fail();
    }
  }

  protected callOffset(known = ''): void {
    let kind = known;
    if (kind === '') {
      kind = this.peek();
      this.at++;
    }
    if (kind !== 'h' && kind !== 'v') this.fail();
    this.number();
    if (kind === 'v') {
      this.expect('_');
      this.number();
    }
    this.expect('_');
  }
}
