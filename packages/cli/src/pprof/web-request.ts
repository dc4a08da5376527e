// pprof's flags as a request for the web pages.
import { resolve } from 'node:path';
import { MOST_PEM_BYTES, readTypedFile, systemReason, type TlsOptions } from '@stackpile/sources';
import type { Invocation } from './command-line.ts';
import { DriverError } from './errors.ts';
import type { UiRequest } from '../web/serve.ts';

/** The request of an invocation with `-http`. Throws DriverError where a TLS file cannot be read. */
export async function uiRequest(invocation: Invocation, cwd: string): Promise<UiRequest> {
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
    source: {
      headers: network.headers,
      ...(network.token === '' ? {} : { token: network.token }),
      ...(network.seconds > 0 ? { seconds: network.seconds } : {}),
      ...(network.timeout > 0 ? { timeout: network.timeout } : {}),
      ...(Object.keys(tls).length === 0 ? {} : { tls }),
    },
  };
}
