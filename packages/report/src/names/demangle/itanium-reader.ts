// What all productions of the grammar of C++ names share: the text, and what may be referred back to.
// Upstream: ianlancetaylor/demangle demangle.go, 2025-04-17
import type { Node, Template } from './itanium-nodes.ts';

/** Not a mangled name, or one that breaks the grammar. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

export const isDigit = (c: string): boolean => c >= '0' && c <= '9' && c.length === 1;
export const isUpper = (c: string): boolean => c >= 'A' && c <= 'Z' && c.length === 1;
export const isLower = (c: string): boolean => c >= 'a' && c <= 'z' && c.length === 1;

export abstract class Reader {
  protected readonly text: string;
  protected at = 0;
  protected substitutions: Node[] = [];
  /** Templates whose arguments are in scope; undefined while the type of a cast operator is read. */
  protected templates: (Template | undefined)[] = [];
  /** How many templates were in scope where the lambda being read began, plus 1; 0 outside of lambdas. */
  protected lambdaLevel = 0;
  protected inConstraint = false;
  protected typeParams = 0;
  protected valueParams = 0;
  protected templateParams = 0;

  constructor(text: string) {
    this.text = text;
  }

  protected peek(ahead = 0): string {
    return this.text.charAt(this.at + ahead);
  }

  protected starts(prefix: string): boolean {
    return this.text.startsWith(prefix, this.at);
  }

  protected accept(prefix: string): boolean {
    if (!this.starts(prefix)) return false;
    this.at += prefix.length;
    return true;
  }

  protected expect(prefix: string): void {
    if (!this.accept(prefix)) throw new Malformed(`expected ${prefix} at ${this.at}`);
  }

  protected fail(): never {
    throw new Malformed(`unexpected at ${this.at}`);
  }

  protected get ended(): boolean {
    return this.at >= this.text.length;
  }

  protected number(): number {
    const negative = this.accept('n');
    if (!isDigit(this.peek())) this.fail();
    let value = 0;
    while (isDigit(this.peek())) {
      if (value >= 0x80000000 / 10 - 10) this.fail();
      value = value * 10 + Number(this.peek());
      this.at++;
    }
    return negative ? -value : value;
  }

  protected sequenceId(endOk: boolean): number {
    if (this.accept('_')) return 0;
    let id = 0;
    for (;;) {
      if (this.ended) return endOk ? id + 1 : this.fail();
      if (id >= 0x80000000 / 36 - 36) this.fail();
      const c = this.peek();
      if (c !== '_' && !isDigit(c) && !isUpper(c)) this.fail();
      this.at++;
      if (c === '_') return id + 1;
      id = id * 36 + Number.parseInt(c, 36);
    }
  }

  protected compactNumber(): number {
    if (this.accept('_')) return 0;
    if (this.peek() === 'n') this.fail();
    const value = this.number();
    this.expect('_');
    return value + 1;
  }
}
