// What the page came with: read, then opened.
import { type Boot, parseWire, readBoot as readWire, safeText, type Shared } from '@stackpile/profile';
import { bootMode, element, keepsViews, sourceRows } from '../came-with.ts';
import { EngineError } from '../engine/error.ts';
import { fromBase64, open } from '../open.ts';
import {
  live,
  notice,
  profiles,
  readLocation,
  said,
  sentence,
  services,
  shared,
  status,
  tagProfile,
} from '../store.ts';

export function readBoot(): Boot {
  try {
    return readWire(parseWire(element('stackpile-boot'), 'boot'));
  } catch {
    return { mode: 'none' };
  }
}

let boot: Boot = { mode: 'none' };

/** Opens what the page came with. Runs again, without an argument, after a token was typed. */
export async function start(came: Boot = boot): Promise<void> {
  boot = came;
  bootMode.value = boot.mode;
  const failures: string[] = [];
  try {
    switch (boot.mode) {
      case 'none':
        status.value = { kind: 'empty' };
        return;
      case 'server':
        keepsViews.value = boot.views;
        services.value = boot.live;
        live.value = boot.live[0] ?? null;
        await openEach(boot.sources, 'Loading', ({ address }) => address, failures);
        break;
      case 'report':
        takeShared(boot.shared ?? null);
        said.value = boot.said ?? '';
        await openEach(boot.sources, 'Reading', ({ data }) => fromBase64(element(data)), failures);
        break;
      case 'agent': {
        status.value = { kind: 'loading', text: 'Asking the service for its tasks', share: null };
        services.value = [{ name: boot.name, base: boot.base, heavy: false }];
        live.value = services.value[0] ?? null;
        const { name } = boot;
        const clock = new Date().toTimeString().slice(0, 8);
        await open(`goroutine ${clock}`, `${boot.base}goroutine`, Date.now(), undefined, (id) =>
          tagProfile(id, name, false),
        );
        break;
      }
    }
    if (profiles.value.length === 0) {
      status.value =
        failures.length === 0 ? { kind: 'empty' } : { kind: 'error', message: failures.join(' · ') };
      return;
    }
    readLocation();
    status.value = { kind: 'ready' };
    if (services.value.length > 0) void import('../live.ts').then(({ watchAll }) => watchAll());
    if (failures.length > 0) notice.value = `Not opened: ${failures.join(' · ')}`;
  } catch (error) {
    status.value =
      error instanceof EngineError && (error.status === 401 || error.status === 403) && boot.mode === 'agent'
        ? {
            kind: 'locked',
            message: 'It shows its profiles to whoever has the token that it was started with.',
          }
        : { kind: 'error', message: sentence(error) };
  }
}

/** Takes what goes with a report; the view that its maker looked at, unless the address names one. */
function takeShared(given: Shared | null): void {
  shared.value = given;
  if (given?.view.startsWith('#/') === true && location.hash === '')
    history.replaceState(null, '', given.view);
}

/** Opens one after the other; what cannot be opened is told in `failures` and stops nobody else. */
async function openEach<
  S extends { readonly name: string; readonly time: number | null; readonly size: number },
>(
  sources: readonly S[],
  verb: string,
  from: (source: S) => Parameters<typeof open>[1],
  failures: string[],
): Promise<void> {
  for (const [row, source] of sources.entries()) {
    const { name, time, size } = source;
    status.value = { kind: 'loading', text: `${verb} ${safeText(name)}`, share: null };
    try {
      const service = services.value.find((one) => name.startsWith(one.name));
      const tag = (id: number): void => {
        if (service !== undefined) tagProfile(id, service.name, false);
      };
      sourceRows.set(await open(name, from(source), time, size, tag), row);
    } catch (error) {
      failures.push(sentence(error));
    }
  }
}
