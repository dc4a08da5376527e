// pprof's flags as a request for the web pages.
import { resolve } from 'node:path';
import { MOST_PEM_BYTES, readTypedFile, systemReason, type TlsOptions } from '@stackpile/sources';
import type { CliIo } from '../io.ts';
import type { Invocation } from './command-line.ts';
import { DriverError } from './errors.ts';
import type { UiRequest } from '../web/serve.ts';
import type { NamedView, SavedViews } from '../web/views.ts';
import { removeView, savedViews, saveView, settingsFile, withoutFilters } from './settings.ts';

/** The request of an invocation with `-http`. Throws DriverError where a TLS file cannot be read. */
export async function uiRequest(
  invocation: Invocation,
  { cwd, env }: Pick<CliIo, 'cwd' | 'env'>,
): Promise<UiRequest> {
  const { network } = invocation;
  const read = async (path: string): Promise<string> => {
    try {
      return Buffer.from(await readTypedFile(resolve(cwd, path), MOST_PEM_BYTES)).toString();
    } catch (error) {
      throw new DriverError(`open ${path}: ${systemReason(error)}`, { cause: error });
    }
  };
  const tls: TlsOptions = {
    ...(network.tlsCa === '' ? {} : { ca: await read(network.tlsCa) }),
    ...(network.tlsCert === '' ? {} : { cert: await read(network.tlsCert) }),
    ...(network.tlsKey === '' ? {} : { key: await read(network.tlsKey) }),
  };
  return {
    sources: invocation.sources,
    base: invocation.base,
    address: invocation.http,
    noBrowser: invocation.noBrowser,
    options: invocation.options,
    views: viewsIn(env, invocation),
    source: {
      headers: network.headers,
      ...(network.token === '' ? {} : { token: network.token }),
      ...(network.seconds > 0 ? { seconds: network.seconds } : {}),
      ...(network.timeout > 0 ? { timeout: network.timeout } : {}),
      ...(Object.keys(tls).length === 0 ? {} : { tls }),
    },
  };
}

/** pprof's saved views in the folder that the environment names. */
function viewsIn(env: CliIo['env'], { options }: Invocation): SavedViews {
  const trying = (step: (file: string) => void): string | null => {
    try {
      step(settingsFile(env));
      return null;
    } catch (error) {
      if (error instanceof DriverError) return error.message;
      throw error;
    }
  };
  return {
    list() {
      let views: readonly NamedView[] = [];
      const problem = trying((file) => {
        views = savedViews(file);
      });
      return { views, problem };
    },
    save: (name, address) => trying((file) => saveView(file, name, options, address)),
    saveShown: (name, address) => trying((file) => saveView(file, name, withoutFilters(options), address)),
    remove: (name) => trying((file) => removeView(file, name)),
  };
}
