// What answers: captures and endpoints, and what sends and writes profiles by itself. A part of its own, loaded when it is first needed: who starts
// a service waits for no more than a listener.
import { Recorder } from '../black-box/recorder.ts';
import { blocksOf } from '../captures/block.ts';
import type { CaptureContext } from '../captures/capture.ts';
import { Limits, Untaken } from '../captures/limits.ts';
import { historyOf } from '../captures/process-history.ts';
import { Endpoints } from '../endpoints/endpoints.ts';
import { messageOf } from '../errors.ts';
import type { PprofRequest, PprofResponse } from '../http/messages.ts';
import type { MainThread } from '../inspect/main-thread.ts';
import type { PushSettings } from '../options.ts';
import { Originals } from '../originals.ts';
import { Pusher } from '../push/pusher.ts';
import { SymbolTable } from '../symbols.ts';
import { SharedKeepsakes } from './keepsakes.ts';
import type { LoopLag } from './loop-lag.ts';
import { OwnMemory } from '../captures/own-memory.ts';
import type { SharedPulse } from './pulse.ts';
import type { FromSidecar, SidecarData } from './protocol.ts';

/** What it works with. */
export interface AnsweringParts {
  readonly data: SidecarData;
  readonly main: MainThread;
  readonly lag: LoopLag;
  readonly pulse: SharedPulse;
  readonly isResponsive: () => Promise<boolean>;
  readonly send: (message: FromSidecar) => void;
}

/** Answers; one per sidecar. */
export class Answering {
  readonly #send: (message: FromSidecar) => void;
  readonly #endpoints: Endpoints;
  readonly #memory = new OwnMemory();
  readonly #recorder: Recorder | null;
  #pusher: Pusher | null = null;

  /** What is recorded from the start on is recorded from here on. */
  constructor({ data, main, lag, pulse, isResponsive, send }: AnsweringParts) {
    const { settings, commandLine, cwd, program } = data;
    this.#send = send;
    const context: CaptureContext = {
      main,
      thread: main,
      workerId: null,
      pulse,
      isResponsive,
      loopLag: () => lag.read(),
      settings,
      // What goes to a mounted handler is copied on its way to the main thread.
      limits: new Limits(undefined, undefined, new Untaken(undefined, data.listen === null)),
      cwd,
      program,
      originals: new Originals(),
      symbols: new SymbolTable(),
      keepsakes: new SharedKeepsakes(data.kept, (name, buffer) => send({ kind: 'keep', name, buffer })),
    };
    this.#endpoints = new Endpoints(context, commandLine);
    // Whoever wants nothing to be tracked before somebody looks has no history before, either.
    if (settings.tasks?.from !== 'first look') historyOf(context).start();
    // For as long as the sidecar lives.
    if (settings.block !== null) blocksOf(context).arm();
    this.#recorder =
      settings.blackBox === null
        ? null
        : new Recorder({
            settings: settings.blackBox,
            context,
            commandLine,
            answer: (request, signal) => this.answer(request, signal),
            say: (line) => send({ kind: 'say', line }),
          });
    this.#recorder?.start();
  }

  /** Never rejects. `signal` has to be aborted when the client has the answer, or goes away before. */
  answer(request: PprofRequest, signal: AbortSignal): Promise<PprofResponse> {
    this.#memory.used();
    return this.#endpoints.answer(request, signal);
  }

  /** Sends profiles from now on. */
  push(settings: PushSettings): void {
    const say = (line: string): void => this.#send({ kind: 'say', line });
    this.#pusher = new Pusher({ settings, answer: (request, signal) => this.answer(request, signal), say });
    // It never rejects; were that wrong, profiles would still be served.
    this.#pusher.run().catch((error: unknown) => say(`profiles are not sent: ${messageOf(error)}`));
  }

  /** Ends what goes on by itself. */
  close(): void {
    this.#pusher?.close();
    this.#recorder?.stop();
  }
}
