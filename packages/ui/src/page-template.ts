// The page's markup with places for what the build makes, for the build and for pages that write themselves into a file.
const template = `<!doctype html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{csp}}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>Stackpile</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'%3E%3Crect x='2' y='14' width='16' height='4' rx='1' fill='%23c2410c'/%3E%3Crect x='4' y='9' width='11' height='4' rx='1' fill='%23ea8a3c'/%3E%3Crect x='7' y='4' width='6' height='4' rx='1' fill='%23f5b971'/%3E%3C/svg%3E">
<style>{{style}}</style>
</head>
<body>
<div id="app">{{said}}<noscript>Stackpile draws profiles with JavaScript: please allow it for this page. Nothing leaves it.</noscript></div>
<script type="text/plain" id="stackpile-worker">{{worker}}</script>
<script type="text/plain" id="stackpile-worker-later">{{workerLater}}</script>
<script type="application/json" id="stackpile-boot">{{boot}}</script>
{{data}}
<script>{{script}}</script>
{{chunks}}
</body>
</html>
`;

/** What stands in the places of the template. */
export interface PageParts {
  readonly csp: string;
  readonly style: string;
  readonly worker: string;
  readonly workerLater: string;
  readonly boot: string;
  /** What is read where no script runs: mail, a ticket's preview. Replaced when one does. */
  readonly said: string;
  /** Blocks of data, which never run. */
  readonly data: string;
  readonly script: string;
  readonly chunks: string;
}

/** The page. A replacement is a function, as `$&` in code must stay what it is. */
export function pageOf(parts: PageParts): string {
  const texts = new Map<string, string>(Object.entries(parts));
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => texts.get(name) ?? '');
}

/** Where data is put into a page that is built already. */
export const dataSlot = '<!--stackpile-data-->';

/** Where the words of a report are put into a page that is built already. */
export const saidSlot = '<!--stackpile-said-->';
