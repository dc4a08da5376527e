// A listener's worker that somebody has killed, or that had no memory left, comes back on the same port.
import { clearTimeout, setTimeout } from '../own-timers.ts';
import type { AuthFunction, CaptureSettings } from '../options.ts';
import type { ListenSettings } from './protocol.ts';
import { Sidecar } from './sidecar.ts';

/** Milliseconds until the first attempt to start again; each further one waits twice as long. */
const FIRST_MS = 500;
const LONGEST_MS = 60_000;
/** A worker that has run for so long begins anew with {@link FIRST_MS}. */
const HEALTHY_MS = 60_000;

/** A sidecar that listens, and is started again where it ends by itself. */
export class KeptUp {
  readonly port: number;
  readonly #again: (before: Sidecar | null) => Promise<{ readonly sidecar: Sidecar }>;
  #sidecar: Sidecar | null = null;
  #starting: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #delay = FIRST_MS;

  private constructor(
    port: number,
    again: (before: Sidecar | null) => Promise<{ readonly sidecar: Sidecar }>,
  ) {
    this.port = port;
    this.#again = again;
  }

  /**
   * Resolves when it listens.
   *
   * @throws {AgentError} as {@link Sidecar.start}, where it does not start the first time
   */
  static async start(
    listen: ListenSettings,
    captures: CaptureSettings,
    auth: AuthFunction | null,
  ): Promise<KeptUp> {
    const { sidecar, port } = await Sidecar.start(listen, captures, auth);
    const place = listen.place.kind === 'port' ? { ...listen.place, ports: [port] } : listen.place;
    const kept = new KeptUp(port, (before) =>
      Sidecar.start({ ...listen, place }, captures, auth, before ?? undefined),
    );
    kept.#watch(sidecar);
    return kept;
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#starting;
    await this.#sidecar?.close();
  }

  #watch(sidecar: Sidecar): void {
    this.#sidecar = sidecar;
    const began = performance.now();
    void sidecar.ended.then(() => {
      if (this.#isClosed) return;
      if (performance.now() - began > HEALTHY_MS) this.#delay = FIRST_MS;
      this.#startLater();
    });
  }

  #startLater(): void {
    this.#timer = setTimeout(() => {
      this.#starting = this.#again(this.#sidecar).then(
        ({ sidecar }) => this.#watch(sidecar),
        // Somebody else has the port for now, or there is no memory yet.
        () => (this.#isClosed ? undefined : this.#startLater()),
      );
    }, this.#delay).unref();
    this.#delay = Math.min(LONGEST_MS, this.#delay * 2);
  }
}
