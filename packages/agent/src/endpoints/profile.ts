// `profile`: CPU samples of the seconds that follow, with the parameters of Go's and two of our own.
// Upstream: golang/go src/net/http/pprof/pprof.go, 1.26.8
import type { ThreadContext } from '../captures/capture.ts';
import { CpuProfiler } from '../captures/cpu.ts';
import { contextOf, WORKER_PARAMETER } from './worker-parameter.ts';
import { download, packed } from './download.ts';
import type { Endpoint } from './endpoint.ts';
import { atoi, parseInt64 } from '../http/query.ts';

const DEFAULT_CPU_SECONDS = 30;

/** V8's profiler of a thread is one, for all who ask in one sidecar. */
const profilers = new WeakMap<ThreadContext, CpuProfiler>();

function profilerOf(context: ThreadContext): CpuProfiler {
  let profiler = profilers.get(context);
  if (profiler === undefined) profilers.set(context, (profiler = new CpuProfiler(context)));
  return profiler;
}

/** Bad seconds fall back to 30 in silence, as Go's do. */
export const profile: Endpoint = {
  name: 'profile',
  description:
    'CPU profile. You can specify the duration in the seconds GET parameter. After you get the profile file, use the go tool pprof command to investigate the profile.',
  kind: 'recording',
  query: {
    seconds: 'for how long; 30',
    hz: 'samples a second, 1 to 1000; 100',
    ...WORKER_PARAMETER,
    idle: '`1` keeps the time in which the event loop waited',
  },
  delta: false,
  count: null,
  async answer({ captures }, { query, head, signal }) {
    const wanted = parseInt64(query.get('seconds') ?? '') ?? 0;
    const seconds = Math.min(wanted > 0 ? wanted : DEFAULT_CPU_SECONDS, captures.settings.maxSeconds);
    if (head) return download('profile', '');
    const hz = Math.min(1000, Math.max(1, atoi(query.get('hz')) || 100));
    const idle = query.get('idle') === '1';
    const profiler = profilerOf(await contextOf(captures, query, signal));
    return download('profile', packed(await profiler.capture({ seconds, hz, idle, signal })));
  },
};
