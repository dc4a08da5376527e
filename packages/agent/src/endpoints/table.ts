// The table of endpoints. To add one: a file, and a row here.
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

/** Every endpoint, in the order of the docs. */
export const endpoints: readonly Endpoint[] = [
  index,
  named(goroutine),
  named(goroutineleak),
  named(heap),
  named(allocs),
  named(threadcreate),
  named(mutex),
  heapclasses,
  heapsnapshot,
  profile,
  cmdline,
  symbol,
  counters,
  metrics,
  page,
  offers,
];
