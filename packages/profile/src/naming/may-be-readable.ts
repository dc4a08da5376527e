// Which names are worth demangling, by their bytes: apart from what demangles, so that a page loads that only when it has to.
import type { Profile } from '../profile.ts';

/** Can `readableName` make something else of a name with these bytes? Most names need not even be decoded. */
export function mayBeReadable(name: Uint8Array): boolean {
  let before = 0;
  for (let i = 0; i < name.length; i++) {
    const byte = name[i] as number;
    // `<`, `>`, `[`, `]`, `::`, or `_` in front.
    if (byte === 0x3c || byte === 0x3e || byte === 0x5b || byte === 0x5d) return true;
    if (byte === 0x3a && before === 0x3a) return true;
    if (byte === 0x5f && i === 0) return true;
    before = byte;
  }
  return false;
}

/** Whether a profile has names of which a readable form may be made. */
export function hasNamesToRead({ functions, strings }: Profile): boolean {
  return functions.name.some((name, row) => {
    const systemName = functions.systemName[row] ?? 0;
    return systemName !== 0 && (name === 0 || (name === systemName && mayBeReadable(strings.bytes(name))));
  });
}
