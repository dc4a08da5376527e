// The arguments of a tool: what each may be, as the schema that a client is shown and as the check that refuses the rest.
import { safeText } from '@stackpile/profile';
import { compilePattern } from '@stackpile/report';
import { didYouMean } from '../closest.ts';
import { RefusedCall } from './refusal.ts';

/** Longer patterns and names are nobody's. */
const LONGEST = 500;
/** Sources that one call may name. */
const MOST_NAMES = 500;

/** One argument. */
export type Parameter = { readonly description: string; readonly required?: boolean } & (
  | { readonly type: 'source' | 'pattern' | 'word' }
  | { readonly type: 'sources' }
  | { readonly type: 'flag' }
  | { readonly type: 'integer'; readonly least: number; readonly most: number }
);

/** The arguments of one tool, by name. */
export type Parameters = Readonly<Record<string, Parameter>>;

/** What a client sends as the arguments of a tool. */
export type Sent = Readonly<Record<string, unknown>>;

/** The JSON Schema of some arguments. */
export interface Schema {
  readonly [key: string]: unknown;
  readonly type: 'object';
  readonly properties: Record<string, object>;
  readonly required: string[];
  readonly additionalProperties: false;
}

function schemaOfOne(parameter: Parameter): object {
  const { description } = parameter;
  switch (parameter.type) {
    case 'source':
    case 'word':
    case 'pattern':
      return { type: 'string', minLength: 1, maxLength: LONGEST, description };
    case 'sources':
      return {
        type: 'array',
        items: { type: 'string', minLength: 1, maxLength: LONGEST },
        minItems: 1,
        maxItems: MOST_NAMES,
        description,
      };
    case 'flag':
      return { type: 'boolean', description };
    case 'integer':
      return { type: 'integer', minimum: parameter.least, maximum: parameter.most, description };
  }
}

/** The JSON Schema of the arguments of a tool. */
export function schemaOf(parameters: Parameters): Schema {
  const entries = Object.entries(parameters);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, one]) => [name, schemaOfOne(one)])),
    required: entries.filter(([, { required }]) => required === true).map(([name]) => name),
    additionalProperties: false,
  };
}

/** A word of the client's, fit for a sentence. */
export function quoted(text: string): string {
  return JSON.stringify(safeText(text, 80));
}

/** Arguments that were checked against what a tool takes. */
export class Arguments {
  readonly #sent: Sent;

  /** @throws RefusedCall for what the tool does not take, and for what it takes and has a wrong form */
  constructor(tool: string, parameters: Parameters, sent: Sent) {
    this.#sent = sent;
    for (const name of Object.keys(sent)) {
      if (Object.hasOwn(parameters, name)) continue;
      const known = Object.keys(parameters);
      const meant = didYouMean(name, known);
      const takes = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`;
      throw new RefusedCall(`${tool}: no argument ${quoted(name)}; ${meant === '' ? takes : meant}`);
    }
    for (const [name, parameter] of Object.entries(parameters)) {
      const value = sent[name];
      if (value === undefined) {
        if (parameter.required === true) throw new RefusedCall(`${tool}: the argument ${name} is missing`);
        continue;
      }
      const wrong = problemOf(parameter, value);
      if (wrong !== '') throw new RefusedCall(`${tool}: ${name} ${wrong}`);
    }
  }

  /** A text; '' where it was not given. */
  text(name: string): string {
    const value = this.#sent[name];
    return typeof value === 'string' ? value : '';
  }

  texts(name: string): readonly string[] {
    const value = this.#sent[name];
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  }

  number(name: string, otherwise: number): number {
    const value = this.#sent[name];
    return typeof value === 'number' ? value : otherwise;
  }

  flag(name: string): boolean {
    return this.#sent[name] === true;
  }
}

/** What is wrong with a value, as the end of a sentence; '' where nothing is. */
function problemOf(parameter: Parameter, value: unknown): string {
  switch (parameter.type) {
    case 'source':
    case 'word':
      return isText(value) ? '' : `has to be a text of 1 to ${LONGEST} characters`;
    case 'pattern': {
      if (!isText(value)) return `has to be a regular expression of 1 to ${LONGEST} characters`;
      // By the engine of the reports, in time proportional to the text: no pattern stalls it.
      const compiled = compilePattern(value);
      return typeof compiled === 'string' ? `is no regular expression: ${safeText(compiled, 200)}` : '';
    }
    case 'sources':
      return Array.isArray(value) && value.length > 0 && value.length <= MOST_NAMES && value.every(isText)
        ? ''
        : `has to be a list of 1 to ${MOST_NAMES} names of sources`;
    case 'flag':
      return typeof value === 'boolean' ? '' : 'has to be true or false';
    case 'integer': {
      const { least, most } = parameter;
      const fits = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
      return fits ? '' : `has to be a whole number from ${least} to ${most}`;
    }
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= LONGEST;
}
