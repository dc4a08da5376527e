// Where a bundle of the black box goes besides its folder: addresses and headers, checked.

/** Where a bundle goes besides its folder. */
export interface Destinations {
  /** Each file is PUT to `ADDRESS/BUNDLE/FILE`. */
  readonly upload: string | null;
  /** Is POSTed a `Notice`. */
  readonly webhook: string | null;
  /** Of every request, for both: secrets as a rule, never shown. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The address of a server of HTTP; null where a text is none. */
export function webAddress(text: string): URL | null {
  if (text.length > 4000 || !URL.canParse(text)) return null;
  const url = new URL(text);
  return /^https?:$/u.test(url.protocol) ? url : null;
}

const NAME = /^[!#$%&'*+.^_`|~\w-]{1,100}$/u;
const VALUE = /^[\t\x20-\x7e\x80-\xff]{0,8000}$/u;

/** Whether a header can be sent: names that Node sets itself are not for others. */
export function isHeader(name: string, value: unknown): boolean {
  const own = /^(?:content-length|content-type|transfer-encoding|connection|host)$/iu.test(name);
  return NAME.test(name) && !own && typeof value === 'string' && VALUE.test(value);
}

/** `Name: value`, a line each; null where a line is none. */
export function headersOf(text: string): Record<string, string> | null {
  const headers: [name: string, value: string][] = [];
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const [, name = '', value = ''] = /^\s*([^\s:]+)\s*:\s*(.*?)\s*$/u.exec(line) ?? [];
    if (!isHeader(name, value)) return null;
    headers.push([name, value]);
  }
  return Object.fromEntries(headers);
}
