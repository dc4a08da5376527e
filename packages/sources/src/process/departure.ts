// A process that wants to end waits for whoever looks at it: it is let go at once, whatever we were about to do.
import type { InspectorConnection } from './conversation.ts';

/** What a recording may still take to hand out what it has. */
const LAST_WORDS_MS = 2000;

export interface Departure {
  /** Resolves when the process has begun to end and waits for us. */
  readonly begun: Promise<void>;
  isUnderWay(): boolean;
  /**
   * Runs a recording that ends by itself once the departure has begun: what it has so far can still be had, for a moment. Its error
   * is its own.
   */
  duringRecording<T>(record: () => Promise<T>): Promise<T>;
}

/** Watches for the end of the process behind a connection, and hangs up when it comes. */
export function watchDeparture(connection: InspectorConnection): Departure {
  let isUnderWay = false;
  let recordings = 0;
  const begun = new Promise<void>((resolve) => {
    connection.on('NodeRuntime.waitingForDisconnect', () => {
      isUnderWay = true;
      resolve();
      if (recordings === 0) connection.close();
      else setTimeout(() => connection.close(), LAST_WORDS_MS).unref();
    });
  });
  // An inspector that is not Node's does not know this, and ends as it likes.
  connection.send('NodeRuntime.notifyWhenWaitingForDisconnect', { enabled: true });
  return {
    begun,
    isUnderWay: () => isUnderWay,
    duringRecording: async (record) => {
      recordings++;
      try {
        return await record();
      } finally {
        recordings--;
        if (isUnderWay && recordings === 0) connection.close();
      }
    },
  };
}
