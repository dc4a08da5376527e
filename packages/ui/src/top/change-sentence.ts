// What changed between two profiles, in one sentence.
import { shortName } from '@stackpile/profile';
import type { ChangeAnswer, ChangedPlace } from '../engine/questions/change.ts';
import { formatDelta, formatValue, forNumber } from '../format.ts';

/** `+268 goroutines, all in task.Subscribe… (6 → 274); nothing else changed`; `noun` is what the values are. */
export function changeSentence(answer: ChangeAnswer, noun: string): string {
  const { unit, before, after, same, places, changed, sampled } = answer;
  const amount = `${formatValue(after, unit)} ${forNumber(after, noun)}`;
  if (same) return `The two profiles are equal: ${amount} in the same stacks.`;
  const chance = sampled ? ' beyond chance' : '';
  const delta = after - before;
  const total =
    delta === 0 ? `${amount} in both` : `${formatDelta(delta, unit)} ${forNumber(Math.abs(delta), noun)}`;
  const [first] = places;
  if (first === undefined)
    return `Nothing changed${chance}: ${formatValue(before, unit)} before, ${amount} now.`;
  const rest = changed === 1 ? `nothing else changed${chance}` : '';
  if (changed === 1 && first.after - first.before === delta)
    return `${total}, all in ${placed(first, unit)}; ${rest}.`;
  const named = places.map(
    (place) => `${formatDelta(place.after - place.before, unit)} in ${placed(place, unit)}`,
  );
  const more = changed - places.length;
  const others = more > 0 ? [`${more} more ${forNumber(more, 'places')} changed${chance}`] : [];
  return `${total}: ${[...named, ...others, ...(rest === '' ? [] : [rest])].join('; ')}.`;
}

function placed({ name, before, after }: ChangedPlace, unit: string): string {
  return `${shortName(name)} (${formatValue(before, unit)} → ${formatValue(after, unit)})`;
}
