// The table of endpoints. To add one: a file, and a row here.
import { block } from '../captures/block.ts';
import { goroutine } from '../captures/goroutine.ts';
import { goroutineleak } from '../captures/goroutineleak.ts';
import { allocs, heap } from '../captures/heap.ts';
import { mutex } from '../captures/mutex.ts';
import { threadcreate } from '../captures/threadcreate.ts';
import { cmdline } from './cmdline.ts';
import { counters } from './counters.ts';
import type { Endpoint } from './endpoint.ts';
import { heapclasses } from './heapclasses.ts';
import { heapsnapshot } from './heapsnapshot.ts';
import { index } from './index.ts';
import { metrics } from './metrics.ts';
import { named } from './named.ts';
import { offers } from './offers.ts';
import { page } from './page.ts';
import { profile } from './profile.ts';
import { symbol } from './symbol.ts';
import { trace } from './trace.ts';
import { workers } from './workers.ts';

/** Every endpoint, in the order of the docs. */
export const endpoints: readonly Endpoint[] = [
  index,
  named(goroutine),
  named(goroutineleak),
  named(heap),
  named(allocs),
  named(threadcreate),
  named(mutex),
  named(block),
  heapclasses,
  heapsnapshot,
  profile,
  trace,
  workers,
  cmdline,
  symbol,
  counters,
  metrics,
  page,
  offers,
];
