// Addresses as they may be shown: in messages, tables, pages and files nobody reads a password or a token.

const secretKey = /token|secret|password|apikey|api_key|^key$|auth/iu;

/** Is this a parameter of a query whose value is nobody's business? */
export function isSecretKey(key: string): boolean {
  return secretKey.test(key);
}

/** `http://user:***@host`: also without a scheme, and where the rest is no valid address. */
export function hidePassword(text: string): string {
  // Also `http:/user:…`, which is no address: it is shown to whoever mistyped it.
  const scheme =
    /^[a-z][a-z\d+.-]*:[/\\]+|^[/\\]{2,}(?=[^\s/\\]*@)|^(?:https?|wss?):(?=[^\s/:@]*:[^\s@]*@)/iu.exec(
      text,
    )?.[0];
  if (scheme === undefined) return text.replace(/^([^\s/:@]+):[^\s/@]+@(?=[^\s/@])/u, '$1:***@');
  const rest = text.slice(scheme.length);
  const web = `http://${rest}`;
  // What is no address may have a password with a slash in it: everything up to the last @ is hidden.
  const authority = URL.canParse(web) ? (/^[^/?#\\]*/u.exec(rest)?.[0] ?? '') : rest;
  const at = authority.lastIndexOf('@');
  const colon = authority.indexOf(':');
  if (at < 0 || colon < 0 || colon > at) return text;
  return `${scheme}${rest.slice(0, colon)}:***${rest.slice(at)}`;
}

/** `?token=…` */
export function hideQuerySecrets(text: string): string {
  return text.replaceAll(/([?&]([^=&#\s]*))=[^&#\s]*/gu, (whole, head: string, key: string) =>
    isSecretKey(key) ? `${head}=…` : whole,
  );
}

/** A SOURCE as the user typed it, without its secrets. */
export function shownSource(source: string): string {
  return hideQuerySecrets(hidePassword(source));
}
