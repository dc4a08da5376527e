// The public face of the cli room: the types of what `stackpile leaks --json` prints.
export type { LeaksReport } from './leaks/json.ts';
