// Notes on promises that nobody else can see: a private field put on an object that already exists.

class Returns {
  constructor(target: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is what lets a subclass put its private field on any object
    return target;
  }
}

/**
 * Puts one value on any object. Unlike a symbol it shows neither in `Object.getOwnPropertySymbols` nor in `util.inspect`,
 * unlike a WeakMap it costs no table, and a look-up of an object without it is one check of the hidden class.
 */
export class Stamp<T extends object> extends Returns {
  #value: T;

  private constructor(target: object, value: T) {
    super(target);
    this.#value = value;
  }

  /** The value on `target`, or undefined. */
  static get(target: object): object | undefined {
    return #value in target ? (target as Stamp<object>).#value : undefined;
  }

  /** Puts a value on `target`, which must not carry one yet. */
  static put(target: object, value: object): void {
    // The constructor's effect is the point.
    new Stamp(target, value);
  }

  /** Puts another value on `target`, where it carries one. */
  static replace(target: object, value: object): void {
    if (#value in target) (target as Stamp<object>).#value = value;
  }
}
