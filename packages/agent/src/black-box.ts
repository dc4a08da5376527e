// blackBox: evidence on disk before the process is killed, without a listener.
import { type BlackBoxOptions, blackBoxSettings } from './black-box-settings.ts';
import { agentHost } from './host/host.ts';
import { requireMainThread } from './host/main-thread-only.ts';
import { blackBoxCaptures, type CaptureOptions } from './options.ts';
import { checkPermission } from './permission.ts';
import { Sidecar } from './sidecar/sidecar.ts';

/** An armed black box. */
export interface BlackBox extends AsyncDisposable {
  /** The folder for bundles, absolute. */
  readonly dir: string;
  /** Disarms it. */
  close(): Promise<void>;
}

/**
 * Arms a black box: a worker watches resident memory, heap, descriptors and, where a line is given, the lag of the event loop, and writes a
 * bundle of evidence into `dir` when one crosses its line, 90 % of its limit by default (the heap: 75 %, for V8 may give up from 80 % on). `stackpile postmortem DIR` opens it.
 *
 * ```ts
 * import { blackBox } from '@stackpile/agent';
 * await blackBox({ dir: '/var/lib/app/black-box', at: { rss: '85%', heap: '75%', lag: '2s' } });
 * ```
 *
 * Beside `startServer` it is the option `blackBox` of that.
 *
 * @throws {AgentError} `AGENT_OPTIONS`, `AGENT_THREAD`, `AGENT_PERMISSION`, `AGENT_SIDECAR`
 */
export async function blackBox(
  options: BlackBoxOptions,
  captures: Omit<CaptureOptions, 'blackBox'> = {},
): Promise<BlackBox> {
  const settings = blackBoxCaptures('blackBox', options, captures);
  requireMainThread('blackBox');
  checkPermission(false);
  const state = agentHost();
  state.acquire(settings);
  try {
    const { sidecar } = await Sidecar.start(null, settings, null);
    let closing: Promise<void> | null = null;
    const close = (): Promise<void> => {
      closing ??= sidecar.close().finally(() => state.release());
      return closing;
    };
    return { dir: blackBoxSettings(options).dir, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    state.release();
    throw error;
  }
}
