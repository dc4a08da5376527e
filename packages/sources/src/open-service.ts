// Opens whatever a SOURCE names that can be asked again and again.
import { openAddress } from './address.ts';
import { SourceError } from './errors.ts';
import type { SourceOptions, SourceSpec } from './options.ts';
import type { Service } from './service.ts';
import { isRunning } from './spec.ts';

export { serviceAddress } from './address.ts';

/**
 * Opens a running service: the agent or Go's handlers behind an address, or a process by its inspector, which is closed again
 * with the service where it was closed before.
 *
 * @throws SourceError `SOURCE_USAGE` for files, else why nobody can be asked
 */
export async function openService(spec: SourceSpec, options: SourceOptions = {}): Promise<Service> {
  if (!isRunning(spec)) throw new SourceError('SOURCE_USAGE', `${spec.spec}: a file is no running service`);
  switch (spec.kind) {
    case 'url':
      return openAddress(spec, options);
    case 'inspector': {
      // Loaded when it is needed: it brings a WebSocket client and the reader of heap snapshots.
      const { openProcessService } = await import('./process/service.ts');
      return openProcessService(spec, options);
    }
  }
}
