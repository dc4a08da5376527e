// Secrets and certificates, read when they are needed: whoever replaces a file need not start the monitor anew.
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { MOST_PEM_BYTES, readTypedFile, systemReason, type TlsOptions } from '@stackpile/sources';
import { MonitorError } from '../errors.ts';
import type { Auth, Secret, TlsFiles } from './model.ts';

async function textOf(secret: Secret): Promise<string> {
  switch (secret.kind) {
    case 'text':
      return secret.text;
    case 'environment': {
      const text = process.env[secret.name];
      if (text === undefined || text === '')
        throw new MonitorError(
          'MONITOR_SECRET',
          `the variable ${secret.name}, which holds a secret, is not set`,
        );
      return text;
    }
    case 'file':
      try {
        return (await readFile(secret.path, 'utf8')).trim();
      } catch (error) {
        throw new MonitorError('MONITOR_SECRET', `${secret.path}: ${systemReason(error)}`, { cause: error });
      }
  }
}

/** The value of the header `Authorization`; null for none. @throws MonitorError `MONITOR_SECRET` */
export async function authorizationOf(auth: Auth): Promise<string | null> {
  switch (auth.kind) {
    case 'none':
      return null;
    case 'header':
      return `${auth.scheme} ${await textOf(auth.secret)}`;
    case 'basic':
      return `Basic ${Buffer.from(`${auth.user}:${await textOf(auth.password)}`).toString('base64')}`;
  }
}

/** @throws MonitorError `MONITOR_SECRET` where a file cannot be read */
export async function tlsOf(files: TlsFiles): Promise<TlsOptions> {
  const pem = async (path: string): Promise<string | null> => {
    if (path === '') return null;
    try {
      return Buffer.from(await readTypedFile(path, MOST_PEM_BYTES)).toString();
    } catch (error) {
      throw new MonitorError('MONITOR_SECRET', `${path}: ${systemReason(error)}`, { cause: error });
    }
  };
  const [ca, cert, key] = await Promise.all([pem(files.ca), pem(files.cert), pem(files.key)]);
  return {
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
    ...(files.insecure ? { insecure: true } : {}),
  };
}
