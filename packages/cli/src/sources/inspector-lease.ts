// A lease on an inspector that we opened: the process closes it by itself when nobody renews it, for instance because we were killed.
import { LEASE_SCRIPT } from '@stackpile/profile';
import type { InspectorConnection } from './inspector-socket.ts';

/** Seconds after which a process that hears nothing from us closes its inspector. */
const LEASE_SECONDS = 60;
/** The same while we may be too busy to renew it: a snapshot of gigabytes is read without a pause. */
const BUSY_SECONDS = 1800;
const RENEW_MS = 10_000;

const KEY = "Symbol.for('stackpile.inspector.lease')";
/** `require` is there for every kind of main script, `getBuiltinModule` since 20.16. */
const INSPECTOR =
  "(process.getBuiltinModule ? process.getBuiltinModule('node:inspector') : require('node:inspector'))";

/** Counts its own seconds: while the process stands still for a snapshot none pass. The timer does not keep the process alive. */
const BEGIN = `(() => {
  const inspector = ${INSPECTOR};
  let left = ${LEASE_SECONDS};
  const timer = setInterval(function lease() {
    if (--left > 0) return;
    globalThis[${KEY}]?.end();
    inspector.close();
  }, 1000);
  timer.unref();
  Object.defineProperty(globalThis, ${KEY}, {
    configurable: true,
    value: { renew(seconds) { left = seconds; }, end() { clearInterval(timer); delete globalThis[${KEY}]; } },
  });
})()
//# sourceURL=${LEASE_SCRIPT}`;

/** Evaluated in the process: takes everything of ours away and closes the inspector. The reply never comes. */
export const CLOSE_EXPRESSION: string = `globalThis[${KEY}]?.end(); ${INSPECTOR}.close()`;

export interface Lease {
  /** We may be busy for long from now on (true), or are not any more. */
  busy(is: boolean): void;
  /** Renews no more. */
  end(): void;
}

/** Begins a lease in the process behind a connection whose inspector we opened. */
export async function beginLease(connection: InspectorConnection): Promise<Lease> {
  await connection.post('Runtime.evaluate', { expression: BEGIN, includeCommandLineAPI: true });
  let seconds = LEASE_SECONDS;
  const renew = (): void =>
    connection.send('Runtime.evaluate', { expression: `globalThis[${KEY}]?.renew(${seconds})` });
  const timer = setInterval(renew, RENEW_MS);
  timer.unref();
  void connection.ended.then(() => clearInterval(timer));
  return {
    busy: (is) => {
      seconds = is ? BUSY_SECONDS : LEASE_SECONDS;
      renew();
    },
    end: () => clearInterval(timer),
  };
}
