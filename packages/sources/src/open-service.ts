// Opens whatever a SOURCE names that can be asked again and again.
import { openAddress } from './address.ts';
import { SourceError } from './errors.ts';
import type { SourceOptions, SourceSpec } from './options.ts';
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
