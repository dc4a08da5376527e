// Who may pass, as a user says it, as a worker can be told, and as the door asks.
import type { Auth, AuthFunction, AuthRequest } from '../options.ts';
import { basicPair, bearerToken } from './guard.ts';

/** What credentials are: a token, which may come as the password of Basic auth too, or a user's name and password. */
export type Scheme = 'bearer' | 'basic';

/** Who may pass, in a form that can be sent to another thread. */
export type PlainGate =
  | { readonly kind: 'none' }
  /** `known`: the tokens, or `user:password`. */
  | { readonly kind: 'credentials'; readonly scheme: Scheme; readonly known: readonly string[] }
  /** A function of the user's is asked. `scheme`: what a client is told to send, null where only that function knows. */
  | { readonly kind: 'ask'; readonly scheme: Scheme | null };

/** Asks a function of the user's. May reject: that is a no. `signal` is aborted when nobody waits for the answer any more. */
export type Ask = (request: AuthRequest, signal: AbortSignal) => Promise<boolean>;

/** Who may pass. */
export type Gate =
  | Exclude<PlainGate, { kind: 'ask' }>
  | (Extract<PlainGate, { kind: 'ask' }> & { readonly ask: Ask });

/** What a worker is told. */
export function plainGate(auth: Auth): PlainGate {
  if (auth === 'none') return { kind: 'none' };
  if (typeof auth === 'string') return { kind: 'credentials', scheme: 'bearer', known: [auth] };
  if (typeof auth === 'function') return { kind: 'ask', scheme: null };
  if ('verify' in auth) return { kind: 'ask', scheme: auth.kind };
  const known =
    auth.kind === 'bearer'
      ? auth.tokens
      : Object.entries(auth.users).map(([user, password]) => `${user}:${password}`);
  return { kind: 'credentials', scheme: auth.kind, known };
}

/** The function to be asked on the main thread; null where credentials are known. */
export function askOf(auth: Auth): AuthFunction | null {
  if (typeof auth === 'function') return auth;
  if (typeof auth === 'string' || !('verify' in auth)) return null;
  if (auth.kind === 'bearer') {
    return (request) => {
      const token = bearerToken(request.headers);
      return token !== null && auth.verify(token, request);
    };
  }
  return (request) => {
    const pair = basicPair(request.headers);
    return pair !== null && auth.verify(pair.user, pair.password, request);
  };
}

/** The gate of a door on the main thread. */
export function gateOf(auth: Auth): Gate {
  const plain = plainGate(auth);
  if (plain.kind !== 'ask') return plain;
  const ask = askOf(auth);
  return { ...plain, ask: async (request) => (await ask?.(request)) === true };
}
