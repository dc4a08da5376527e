// pprof's saved views: `pprof/settings.json` in the user's folder of configurations, read and written as pprof does, so that both have them.
// Upstream: google/pprof internal/driver/settings.go internal/driver/config.go, 2025-11-14
import * as fs from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { readRegularFile, RegularFileError } from '@stackpile/profile';
import {
  applyUrlParameters,
  defaultOptions,
  OptionError,
  optionNames,
  optionSpec,
  type ReportOptions,
  setOption,
  urlParameters,
  type UrlParameters,
} from '@stackpile/report';
import { systemReason } from '@stackpile/sources';
import type { NamedView } from '../web/views.ts';
import { DriverError } from './errors.ts';

const MOST_BYTES = 1 << 20;

/** A view as the file has it: its name and whatever stands beside it, which stays there. */
type SavedView = Readonly<Record<string, unknown>> & { readonly name: string };

/** Where the file is on this system; throws {@link DriverError} where the environment does not say. */
export function settingsFile(env: Readonly<Record<string, string | undefined>>): string {
  const of = (name: string): string => env[name] ?? '';
  const [variable, folder] =
    process.platform === 'win32'
      ? ['AppData', of('AppData') || of('APPDATA')]
      : process.platform === 'darwin'
        ? ['HOME', of('HOME') && join(of('HOME'), 'Library', 'Application Support')]
        : of('XDG_CONFIG_HOME') === ''
          ? ['HOME', of('HOME') && join(of('HOME'), '.config')]
          : ['XDG_CONFIG_HOME', of('XDG_CONFIG_HOME')];
  if (folder === '' || !isAbsolute(folder))
    throw new DriverError(`${variable} names no folder for saved views`);
  return join(folder, 'pprof', 'settings.json');
}

function isView(value: unknown): value is SavedView {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string';
}

/** The views in the file; none where it is not there. Throws {@link DriverError}. */
function readViews(file: string): SavedView[] {
  let text: string;
  try {
    text = Buffer.from(readRegularFile(fs, file, MOST_BYTES)).toString('utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    const reason = error instanceof RegularFileError ? error.message : systemReason(error);
    throw new DriverError(`could not read settings: ${reason}`, { cause: error });
  }
  const list = listIn(text);
  if (list.every(isView)) return list;
  throw new DriverError('could not parse settings: "configs" has a view without a name');
}

/** What stands under `configs`; throws {@link DriverError}. */
function listIn(text: string): unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DriverError(`could not parse settings: ${error.message}`, { cause: error });
  }
  if (typeof parsed !== 'object' || parsed === null || !('configs' in parsed) || parsed.configs === null)
    return [];
  const { configs } = parsed;
  if (Array.isArray(configs)) return configs;
  throw new DriverError('could not parse settings: "configs" is no list');
}

/** Writes the whole file at once: who reads it meanwhile has the old one or the new one. */
function writeViews(file: string, views: readonly SavedView[]): void {
  // As Go writes it, whose texts may stand in HTML.
  const text = JSON.stringify({ configs: views }, null, 2).replace(
    /[<>&\u2028\u2029]/gu,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  try {
    fs.mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // A link to a file elsewhere stays one.
    const target = fs.existsSync(file) ? fs.realpathSync(file) : file;
    const fresh = `${target}.${process.pid}.new`;
    fs.writeFileSync(fresh, text, { mode: 0o644, flag: 'wx' });
    fs.renameSync(fresh, target);
  } catch (error) {
    throw new DriverError(`failed to write settings: ${systemReason(error)}`, { cause: error });
  }
}

/** What a view says, what it does not say being empty, 0 or false as in Go. */
function optionsOf(view: SavedView): ReportOptions {
  let options = defaultOptions();
  for (const name of optionNames) {
    const spec = optionSpec(name);
    if (!spec.saved) continue;
    const value = view[name];
    const said = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    const nothing =
      spec.type === 'boolean' ? 'false' : spec.type === 'int' || spec.type === 'float' ? '0' : '';
    const given = said ? String(value) : nothing;
    if (given === '') continue;
    try {
      options = setOption(options, name, given);
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
    }
  }
  return options;
}

function queryOf(options: ReportOptions): string {
  return new URLSearchParams(urlParameters(options).filter(([, text]) => text !== '')).toString();
}

/** pprof's menu of views without its own `Default`. Throws {@link DriverError}. */
export function savedViews(file: string): NamedView[] {
  return readViews(file).map((view) => ({ name: view.name, query: queryOf(optionsOf(view)) }));
}

/**
 * Saves the view `name`: the options of the command line with those of an address; one of the same name is replaced.
 * Throws {@link DriverError}, and then nothing was written.
 */
export function saveView(file: string, name: string, current: ReportOptions, address: UrlParameters): void {
  if (name === '') throw new DriverError('invalid config name');
  let options: ReportOptions;
  try {
    options = applyUrlParameters(current, address);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new DriverError(error.message, { cause: error });
  }
  const kept = optionNames
    .filter((option) => optionSpec(option).saved)
    .map((option) => [option, options[option]] as const)
    .filter(([, value]) => value !== '' && value !== 0 && value !== false);
  const view = { name, ...Object.fromEntries(kept) };
  const views = readViews(file);
  const at = views.findIndex((one) => one.name === name);
  writeViews(file, at < 0 ? [...views, view] : views.with(at, view));
}

/** What the page says of itself in an address: what it leaves out is at rest. */
const shownOptions = [
  'focus',
  'ignore',
  'prune_from',
  'hide',
  'show',
  'show_from',
  'tagfocus',
  'tagignore',
  'granularity',
  'sort',
] as const;

/** The options without those that the page shows and lets go of. */
export function withoutFilters(options: ReportOptions): ReportOptions {
  const resting = defaultOptions();
  return { ...options, ...Object.fromEntries(shownOptions.map((name) => [name, resting[name]])) };
}

/** Removes the view `name`. Throws {@link DriverError} where there is none. */
export function removeView(file: string, name: string): void {
  const views = readViews(file);
  const at = views.findIndex((one) => one.name === name);
  if (at < 0) throw new DriverError(`config ${name} not found`);
  writeViews(file, views.toSpliced(at, 1));
}
