// What a browser shows whoever may not see the pages: a page of its own that says what to do, with a place for the token.
import { createHash } from 'node:crypto';

const style = `:root{color-scheme:light dark;--paper:#fff;--ink:#171a21;--soft:#545c6c;--line:#c3c9d4;--accent:#1f5fbf;--raised:#fff}
@media(prefers-color-scheme:dark){:root{--paper:#14171d;--ink:#e9ecf2;--soft:#a3acbc;--line:#414957;--accent:#8ab8f8;--raised:#20252f}}
body{margin:0;min-height:100vh;display:grid;place-content:center;padding:24px;box-sizing:border-box;background:var(--paper);color:var(--ink);font:14px/1.5 ui-sans-serif,system-ui,sans-serif}
main{max-width:54ch;text-align:center}h1{font-size:20px;font-weight:600;letter-spacing:-.01em;margin:0 0 12px}p{margin:0 0 12px;color:var(--soft);text-wrap:pretty}
code{white-space:nowrap;font-family:ui-monospace,monospace;font-size:13px}form{display:flex;flex-wrap:wrap;gap:10px;align-items:center;justify-content:center;margin:18px 0;color:var(--soft)}
input{flex:0 1 16rem;min-width:8rem;font:inherit;padding:6px 9px;border:1px solid var(--line);border-radius:6px;background:var(--raised);color:var(--ink)}:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
button{font:inherit;font-weight:600;padding:6px 14px;border:0;border-radius:6px;background:var(--ink);color:var(--paper);cursor:pointer}
svg{width:36px;height:36px;margin-bottom:12px}`;

/** The mark of the page, also what a browser shows on its tab. */
export const mark =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><rect x="2" y="14" width="16" height="4" rx="1" fill="#c2410c"/><rect x="4" y="9" width="11" height="4" rx="1" fill="#ea8a3c"/><rect x="7" y="4" width="6" height="4" rx="1" fill="#f5b971"/></svg>';

/** Nothing runs on it, and its form asks this server only. */
export const refusalPolicy: string = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

/** The page without a token. */
export function tokenPage(): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Stackpile: token</title>
<link rel="icon" href="/favicon.svg">
<style>${style}</style>
</head>
<body>
<main>
${mark.replace('<svg ', '<svg aria-hidden="true" ')}
<h1>This page needs its token</h1>
<p>Open the address that stackpile printed in its terminal: it ends in <code>?token=…</code>. Or paste what stands behind the <code>=</code> here.</p>
<form method="get" action="/">
<label for="token">Token</label>
<input id="token" name="token" autocomplete="off" spellcheck="false" required>
<button>Open</button>
</form>
<p>Every start has a token of its own. Is the terminal gone? Start again: <code>stackpile -http=: FILE</code></p>
</main>
</body>
</html>
`;
}
