// The only three places where text becomes something that runs or is parsed, behind one Trusted Types policy.

interface Policy {
  createScriptURL(address: string): unknown;
  createHTML(text: string): unknown;
  createScript(name: string): unknown;
}
interface TrustedTypes {
  createPolicy(name: string, rules: { readonly [R in keyof Policy]: (text: string) => string }): Policy;
}

const types = (globalThis as { readonly trustedTypes?: TrustedTypes }).trustedTypes;
// Only blob: addresses made below, only XML that is parsed into an inert document, and only chunks that came with the page.
const rules = {
  createScriptURL: (address: string): string => address,
  createHTML: (text: string): string => text,
  /** Takes no script, but the name of a chunk: no other text can become one. */
  createScript: (name: string): string =>
    document.querySelector(`script[data-chunk=${JSON.stringify(name)}]`)?.textContent ?? '',
};
const policy: Policy = types?.createPolicy('stackpile', rules) ?? rules;

/** Runs a chunk that stands in the page as text. Its hash is in the page's policy: a changed one does not run. */
export function runChunk(name: string): void {
  const script = document.createElement('script');
  script.text = policy.createScript(name) as string;
  document.head.append(script);
  script.remove();
}

/** Starts a worker from scripts that came with the page. */
export function startWorker(...scripts: readonly string[]): Worker {
  const address = URL.createObjectURL(new Blob([scripts.join('\n')], { type: 'text/javascript' }));
  const worker = new Worker(policy.createScriptURL(address) as string);
  // The worker has the script once it runs; the address must live until then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return worker;
}

/** Parses an SVG into a document of its own, in which nothing runs and nothing is fetched. */
export function parseSvg(text: string): Element {
  return new DOMParser().parseFromString(policy.createHTML(text) as string, 'image/svg+xml').documentElement;
}
