// Opens whatever a SOURCE names that can be asked again and again.
import { isLoopback } from '@stackpile/agent/inspector';
import { openAddress } from './address.ts';
import { SourceError } from './errors.ts';
import type { RunningSpec, SourceOptions, SourceSpec } from './options.ts';
import type { Service } from './service.ts';
import { holdsDumps, isRunning } from './spec.ts';

export { serviceAddress } from './address.ts';

/**
 * Opens a service: the agent or Go's handlers behind an address; a process by its inspector, which is closed again with the
 * service where it was closed before; or the dumps below a folder.
 *
 * @throws SourceError `SOURCE_USAGE` for files, else why nobody can be asked
 */
export async function openService(spec: SourceSpec, options: SourceOptions = {}): Promise<Service> {
  if (!isRunning(spec) && !holdsDumps(spec))
    throw new SourceError('SOURCE_USAGE', `${spec.spec}: a file is no running service`);
  switch (spec.kind) {
    case 'folder': {
      const { openFolder } = await import('./dumps.ts');
      return openFolder(spec, options);
    }
    case 'url':
      return openAddress(spec, options);
    case 'inspector': {
      // Loaded when it is needed: it brings a WebSocket client and the reader of heap snapshots.
      const { openProcessService } = await import('./process/service.ts');
      return openProcessService(spec, options);
    }
  }
}

/** Whether the files of a source that runs are, as far as its address tells, those of this machine. */
export function isOfThisMachine(spec: RunningSpec): boolean {
  switch (spec.kind) {
    case 'url':
      return isLoopback(spec.url.hostname);
    case 'inspector':
      return spec.target.kind !== 'ws' && (spec.target.kind === 'pid' || isLoopback(spec.target.host));
  }
}
