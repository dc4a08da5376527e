// A selector of labels as Prometheus writes it: `{service_name="shop",pod=~"a-.*",env!="test"}`.
import { createContext, Script } from 'node:vm';
import { MonitorError } from '../errors.ts';

export type Matcher = (labels: Readonly<Record<string, string>>) => boolean;

const PAIR = /\s*([A-Za-z_][\w.]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*")\s*(?:,|$)/uy;
const MOST = 4096;
/** How long one expression may take for one value: those of a person take microseconds, and this thread has scrapes to look after. */
const MOST_MS = 50;

/** V8 ends a script after a time, also while it is within a pattern. */
const timed = new Script('expression.test(value)');
const place: { expression: RegExp; value: string } = { expression: /^/u, value: '' };
createContext(place);

/** Tells whether a value is meant; each value is asked about once. */
function matching(expression: RegExp): (value: string) => boolean {
  const known = new Map<string, boolean>();
  return (value) => {
    let found = known.get(value);
    if (found === undefined) {
      Object.assign(place, { expression, value });
      try {
        found = timed.runInContext(place, { timeout: MOST_MS }) === true;
      } catch (error) {
        const shown = expression.source.slice(4, 64);
        throw new MonitorError('MONITOR_REQUEST', `${shown} takes too long`, { cause: error });
      }
      known.set(value, found);
    }
    return found;
  };
}

function wholeExpression(text: string): RegExp {
  try {
    return new RegExp(`^(?:${text.replaceAll('(?P<', '(?<')})$`, 'su');
  } catch (error) {
    throw new MonitorError('MONITOR_REQUEST', `${text.slice(0, 60)} is no regular expression`, {
      cause: error,
    });
  }
}

/** @throws MonitorError `MONITOR_REQUEST` */
export function parseSelector(text: string): Matcher {
  const inner = text
    .trim()
    .replace(/^\{(.*)\}$/su, '$1')
    .trim();
  if (inner.length > MOST) throw new MonitorError('MONITOR_REQUEST', 'the selector is too long');
  const tests: Matcher[] = [];
  for (PAIR.lastIndex = 0; PAIR.lastIndex < inner.length; ) {
    const at = PAIR.lastIndex;
    const match = PAIR.exec(inner);
    if (match === null)
      throw new MonitorError('MONITOR_REQUEST', `the selector makes no sense at ${inner.slice(at, at + 30)}`);
    const [, name = '', operator = '', quoted = ''] = match;
    const wanted = quoted.slice(1, -1).replaceAll(/\\(.)/gu, '$1');
    // What a backslash stands before in an expression is meant for the expression.
    const expression = operator.endsWith('~')
      ? matching(wholeExpression(quoted.slice(1, -1).replaceAll('\\\\', '\\')))
      : null;
    const isNot = operator.startsWith('!');
    tests.push((labels) => {
      const value = Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';
      return (expression === null ? value === wanted : expression(value)) !== isNot;
    });
  }
  return (labels) => tests.every((one) => one(labels));
}
