// An address looks the same whether an inspector or a service with profiles answers there: what it is shows when it is asked.
import { SourceError } from './errors.ts';
import type { SourceSpec } from './options.ts';
import { askedOfProcess, noSuchProfile, PROCESS_PROFILES, urlSpec } from './spec.ts';

/** `/heap` and `/debug/pprof/heap` ask for a profile, `/` for the usual one. */
const askedPath = /^\/(?:debug\/pprof\/?)?([a-z]*)$/u;

async function inspectorAt(spec: Extract<SourceSpec, { kind: 'url' }>): Promise<SourceSpec | null> {
  const { url } = spec;
  const profile = askedPath.exec(url.pathname)?.[1];
  if (url.protocol !== 'http:' || profile === undefined) return null;
  const { whatAnswers } = await import('./process/address.ts');
  const host = url.hostname;
  const port = Number(url.port === '' ? 80 : url.port);
  if ((await whatAnswers(host, port)).kind !== 'inspector') return null;
  if (profile !== '' && !PROCESS_PROFILES.includes(profile)) throw noSuchProfile(spec.spec, profile);
  const target = {
    kind: 'port',
    host,
    port,
    ...askedOfProcess(profile, url.searchParams.get('seconds')),
  } as const;
  return { kind: 'inspector', spec: spec.spec, target };
}

/** What a source is after all, where `error` shows that it is not what it was taken for; null where it is. */
async function otherwise(spec: SourceSpec, error: unknown): Promise<SourceSpec | null> {
  if (!(error instanceof SourceError)) return null;
  // Node's inspector answers 400 to all that it does not know.
  if (spec.kind === 'url') return error.status === 400 ? inspectorAt(spec) : null;
  if (spec.kind !== 'inspector' || spec.target.kind !== 'port' || error.detail !== 'web-server') return null;
  return urlSpec(spec.spec, `http://${spec.spec}`, false);
}

/**
 * Opens a source as what it looks like; where it turns out that an inspector answers at an address of the web, or a service with
 * profiles on an inspector's usual port, as that.
 */
export async function asItIs<T>(spec: SourceSpec, open: (spec: SourceSpec) => Promise<T>): Promise<T> {
  try {
    return await open(spec);
  } catch (error) {
    const other = await otherwise(spec, error);
    if (other === null) throw error;
    try {
      return await open(other);
    } catch (second) {
      // A web server without profiles: that it is no inspector says more.
      const isElse = other.kind === 'url' && second instanceof SourceError && second.status !== null;
      throw isElse ? error : second;
    }
  }
}
