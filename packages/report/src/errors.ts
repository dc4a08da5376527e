// Why a report cannot be prepared.

/** A failure whose message is pprof's sentence; `runReport` adds the warnings that came before. */
export class PrepareError extends Error {
  override readonly name = 'PrepareError';
}
