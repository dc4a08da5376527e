// What the functions of frames are called: those without a name by what their text says, where that text is known to be what ran.
import {
  type FunctionFacts,
  functionName,
  type FunctionWords,
  isNameless,
  NO_FACTS,
} from '@stackpile/profile';
import type { CompiledFrame } from './originals.ts';
import { functionNames } from './script-text.ts';
import type { WrittenPlace } from './source-maps.ts';

/** A frame whose function is looked for. */
interface NamedFrame extends CompiledFrame {
  readonly name: string;
  readonly facts?: FunctionFacts;
}

/**
 * What a frame's function is called.
 *
 * @param place where the frame was written; null where nothing is known of its script
 * @param shown turns a script's URL into what the profile shows
 */
export function frameName(
  frame: NamedFrame,
  place: WrittenPlace | null,
  shown: (file: string) => string,
): string {
  const { name, file, startLine = 0, startColumn = 0, facts = NO_FACTS } = frame;
  if (file === '' || startLine === 0) return name === '' ? '(anonymous)' : name;
  const nameless = isNameless(name);
  if (!nameless && (name === '(module)' || /[\\/]node_modules[\\/]/u.test(file))) return name;
  const words = wordsOf(frame, place, shown);
  // V8 names some functions by what is near them, but not in heap snapshots: `handlers` for each element of that array.
  if (!nameless && (words === null || words.isName)) return name;
  const isWritten = place?.kind === 'written' && place.startLine > 0;
  const [where, line] = isWritten ? [place.file, place.startLine] : [file, startLine];
  const at = { file: shown(where), line, column: startColumn };
  return functionName(nameless ? name : '', { words, madeIn: facts.madeIn }, at);
}

/** What the text says of a frame's function; null where no text at hand is known to be what ran. */
function wordsOf(
  frame: NamedFrame,
  place: WrittenPlace | null,
  shown: (file: string) => string,
): FunctionWords | null {
  const { name, file, startLine = 0, startColumn = 0, facts = NO_FACTS } = frame;
  if (place?.kind === 'unknown' || place?.kind === 'added') return null;
  if (place?.kind === 'written' && place.file !== file) {
    const written =
      isNameless(name) && place.startLine > 0 ? functionNames.near(place.file, place.startLine, 0) : null;
    // A loader's text has the name of its original, in which nothing stands where V8 says.
    if (written !== null || shown(place.file) === shown(file)) return written;
  }
  return facts.words ?? functionNames.at(file, startLine, startColumn);
}
