// Checks of options, whatever JavaScript was written: each refuses with one sentence that names the option.
import { AgentError } from './errors.ts';
import { nearest } from './nearest.ts';

/** Returns where `value` may stand for the option `name`, else throws `AGENT_OPTIONS`. */
export type Check = (name: string, value: unknown) => void;

function kindOf(value: object): string {
  if (Array.isArray(value)) return 'an array';
  return isPlain(value)
    ? 'an object'
    : `a ${Object.prototype.toString.call(value).slice(8, 48).replace(']', '')}`;
}

/** A value as a message may show it: short, on one line. */
function shown(value: unknown): string {
  switch (typeof value) {
    case 'string': {
      const text = JSON.stringify(value);
      return text.length <= 60 ? text : `${JSON.stringify(value.slice(0, 40))}…`;
    }
    case 'object':
      return value === null ? 'null' : kindOf(value);
    case 'function':
    case 'symbol':
      return `a ${typeof value}`;
    case 'bigint':
      return 'a bigint';
    default:
      return String(value);
  }
}

/** Throws the sentence that says what an option is and what it should be. */
export function refuse(name: string, value: unknown, wanted: string): never {
  throw new AgentError('AGENT_OPTIONS', `option ${name} is ${shown(value)}, not ${wanted}`);
}

/** A number from `low` to `high`. */
export function number(low: number, high: number): Check {
  return (name, value) => {
    if (typeof value !== 'number' || !(value >= low && value <= high))
      refuse(name, value, `a number from ${low} to ${high}`);
  };
}

/** A whole number from `low` to `high`. */
export function whole(low: number, high: number): Check {
  return (name, value) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high)
      refuse(name, value, `a whole number from ${low} to ${high}`);
  };
}

/** `true` or `false`. */
export const flag: Check = (name, value) => {
  if (typeof value !== 'boolean') refuse(name, value, 'true or false');
};

/** One of some words. */
export function oneOf(...words: readonly string[]): Check {
  return (name, value) => {
    if (typeof value !== 'string' || !words.includes(value))
      refuse(name, value, words.map((word) => `'${word}'`).join(' or '));
  };
}

/** A text that `pattern` matches. */
export function text(pattern: RegExp, wanted: string): Check {
  return (name, value) => {
    if (typeof value !== 'string' || !pattern.test(value)) refuse(name, value, wanted);
  };
}

/** An array of what `check` lets pass. */
export function list(check: Check): Check {
  return (name, value) => {
    if (!Array.isArray(value)) refuse(name, value, 'an array');
    for (const [i, one] of value.entries()) check(`${name}[${i}]`, one);
  };
}

/** `true`, `false`, or an object of options. */
export function flagOrOptions(checks: Readonly<Record<string, Check>>): Check {
  return (name, value) => {
    if (typeof value === 'boolean') return;
    if (!isPlain(value)) refuse(name, value, 'true, false or an object of options');
    checkEach(value, checks, `${name}.`);
  };
}

/** An object of options. */
export function options(checks: Readonly<Record<string, Check>>): Check {
  return (name, value) => {
    if (!isPlain(value)) refuse(name, value, 'an object of options');
    checkEach(value, checks, `${name}.`);
  };
}

/** Whether a value is an object of options, and not an array, a promise, a map, … */
function isPlain(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}

function checkEach(options: object, checks: Readonly<Record<string, Check>>, path: string): void {
  for (const [key, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    if (check === undefined) {
      const known = Object.keys(checks);
      const meant = nearest(key, known);
      const advice =
        meant === null
          ? `there are ${known.map((one) => path + one).join(', ')}`
          : `did you mean ${path}${meant}?`;
      throw new AgentError('AGENT_OPTIONS', `there is no option ${shownName(path + key)}: ${advice}`);
    }
    if (value !== undefined) check(path + key, value);
  }
}

function shownName(name: string): string {
  return /^[\w.]{1,60}$/u.test(name) ? name : shown(name);
}

/** Checks the argument of `what`; an option that is `undefined` is as good as absent. */
export function checkOptions(what: string, options: unknown, checks: Readonly<Record<string, Check>>): void {
  if (options === undefined) return;
  if (isPlain(options)) return checkEach(options, checks, '');
  // Whoever passes a text most likely passes the token.
  const given = typeof options === 'string' ? 'a string' : shown(options);
  throw new AgentError('AGENT_OPTIONS', `${what} takes an object of options, not ${given}`);
}
