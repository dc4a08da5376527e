// What to do about the commonest leaks, in the idiom of the language: known by what waits, what is open, and what holds it.
import { languageOf } from '@stackpile/profile';
import type { LeakPattern, StackFrame } from './verdict.ts';

/** What is known of a finding where advice is looked for. */
export interface AdviceCase {
  /** Leaf first. */
  readonly stack: readonly StackFrame[];
  readonly culprit: StackFrame | null;
  readonly pattern: LeakPattern | null;
  readonly createdBy: string;
  readonly state: string;
  readonly handle: boolean;
  readonly heldBy: string;
  /** Sample type: `goroutine`, `handles`, `closures`, `inuse_space`, … */
  readonly measure: string;
  readonly bytes: boolean;
  /** It grows in number while none of it stays. */
  readonly backlog: boolean;
}

interface AdviceRule {
  /** Stable: a name for the pattern. */
  readonly id: string;
  readonly language: 'go' | 'node';
  readonly is: (one: AdviceCase) => boolean;
  readonly advice: string;
}

function hasName({ stack }: AdviceCase, pattern: RegExp): boolean {
  return stack.some(({ name }) => pattern.test(name));
}

function hasFile({ stack }: AdviceCase, pattern: RegExp): boolean {
  return stack.some(({ file }) => pattern.test(file));
}

const timerStates = /^(?:Timeout|Immediate|timeout|interval|timer)$/u;
const socketStates = /^(?:socket|pipe|TCPSocketWrap|TLSSocket|TCPWRAP|TLSWRAP|PIPEWRAP|http2 session)$/u;

/** Nearest first: the first that fits is told. */
const adviceRules: readonly AdviceRule[] = [
  {
    id: 'sql-rows-unclosed',
    language: 'go',
    is: (one) =>
      hasName(one, /^database\/sql\.\(\*(?:Rows|Tx|DB)\)\.(?:awaitDone|conn)\b|^database\/sql\.\(\*Rows\)/u),
    advice:
      'Close every Rows: `defer rows.Close()` right after the error check of Query, and finish every Tx with `defer tx.Rollback()`; an unclosed one keeps its connection.',
  },
  {
    id: 'pubsub-unclosed',
    language: 'go',
    is: (one) =>
      hasName(
        one,
        /go-redis\/.*\(\*(?:PubSub|channel)\)|\/pubsub.*\.Subscribe|nats\.go\.\(\*(?:Subscription|Conn)\)/u,
      ),
    advice:
      'Close the subscription when its reader is done: `defer ps.Close()`; cancelling the context alone does not wake a read that is under way.',
  },
  {
    id: 'unbuffered-send',
    language: 'go',
    is: (one) => one.state === 'chan send' || hasName(one, /^runtime\.chansend1?$/u),
    advice:
      'Nobody receives any more: after a timeout the sender waits for ever. Make the channel buffered (`make(chan T, 1)`), or send in a select with `case <-ctx.Done()`.',
  },
  {
    id: 'http-body-unread',
    language: 'go',
    is: (one) => hasName(one, /^net\/http\.\(\*persistConn\)\.readLoop$/u),
    advice:
      'Close every response: `defer resp.Body.Close()` right after the error check, also where the body is not read.',
  },
  {
    id: 'ticker-unstopped',
    language: 'go',
    is: (one) => hasName(one, /^time\.(?:NewTicker|Tick|NewTimer|AfterFunc)$/u),
    advice: 'Stop what was started: `defer ticker.Stop()`, and leave the loop on `<-ctx.Done()`.',
  },
  {
    id: 'backlog',
    language: 'go',
    is: ({ backlog, bytes }) => backlog && !bytes,
    advice:
      'More arrives than is worked off: bound it (a semaphore, `errgroup.SetLimit`, a full channel that refuses) instead of starting a goroutine for each.',
  },
  {
    id: 'lock-kept',
    language: 'go',
    is: ({ state }) => /^sync\.(?:RW)?Mutex\./u.test(state),
    advice:
      'Some way out of the function that holds the lock does not give it back: `defer mu.Unlock()` right after Lock.',
  },
  {
    id: 'cache-unbounded',
    language: 'go',
    is: ({ bytes }) => bytes,
    advice:
      'Something keeps what is allocated here: bound the map or cache (an LRU, a time to live, `delete` when the owner ends), and look at what refers to it.',
  },
  {
    id: 'blocked',
    language: 'go',
    is: ({ bytes }) => !bytes,
    advice:
      'Give what it waits for an end: pass it a context, return when that is done, and close what it opened.',
  },
  {
    id: 'body-unread',
    language: 'node',
    is: (one) =>
      hasFile(
        one,
        /[/\\]undici[/\\]|node:internal\/deps\/undici|node:_http_client|[/\\](?:axios|node-fetch|got)[/\\]/u,
      ) &&
      (one.handle || one.bytes),
    advice:
      'Read every answer to its end, or give it up: `await response.body?.cancel()` (fetch), `await body.dump()` (undici), `res.resume()` (http). An unread body keeps its socket and buffers.',
  },
  {
    id: 'client-duplicated',
    language: 'node',
    is: (one) =>
      hasFile(one, /[/\\](?:ioredis|redis|@redis|pg|mysql2|mongodb|amqplib|kafkajs|nats)[/\\]/u) &&
      one.handle,
    advice:
      'Make one client for the whole program, or end each: `try { … } finally { await client.quit() }` (`disconnect`, `end`, `release`).',
  },
  {
    id: 'agent-per-call',
    language: 'node',
    is: (one) => hasFile(one, /node:_http_agent|[/\\]agent(?:keepalive|-base)[/\\]/u) && one.handle,
    advice:
      'Share one Agent: make it once at the top of the module; a new one per call keeps its own idle sockets.',
  },
  {
    id: 'stream-without-pipeline',
    language: 'node',
    is: (one) => hasFile(one, /node:internal\/fs\/streams|node:(?:internal\/streams|zlib|stream)/u),
    advice:
      'Use `pipeline(source, target)` of node:stream/promises: `pipe` does not destroy the source when the target goes away.',
  },
  {
    id: 'interval-uncleared',
    language: 'node',
    is: ({ state, heldBy }) => /^interval$/u.test(state) || /\binterval\b/iu.test(heldBy),
    advice:
      'Keep what setInterval returns and `clearInterval` it when the request, the socket or the job is over.',
  },
  {
    id: 'timer-of-lost-race',
    language: 'node',
    is: ({ state, handle }) => handle && timerStates.test(state),
    advice:
      'Clear the timer when what it guards is over: `clearTimeout` in a finally, or `setTimeout(ms, value, { signal })` of node:timers/promises.',
  },
  {
    id: 'listener-on-signal',
    language: 'node',
    is: ({ heldBy }) => /abort|AbortSignal|EventTarget|SIG[A-Z]+/u.test(heldBy),
    advice:
      'Add listeners of long-lived signals with `{ once: true, signal: own }` and remove them when the work is done; `AbortSignal.any([a, b])` does it by itself.',
  },
  {
    id: 'listener-per-request',
    language: 'node',
    is: ({ heldBy, measure }) => /listener|_events|EventEmitter/u.test(heldBy) || measure === 'closures',
    advice:
      'What is made per request is kept for ever: remove each listener when its owner goes (`emitter.off`, `once`, `{ signal }`), delete each callback from its map.',
  },
  {
    id: 'promise-race',
    language: 'node',
    is: (one) => hasName(one, /(?:Promise\.)?race\b/u) || /PromiseReaction|race/u.test(one.heldBy),
    advice:
      'Every race leaves a reaction on a promise that never settles: race against one that is made for the call, or check an AbortSignal instead.',
  },
  {
    id: 'socket-unclosed',
    language: 'node',
    is: ({ handle, state }) => handle && socketStates.test(state),
    advice:
      'End what was opened: `socket.destroy()` in a finally, a timeout for idle ones, and one shared client instead of one per call.',
  },
  {
    id: 'cache-unbounded',
    language: 'node',
    is: ({ bytes, heldBy, measure }) =>
      bytes || measure === 'objects' || /\b(?:Map|Set|cache)\b/u.test(heldBy),
    advice:
      'Bound what keeps it: an LRU with `max`, a time to live, a WeakMap for what belongs to an object, `delete` when the owner ends; memoize needs a limit too.',
  },
  {
    id: 'backlog',
    language: 'node',
    is: ({ backlog }) => backlog,
    advice:
      'If it is no leak, more arrives than is worked off: bound it (p-limit, a queue that refuses, `highWaterMark`) instead of starting a task for each.',
  },
  {
    id: 'await-without-end',
    language: 'node',
    is: () => true,
    advice:
      'Give what it awaits an end: a timeout that rejects, an AbortSignal that is checked, and settle or delete every pending promise when its owner goes.',
  },
];

/** The id and the words of the advice on a finding. A known pattern of a library has its own, which is told first. */
export function adviceRuleFor(one: AdviceCase): { readonly id: string; readonly advice: string } {
  if (one.pattern !== null) return { id: one.pattern.id, advice: one.pattern.advice };
  const go = one.stack.some(({ file }) => languageOf(file) === 'go');
  const language = go ? 'go' : 'node';
  const rule = adviceRules.find((candidate) => candidate.language === language && candidate.is(one));
  return rule ?? { id: '', advice: '' };
}

/** What to do about a finding, one or two sentences. */
export function adviceFor(one: AdviceCase): string {
  return adviceRuleFor(one).advice;
}
