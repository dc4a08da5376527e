// Functions of Node's that a watch stands in for while tests run, and puts back as they were.

type Method = (this: unknown, ...args: never[]) => unknown;

interface Replaced {
  readonly target: object;
  readonly name: string;
  readonly before: PropertyDescriptor;
  readonly put: Method;
}

/** What was replaced, to be undone together. */
export class Patch {
  #replaced: Replaced[] = [];

  /** Puts what `make` makes of the method `name` of `target` in its place. One that is not there, or may not be changed, stays as it is. */
  replace(target: object, name: string, make: (method: Method) => Method): void {
    const before = Object.getOwnPropertyDescriptor(target, name);
    const value: unknown = before?.value;
    if (before === undefined || before.configurable !== true || typeof value !== 'function') return;
    const method = value as Method;
    const put = make(method);
    // Whoever looks at it sees what was there: names, and what `util.promisify` goes by.
    Object.defineProperties(put, Object.getOwnPropertyDescriptors(method));
    Object.defineProperty(target, name, { ...before, value: put });
    this.#replaced.push({ target, name, before, put });
  }

  /** Has `hear` told what the class `name` of `target` makes; to whoever looks it is the same class. */
  construct(target: object, name: string, hear: (made: object) => void): void {
    const before = Object.getOwnPropertyDescriptor(target, name);
    // Of a global class Node has made a getter until somebody asks for it.
    const made: unknown = Reflect.get(target, name);
    if (before?.configurable !== true || typeof made !== 'function') return;
    const put = new Proxy(made as Method, {
      construct: (of, args, as) => {
        const one = Reflect.construct(of, args, as) as object;
        hear(one);
        return one;
      },
    });
    const { prototype } = made as { readonly prototype: object };
    const shown = Object.getOwnPropertyDescriptor(prototype, 'constructor');
    if (shown?.configurable !== true) return;
    const { enumerable = false } = before;
    Object.defineProperty(target, name, { value: put, enumerable, configurable: true, writable: true });
    Object.defineProperty(prototype, 'constructor', { ...shown, value: put });
    this.#replaced.push({ target, name, before, put });
    this.#replaced.push({ target: prototype, name: 'constructor', before: shown, put });
  }

  /** Has `hear` told what the getter `name` of `target` answers, and whom it was asked of. */
  overhear(target: object, name: string, hear: (answer: unknown, of: object) => void): void {
    const before = Object.getOwnPropertyDescriptor(target, name);
    if (before?.configurable !== true || before.get === undefined) return;
    // oxlint-disable-next-line typescript/unbound-method -- it is called on what it is asked of
    const get = before.get as Method;
    const put = function stackpileGet(this: unknown): unknown {
      const answer: unknown = get.call(this);
      hear(answer, this as object);
      return answer;
    };
    Object.defineProperty(target, name, { ...before, get: put });
    this.#replaced.push({ target, name, before, put });
  }

  /** Puts back what nobody has replaced since. */
  undo(): void {
    for (const { target, name, before, put } of this.#replaced.reverse()) {
      const now = Object.getOwnPropertyDescriptor(target, name);
      if (now?.value === put || now?.get === put) Object.defineProperty(target, name, before);
    }
    this.#replaced = [];
  }
}
