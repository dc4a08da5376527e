// Leaks that show as library frames only, known by name, with what to do about them.
import type { LeakPattern, StackFrame } from './verdict.ts';

interface Rule {
  readonly pattern: LeakPattern;
  /** Whether the stack (leaf first) is one of the pattern's. */
  readonly is: (names: readonly string[]) => boolean;
  /** Stacks that appear beside those, and belong to whichever pattern has `is` stacks in the same number. */
  readonly beside?: (names: readonly string[]) => boolean;
}

const readLoop = 'net/http.(*persistConn).readLoop';
const writeLoop = 'net/http.(*persistConn).writeLoop';

/** First frame that is not the runtime's parking. */
function top(names: readonly string[]): string {
  for (const name of names) {
    if (!name.startsWith('runtime.') && !name.startsWith('internal/runtime/')) return name;
  }
  return '';
}

const rules: readonly Rule[] = [
  {
    // readLoop hands the response out and then selects until its body is read to the end or closed.
    pattern: {
      id: 'http-body-unclosed',
      text: 'an HTTP response body that is never closed',
      advice:
        'Close every response: `defer resp.Body.Close()` right after the error check, also where the body is not read.',
    },
    is: (names) => top(names) === readLoop,
    beside: (names) => top(names) === writeLoop,
  },
  {
    pattern: {
      id: 'http-idle-connections',
      text: 'idle HTTP connections that nobody uses again',
      advice:
        'Share one http.Client (and its Transport) instead of making one per call, or call CloseIdleConnections.',
    },
    is: (names) => names.includes(readLoop) && top(names) !== readLoop,
    beside: (names) => top(names) === writeLoop,
  },
  {
    pattern: {
      id: 'sql-db-unclosed',
      text: 'a database handle that is opened again and again and never closed',
      advice: 'Open one sql.DB for the whole program; it is a pool, not a connection.',
    },
    is: (names) => names.includes('database/sql.(*DB).connectionOpener'),
  },
  {
    pattern: {
      id: 'grpc-client-unclosed',
      text: 'gRPC client connections that are never closed',
      advice: 'Dial once and share the ClientConn, or Close it when done.',
    },
    is: (names) =>
      names.some(
        (name) =>
          name.startsWith('google.golang.org/grpc/internal/transport.(*http2Client).') ||
          name.startsWith('google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run'),
      ),
    beside: (names) =>
      names.some((name) => name.startsWith('google.golang.org/grpc/internal/transport.(*loopyWriter)')),
  },
  {
    pattern: {
      id: 'context-uncancelled',
      text: 'a derived context that is never cancelled',
      advice: 'Call the cancel function that WithCancel or WithTimeout returned: `defer cancel()`.',
    },
    is: (names) => /^context\.(?:\(\*cancelCtx\)\.)?propagateCancel\.func/u.test(top(names)),
  },
  {
    pattern: {
      id: 'child-unwaited',
      text: 'a child process whose output or end nobody waits for',
      advice: 'Call Wait on every started command, and give it a context that ends it.',
    },
    is: (names) =>
      names.some((name) => /^os\/exec\.\(\*Cmd\)\.(?:Start|watchCtx|writerDescriptor)/u.test(name)),
  },
];

/**
 * The pattern of a stack without the user's own frames (leaf first), or null.
 *
 * @param grows Tells whether a pattern has grown by its own stacks; it decides to whom a stack belongs that several patterns share.
 */
export function patternOf(stack: readonly StackFrame[], grows: (id: string) => boolean): LeakPattern | null {
  const names = stack.map((frame) => frame.name);
  for (const rule of rules) if (rule.is(names)) return rule.pattern;
  const shared = rules.filter((rule) => rule.beside?.(names) === true);
  return (shared.find((rule) => grows(rule.pattern.id)) ?? shared[0])?.pattern ?? null;
}
