// What the page came with: read, then opened.
import { type Boot, parseWire, readBoot as readWire } from '@stackpile/profile';
import { EngineError } from '../engine/error.ts';
import { fromBase64, open } from '../open.ts';
import { live, profiles, readLocation, sentence, services, status } from '../store.ts';

/** The text of an element that came with the page; '' where it did not. */
export function element(id: string): string {
  return document.getElementById(id)?.textContent ?? '';
}

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
  try {
    switch (boot.mode) {
      case 'none':
        status.value = { kind: 'empty' };
        return;
      case 'server': {
        services.value = boot.live;
        live.value = boot.live[0] ?? null;
        for (const { name, address, time, size } of boot.sources) {
          status.value = { kind: 'loading', text: `Loading ${name}`, share: null };
          await open(name, address, time, size);
        }
        break;
      }
      case 'report':
        for (const { name, data, time, size } of boot.sources) {
          status.value = { kind: 'loading', text: `Reading ${name}`, share: null };
          await open(name, fromBase64(element(data)), time, size);
        }
        break;
      case 'agent': {
        status.value = { kind: 'loading', text: 'Asking the service for its tasks', share: null };
        live.value = { name: boot.name, base: boot.base, heavy: false };
        const clock = new Date().toTimeString().slice(0, 8);
        await open(`goroutine ${clock}`, `${boot.base}goroutine`, Date.now());
        break;
      }
    }
    if (profiles.value.length === 0) {
      status.value = { kind: 'empty' };
      return;
    }
    readLocation();
    status.value = { kind: 'ready' };
  } catch (error) {
    status.value =
      error instanceof EngineError && (error.status === 401 || error.status === 403) && boot.mode === 'agent'
        ? { kind: 'locked', message: 'This service wants a token before it shows its profiles.' }
        : { kind: 'error', message: sentence(error) };
  }
}
