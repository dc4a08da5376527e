// Who started tasks, as a profile says it: the name of a function and a place, in one text.

/** Who started tasks. */
export interface Starter {
  /** As it stands in every other profile: `callback of setInterval at module top level (cron.js:10)`. */
  readonly name: string;
  /** The name without the place that a function without a name has in what it is called: {@link place} says it. */
  readonly plainName: string;
  /** `/srv/cron.js:10`, with a column where only that tells two functions apart; '' where nothing is known. */
  readonly place: string;
}

/** Takes `name file:line` apart: names have blanks where a function has none of its own, and files where a folder has. */
export function starterOf(createdBy: string): Starter {
  const opened = createdBy.lastIndexOf(' (');
  const closed = opened < 0 ? -1 : createdBy.indexOf(') ', opened);
  if (closed >= 0) {
    const told = createdBy.slice(opened + 2, closed);
    const place = createdBy.slice(closed + 2);
    const file = place.slice(Math.max(place.lastIndexOf('/'), place.lastIndexOf('\\')) + 1);
    if (told === file || told.startsWith(`${file}:`)) {
      const name = createdBy.slice(0, closed + 1);
      return { name, plainName: createdBy.slice(0, opened), place: place + told.slice(file.length) };
    }
  }
  const blank = createdBy.indexOf(' ', /^(?:get|set|new) /u.test(createdBy) ? 4 : 0);
  if (blank < 0) return { name: createdBy, plainName: createdBy, place: '' };
  const name = createdBy.slice(0, blank);
  return { name, plainName: name, place: createdBy.slice(blank + 1) };
}
