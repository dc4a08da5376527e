// Whose a frame is, where every file of the agent lies in a folder of its own: in the sources and as compiled. The published
// agent is one file, which may become part of a bundle: there packed/own-code.ts stands in for this one.

/** `labels` is the agent's too, but what it calls is the user's: `withLabels`. */
export type Owner = 'user' | 'agent' | 'labels';

const root = new URL('..', import.meta.url).href;
const LABELS = /\/tasks\/labels\.[jt]s$/u;

/**
 * @param script URL or path of the frame's script
 * @param _site the frame, with its position in the script
 */
export function ownerOf(script: string, _site: { getPosition(): number }): Owner {
  if (!script.startsWith(root)) return 'user';
  return LABELS.test(script) ? 'labels' : 'agent';
}
