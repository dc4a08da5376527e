// `cmdline`: how the process was started, as Go gives it.
// Upstream: golang/go src/net/http/pprof/pprof.go, 1.26.8
import type { Endpoint } from './endpoint.ts';
import { textResponse } from '../http/messages.ts';

/** Arguments with a NUL between two. */
export const cmdline: Endpoint = {
  name: 'cmdline',
  description: 'The command line invocation of the current program',
  kind: 'text',
  query: {},
  delta: false,
  count: null,
  answer: async ({ commandLine }) => textResponse(commandLine.join('\0')),
};
