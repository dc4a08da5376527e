// Tracks suspended tasks on the main thread.
import type { CaptureSettings } from '../options.ts';
import type { TaskDump } from './dump.ts';

export class TaskTracker {
  readonly settings: NonNullable<CaptureSettings['tasks']>;
  constructor(settings: NonNullable<CaptureSettings['tasks']>) {
    this.settings = settings;
  }
  start(): void {}
  stop(): void {}
  count(): number {
    return 0;
  }
  dump(_each: boolean): TaskDump {
    return {
      names: [],
      files: [],
      lines: [],
      columns: [],
      stacks: [],
      states: [],
      labels: [],
      rows: { id: [], stack: [], state: [], label: [], createdBy: [], waited: [], count: [] },
      notes: [],
    };
  }
}
