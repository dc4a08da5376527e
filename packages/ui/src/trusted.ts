// The only two places where text becomes something that runs or is parsed, behind one Trusted Types policy.

interface Policy {
  createScriptURL(address: string): unknown;
  createHTML(text: string): unknown;
}
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (address: string) => string; createHTML: (text: string) => string },
  ): Policy;
}

const types = (globalThis as { readonly trustedTypes?: TrustedTypes }).trustedTypes;
// Only blob: addresses made below, and only XML that is parsed into an inert document.
const policy: Policy = types?.createPolicy('stackpile', {
  createScriptURL: (address) => address,
  createHTML: (text) => text,
}) ?? { createScriptURL: (address) => address, createHTML: (text) => text };

/** Starts a worker from a script that came with the page. */
export function startWorker(script: string): Worker {
  const address = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const worker = new Worker(policy.createScriptURL(address) as string);
  // The worker has the script once it runs; the address must live until then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return worker;
}

/** Parses an SVG into a document of its own, in which nothing runs and nothing is fetched. */
export function parseSvg(text: string): Element {
  return new DOMParser().parseFromString(policy.createHTML(text) as string, 'image/svg+xml').documentElement;
}
