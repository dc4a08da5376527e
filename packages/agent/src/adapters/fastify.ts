// Fastify's requests and replies: Node's own behind them.
import { answerNode, type HandlerRequest, isNodePair } from './node.ts';
import type { ResponseWriter } from '../door/send.ts';
import type { Mount } from './mount.ts';

/** What is used of a request. */
export interface FastifyRequestLike {
  readonly raw: HandlerRequest;
  /** As `trustProxy` has it. */
  readonly ip: string;
  readonly routeOptions: { readonly url?: string | undefined };
}

/** What is used of a reply. */
export interface FastifyReplyLike {
  readonly raw: ResponseWriter;
  hijack(): unknown;
}

export function isFastifyPair(
  args: readonly unknown[],
): args is readonly [FastifyRequestLike, FastifyReplyLike] {
  const [request, reply] = args as readonly { readonly raw?: unknown; readonly hijack?: unknown }[];
  return typeof reply?.hijack === 'function' && isNodePair([request?.raw, reply.raw]);
}

/** Answers a request. Fastify sends nothing any more; its hooks have run, `onResponse` will. */
export function answerFastify(mount: Mount, request: FastifyRequestLike, reply: FastifyReplyLike): void {
  reply.hijack();
  const at = { pattern: request.routeOptions.url, remoteAddress: request.ip };
  answerNode(mount, request.raw, reply.raw, undefined, at);
}
