// Names in files that are no profiles of pprof are meant to be read: they stay as they are, unless they are mangled.

/** Mangled names of C++ (`_Z`, with up to three more underscores) and Rust (`_R`); nothing of them is meant to be read. */
const MANGLED = /^(?:_{1,4}Z|_{1,2}R[A-Z0-9])[\w.$@]*$/;

/**
 * The system name of a function that a file calls `name`: the name itself where somebody has to demangle it, '' where it is final.
 * pprof, too, leaves a name alone that has another system name.
 */
export function systemNameOf(name: string): string {
  return name.charCodeAt(0) === 0x5f && MANGLED.test(name) ? name : '';
}
