// bearer and basic: what may stand as the option `auth`, beside a token and a function of one's own.
import type { BasicAuth, BearerAuth, VerifyPassword, VerifyToken } from './options.ts';
import { AgentError } from './errors.ts';

function given<T>(what: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new AgentError('AGENT_AUTH_REQUIRED', `${what} was given undefined: a variable is not set?`);
}

/**
 * Lets in whoever carries a token, as `Authorization: Bearer TOKEN` or as the password of Basic auth.
 *
 * ```ts
 * await startServer({ host: '0.0.0.0', auth: bearer([process.env.PPROF_TOKEN, process.env.PPROF_TOKEN_BEFORE]) });
 * createHandler({ auth: bearer(async (token) => (await verifyJwt(token)).scope.includes('profiles')) });
 * ```
 *
 * @param tokens one, several (while one is being replaced; those that are undefined are left out), or a function that is asked
 * @throws {AgentError} `AGENT_AUTH_REQUIRED` where there is no token; what no request can carry is refused by whoever is given the result
 */
export function bearer(
  tokens: string | readonly (string | undefined)[] | VerifyToken | undefined,
): BearerAuth {
  const some = given('bearer', tokens);
  if (typeof some === 'function') return { kind: 'bearer', verify: some };
  if (typeof some === 'string') return { kind: 'bearer', tokens: [some] };
  const known = some.filter((token) => token !== undefined);
  if (known.length === 0) given('bearer', undefined);
  return { kind: 'bearer', tokens: known };
}

/**
 * Lets in whoever has a name and a password: a browser asks for them by itself.
 *
 * ```ts
 * await startServer({ host: '0.0.0.0', auth: basic({ ops: process.env.PPROF_PASSWORD }) });
 * ```
 *
 * @param users passwords by name, or a function that is asked
 * @throws {AgentError} `AGENT_AUTH_REQUIRED` where a password is undefined
 */
export function basic(
  users: Readonly<Record<string, string | undefined>> | VerifyPassword | undefined,
): BasicAuth {
  const some = given('basic', users);
  if (typeof some === 'function') return { kind: 'basic', verify: some };
  const known = Object.entries(some).map(([user, password]) => [user, given('basic', password)] as const);
  return { kind: 'basic', users: Object.fromEntries(known) };
}
