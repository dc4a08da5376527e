// What a browser shows whoever may not see the pages: a page of its own that says what to do, with a place for the token.
import { createHash } from 'node:crypto';

const style = `:root{color-scheme:light dark;--paper:#fbfbfc;--ink:#171a21;--soft:#545c6c;--line:#c9cfda;--accent:#1f5fbf;--raised:#fff}
@media(prefers-color-scheme:dark){:root{--paper:#14171c;--ink:#e9ecf2;--soft:#a3acbc;--line:#454d5c;--accent:#8ab4f8;--raised:#1c2027}}
body{margin:0;min-height:100vh;display:grid;place-content:center;padding:24px;box-sizing:border-box;background:var(--paper);color:var(--ink);font:15px/1.5 ui-sans-serif,system-ui,sans-serif}
main{max-width:34rem}h1{font-size:22px;margin:0 0 8px}p{margin:0 0 12px}small,p.soft{color:var(--soft)}
code{white-space:nowrap;font-family:ui-monospace,monospace;font-size:13px}form{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin:18px 0}
input{flex:1 1 12rem;font:inherit;padding:7px 10px;border:1px solid var(--line);border-radius:6px;background:var(--raised);color:var(--ink)}
button{font:inherit;padding:7px 16px;border:0;border-radius:6px;background:var(--accent);color:var(--paper)}
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
<p class="soft">Every start has a token of its own. Is the terminal gone? Start again: <code>stackpile -http=: FILE</code></p>
</main>
</body>
</html>
`;
}
