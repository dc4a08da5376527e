// The index page, with the skeleton of Go's.
// Upstream: golang/go src/net/http/pprof/pprof.go, 1.26.8
import type { Offer } from '@stackpile/profile';
import { escapeHtml } from '../http/messages.ts';

/** The page that lists what is offered, in this order; what counts nothing has 0, as Go's. `ui` adds a link to the web page beside them. */
export function indexPage(
  offers: readonly Pick<Offer, 'name' | 'description' | 'count'>[],
  ui: boolean,
): string {
  const link = ui ? '\n<br>\n<a href="ui">what grows, flame graph, tasks: the web page</a>' : '';
  const rows = offers
    .map(
      (e) =>
        `<tr><td>${e.count ?? 0}</td><td><a href='${encodeURIComponent(e.name)}?debug=1'>${escapeHtml(e.name)}</a></td></tr>\n`,
    )
    .join('');
  const items = offers
    .map(
      (e) => `<li><div class=profile-name>${escapeHtml(e.name)}: </div> ${escapeHtml(e.description)}</li>\n`,
    )
    .join('');
  return `<html>
<head>
<title>/debug/pprof/</title>
<style>
.profile-name{
	display:inline-block;
	width:6rem;
}
</style>
</head>
<body>
/debug/pprof/
<br>
<p>Set debug=1 as a query parameter to export in legacy text format</p>
<br>
Types of profiles available:
<table>
<thead><td>Count</td><td>Profile</td></thead>
${rows}</table>
<a href="goroutine?debug=2">full goroutine stack dump</a>${link}
<br>
<p>
Profile Descriptions:
<ul>
${items}</ul>
</p>
</body>
</html>`;
}
