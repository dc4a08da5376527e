// Starts V8's one sampling heap profiler on the main thread, and never touches one that somebody else runs.
import { Session } from 'node:inspector';
import v8 from 'node:v8';

/** Who runs the sampler: we, without a collection per reading where Node can; somebody else; or nobody. */
export type HeapSamplerState = 'own' | 'own-no-gc' | 'foreign' | 'off';

interface HeapProfileHandle {
  stop(): string;
}

/** Node ≥ 26 has a sampler whose readings do not force a collection. */
type StartHeapProfile = (options: {
  sampleInterval: number;
  stackDepth: number;
  forceGC: boolean;
}) => HeapProfileHandle;

const STACK_DEPTH = 64;

/** The heap sampler of this isolate. */
export class HeapSampler {
  #state: HeapSamplerState = 'off';
  #session: Session | null = null;
  #handle: HeapProfileHandle | null = null;

  get state(): HeapSamplerState {
    return this.#state;
  }

  /** Starts sampling every `interval` bytes on average, unless a sampler already runs. */
  start(interval: number): void {
    if (this.#state !== 'off') return;
    // A session of this thread, unlike one of another thread, does not hold up the exit.
    const session = new Session();
    session.connect();
    let running = false;
    // Commands of a session on its own thread answer before `post` returns.
    session.post('HeapProfiler.getSamplingProfile', (error) => {
      running = error === null;
    });
    if (running) {
      this.#state = 'foreign';
      session.disconnect();
      return;
    }
    const { startHeapProfile } = v8 as unknown as { startHeapProfile?: StartHeapProfile };
    if (startHeapProfile !== undefined) {
      try {
        this.#handle = startHeapProfile({
          sampleInterval: interval,
          stackDepth: STACK_DEPTH,
          forceGC: false,
        });
        this.#state = 'own-no-gc';
        session.disconnect();
        return;
      } catch {
        // Fall back to the inspector's sampler below.
      }
    }
    let started = false;
    session.post(
      'HeapProfiler.startSampling',
      { samplingInterval: interval, stackDepth: STACK_DEPTH },
      (error) => {
        started = error === null;
      },
    );
    if (started) {
      this.#session = session;
      this.#state = 'own';
    } else session.disconnect();
  }

  /** Ends our own sampler; one of somebody else's goes on. */
  stop(): void {
    try {
      this.#handle?.stop();
      this.#session?.post('HeapProfiler.stopSampling');
      this.#session?.disconnect();
    } catch {
      // Somebody ended it before us.
    }
    this.#handle = null;
    this.#session = null;
    this.#state = 'off';
  }
}
