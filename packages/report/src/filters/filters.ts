// All filters of a report, in pprof's order, with its warnings and errors.
// Upstream: google/pprof internal/driver/driver_focus.go, 2025-11-14
import type { OriginOptions, Profile } from '@stackpile/profile';
import { PrepareError } from '../errors.ts';
import { filterByName, pruneFrom, showFrom } from './frames-filter.ts';
import type { OptionName, ReportOptions } from '../options.ts';
import { compilePattern, type Pattern } from '../go/regexp.ts';
import { throughOwnCode, withoutLibraries } from './origin-filter.ts';
import { addTagFrames } from './tagframes.ts';
import { compileTagFilter, filterByTag, filterTagsByKey, type TagFilter } from './tag-filter.ts';

/**
 * What percentages of `profile` refer to: all of it with the frames of `tagroot` and `tagleaf`, or of `mine` what goes through
 * the user's own code, or with `relative_percentages` what the filters keep. Warnings are pushed to `warnings` as they occur.
 *
 * @throws {PrepareError} for a malformed expression
 */
export function wholeProfile(
  profile: Profile,
  units: ReadonlyMap<string, string>,
  options: ReportOptions,
  warnings: string[],
  origin?: OriginOptions,
): Profile {
  let whole = addTagFrames(profile, options, warnings);
  if (options.mine) whole = throughOwnCode(whole, warnings, origin);
  return options.relative_percentages ? applyFilters(whole, units, options, warnings) : whole;
}

/**
 * What the filters of `options` keep of `whole`, which {@link wholeProfile} made of the same.
 *
 * @throws {PrepareError} for a malformed expression
 */
export function keptProfile(
  whole: Profile,
  units: ReadonlyMap<string, string>,
  options: ReportOptions,
  warnings: string[],
  origin?: OriginOptions,
): Profile {
  const kept = options.relative_percentages ? whole : applyFilters(whole, units, options, warnings);
  return options.mine || options.hide_libs ? withoutLibraries(kept, origin) : kept;
}

function applyFilters(
  profile: Profile,
  units: ReadonlyMap<string, string>,
  options: ReportOptions,
  warnings: string[],
): Profile {
  const pattern = (name: OptionName): Pattern | null => {
    const text = options[name] as string;
    if (text === '') return null;
    const compiled = compilePattern(text);
    if (typeof compiled === 'string') throw new PrepareError(`parsing ${name} regexp: ${compiled}`);
    return compiled;
  };
  const tagFilter = (name: 'tagfocus' | 'tagignore'): TagFilter | null => {
    if (options[name] === '') return null;
    const compiled = compileTagFilter(name, options[name], units, warnings);
    if (typeof compiled === 'string') throw new PrepareError(compiled);
    return compiled;
  };
  const warn = (given: unknown, matched: boolean, option: string): void => {
    if (given !== null && !matched) warnings.push(`${option} expression matched no samples`);
  };
  const names = {
    focus: pattern('focus'),
    ignore: pattern('ignore'),
    hide: pattern('hide'),
    show: pattern('show'),
  };
  const from = pattern('show_from');
  const tagFocus = tagFilter('tagfocus');
  const tagIgnore = tagFilter('tagignore');
  const prune = pattern('prune_from');

  const byName = filterByName(profile, names);
  let current = byName.profile;
  warn(names.focus, byName.matched.focus, 'Focus');
  warn(names.ignore, byName.matched.ignore, 'Ignore');
  warn(names.hide, byName.matched.hide, 'Hide');
  warn(names.show, byName.matched.show, 'Show');

  if (from !== null) {
    const shown = showFrom(current, from);
    current = shown.profile;
    warn(from, shown.matched, 'ShowFrom');
  }

  const byTag = filterByTag(current, tagFocus, tagIgnore);
  current = byTag.profile;
  warn(tagFocus, byTag.focused, 'TagFocus');
  warn(tagIgnore, byTag.ignored, 'TagIgnore');

  const tagShow = pattern('tagshow');
  const compiled = options.taghide === '' ? null : compilePattern(options.taghide);
  const tagHide = typeof compiled === 'string' ? null : compiled;
  const byKey = filterTagsByKey(current, tagShow, tagHide);
  current = byKey.profile;
  warn(tagShow, byKey.shown, 'TagShow');
  // pprof says what tagshow did before it gives up.
  if (typeof compiled === 'string') throw new PrepareError(`parsing taghide regexp: ${compiled}`);
  warn(tagHide, byKey.hidden, 'TagHide');

  return prune === null ? current : pruneFrom(current, prune);
}
