// What a running service is asked for each kind of evidence that a watch wants, by who it is and what it offers.
import type { Evidence } from '@stackpile/leaks';
import type { Offers } from '@stackpile/profile';
import type { Service } from '@stackpile/sources';
import type { Ask } from '@stackpile/sources/looks';

/** One request, and all that its answer is evidence for. */
export interface EvidenceAsk {
  readonly ask: Ask;
  readonly evidence: readonly Evidence[];
}

/** How tasks and handles are had, found out once; see `dumpForm`. */
export interface TaskForm {
  readonly ask: Ask;
  readonly handles: Ask | null;
}

/** Go's names of the profiles that are evidence of something else than goroutines. A heap is told as it is after a collection. */
const goAsks: Partial<Record<Evidence, Ask>> = {
  heap: { name: 'heap', query: { gc: '1' } },
  threads: { name: 'threadcreate' },
  goroutineleak: { name: 'goroutineleak' },
};
const agentAsks: Partial<Record<Evidence, Ask>> = { heap: { name: 'heap' } };

/** The requests of one look, each once, the cheapest first. What the service does not offer is left out. */
export function asksFor(
  wanted: readonly Evidence[],
  kind: Service['kind'],
  form: TaskForm,
  { offers }: Offers,
): EvidenceAsk[] {
  if (kind === 'process') {
    // One stop of the process tells all: tasks, handles and closures, and its objects where those are wanted.
    const asks: EvidenceAsk[] = wanted.includes('classes')
      ? [{ ask: { name: 'heapsnapshot' }, evidence: ['tasks', 'handles', 'closures', 'classes'] }]
      : [{ ask: form.ask, evidence: ['tasks', 'handles', 'closures'] }];
    // After the snapshot, for which V8 has collected what was garbage.
    return wanted.includes('heap') ? [...asks, { ask: { name: 'allocations' }, evidence: ['heap'] }] : asks;
  }
  const asks: EvidenceAsk[] = [];
  const known = kind === 'go' ? goAsks : agentAsks;
  for (const evidence of wanted) {
    if (evidence === 'tasks') asks.push({ ask: form.ask, evidence: ['tasks'] });
    else if (evidence === 'handles') {
      if (form.handles !== null) asks.push({ ask: form.handles, evidence: ['handles'] });
    } else {
      const ask = known[evidence];
      if (ask !== undefined && offers.some(({ name }) => name === ask.name))
        asks.push({ ask, evidence: [evidence] });
    }
  }
  return asks;
}
