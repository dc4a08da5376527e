// Hono's contexts: a `Request` inside, and the pattern of the route.
import { answerFetch, isFetchRequest } from './fetch.ts';
import type { Mount } from './mount.ts';

/** What is used of a context. */
export interface HonoContext {
  readonly req: { readonly raw: Request; readonly routePath: string };
}

export function isHonoContext(value: unknown): value is HonoContext {
  const { req } = (value ?? {}) as { readonly req?: { readonly raw?: unknown } };
  return isFetchRequest(req?.raw);
}

/** Answers a request; what lies outside goes on to the next handler. */
export async function answerHono(
  mount: Mount,
  context: HonoContext,
  next: () => Promise<unknown>,
): Promise<Response | undefined> {
  const { raw, routePath } = context.req;
  const answer = await answerFetch(mount, raw, { pattern: routePath, passesOn: true });
  if (answer === null) await next();
  return answer ?? undefined;
}
