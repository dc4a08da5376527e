// How the monitor's pages look: the colours, type and measures of the page of views, to which they lead.

/** Stands in each page, as they load nothing. */
export const style = `
:root { color-scheme: light dark; --paper: light-dark(#ffffff, #14171d); --shade: light-dark(#f6f7f9, #1a1e26);
  --raised: light-dark(#ffffff, #20252f); --ink: light-dark(#171a21, #e9ecf2); --soft: light-dark(#545c6c, #a3acbc);
  --line: light-dark(#dfe3ea, #2b313c); --strong: light-dark(#c3c9d4, #414957); --accent: light-dark(#1f5fbf, #8ab8f8);
  --bad: light-dark(#b3261e, #ff9c92); --bad-soft: light-dark(#fdecea, #3a1f1e); --good: light-dark(#176639, #7fd4a0);
  --good-soft: light-dark(#e6f4ea, #183024); --unsure: light-dark(#6b4f00, #e8c877); --unsure-soft: light-dark(#fbf3d9, #312a16);
  --own: light-dark(#b4430a, #f7a76a); --pick: light-dark(#1f5fbf33, #8ab8f844);
  --sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
* { box-sizing: border-box; }
body { font: 13px/1.45 var(--sans); margin: 0; background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%; }
header { background: var(--shade); border-bottom: 1px solid var(--line); padding: 8px 22px 0; }
.brand { display: inline-flex; align-items: center; gap: 7px; font-size: 15px; font-weight: 650; letter-spacing: -.01em; color: var(--ink); text-decoration: none; }
.brand span { font-weight: 400; color: var(--soft); }
.brand svg { width: 20px; height: 20px; fill: #c2410c; } .brand .mid { fill: #ea8a3c; } .brand .tip { fill: #f5b971; }
nav { display: flex; gap: 2px; margin: 4px 0 0 -9px; }
nav a { padding: 6px 9px 8px; color: var(--soft); text-decoration: none; border-bottom: 2px solid transparent; }
nav a:hover { color: var(--ink); }
nav a[aria-current] { color: var(--ink); font-weight: 600; border-color: #d9641c; }
main { max-width: 1480px; padding: 18px 22px 28px; }
h1 { font-size: 19px; line-height: 1.4; font-weight: 600; letter-spacing: -.01em; margin: 0 0 2px; overflow-wrap: anywhere; }
h2 { font-size: 13px; font-weight: 600; margin: 22px 0 8px; }
p { margin: 0 0 12px; color: var(--soft); max-width: 100ch; }
a { color: var(--accent); text-decoration-color: var(--strong); text-underline-offset: 2px; }
a:hover { text-decoration-color: currentColor; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; border-radius: 4px; }
ul, ol { list-style: none; margin: 0 0 20px; padding: 0; }
li { display: grid; grid-template-columns: minmax(10rem, 20rem) 8.5rem minmax(0, 1fr) auto; gap: 2px 16px; align-items: baseline;
  border-bottom: 1px solid var(--line); padding: 9px 0; overflow-wrap: anywhere; }
li:not(.bad) > .head { display: contents; } li:not(.bad) .badge { justify-self: start; }
li.bad { grid-template-columns: minmax(0, 1fr) auto; border: 1px solid var(--line); border-left: 4px solid #d2382c; border-radius: 10px;
  background: var(--raised); padding: 12px 16px; margin: 0 0 10px; gap: 4px 20px; }
li.bad > :not(.head, .more) { grid-column: 1 / -1; }
li.bad > .more { grid-row: 1; grid-column: 2; }
li:not(.bad) .said { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; color: var(--soft); }
.alarm { border: 1px solid var(--line); border-left: 4px solid #d2382c; border-radius: 10px; background: var(--raised); padding: 10px 16px;
  margin: 8px 0 12px; overflow-wrap: anywhere; max-width: 110ch; } .alarm > div { margin-top: 4px; }
.head { display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: baseline; }
.name { font-weight: 600; }
.badge { font-weight: 650; white-space: nowrap; padding: 1px 9px; border-radius: 999px; background: var(--bad-soft); color: var(--bad); }
.badge.good { background: var(--good-soft); color: var(--good); }
.badge.unsure { background: var(--unsure-soft); color: var(--unsure); }
.badge.first { background: var(--shade); color: var(--soft); }
.quiet { color: var(--soft); }
.more { color: var(--soft); white-space: nowrap; text-align: end; }
.fast { font-weight: 600; }
code { font: 12px var(--mono); overflow-wrap: anywhere; }
.row { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; margin: 0 0 10px; }
.row > a, button, input, select { font: inherit; color: var(--ink); border: 1px solid var(--line); border-radius: 6px; background: var(--raised);
  min-height: 28px; padding: 3px 10px; max-width: 100%; text-decoration: none; display: inline-flex; align-items: center; }
.row > a:hover, button:hover { border-color: var(--strong); }
.row > a[aria-current] { font-weight: 600; border-color: var(--accent); color: var(--accent); }
.row > label { display: inline-flex; gap: 6px; align-items: center; color: var(--soft); }
button { cursor: pointer; }
[data-view] { background: var(--accent) !important; border-color: var(--accent) !important; color: var(--paper) !important; font-weight: 600; }
figure { margin: 0 0 12px; display: grid; grid-template-columns: auto minmax(0, 1fr); column-gap: 8px; }
.plot { grid-column: 2; display: block; width: 100%; height: 260px; background: var(--shade); border: 1px solid var(--line); border-radius: 6px; touch-action: pan-y; cursor: crosshair; }
.plot a:focus-visible { outline: none; }
.plot a:focus-visible rect, .plot a:hover rect { fill: var(--pick); }
.plot .line { fill: none; stroke: var(--accent); stroke-width: 2; vector-effect: non-scaling-stroke; }
.plot .grid { stroke: var(--line); vector-effect: non-scaling-stroke; }
.plot .cell { fill: transparent; }
.plot .picked { fill: var(--pick); }
.values { position: relative; color: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; text-align: end; white-space: nowrap; }
.values span { display: block; } .values i { font-style: normal; position: absolute; inset-inline-end: 0; transform: translateY(50%); }
.values .room { visibility: hidden; height: 0; overflow: hidden; }
.times { grid-column: 2; display: flex; justify-content: space-between; padding-top: 4px; color: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.times i { font-style: normal; }
.gap { inline-size: 10px; }
.keys { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 0 0 12px; }
.keys span { display: inline-flex; align-items: center; gap: 6px; overflow-wrap: anywhere; font: 12px var(--mono); }
.keys i { inline-size: 10px; block-size: 10px; border-radius: 2px; flex: none; }
.chosen strong { margin-inline-end: 6px; font-variant-numeric: tabular-nums; }
.stack { border: 1px solid var(--line); border-radius: 6px; background: var(--shade); padding: 8px 12px; margin: 0 0 12px; }
.stack li { display: block; border: 0; padding: 1px 0; } .stack { max-height: 40vh; overflow: auto; } .stack .own { font-weight: 600; } .own code { color: var(--own); }
table { border-collapse: collapse; inline-size: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: start; padding: 6px 16px 6px 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
th { font-weight: 600; color: var(--soft); white-space: nowrap; }
td.number, th.number { text-align: end; white-space: nowrap; }
td.place { overflow-wrap: anywhere; } td.place a { font: 12px var(--mono); }
[hidden] { display: none !important; }
@media (max-width: 60rem) {
  li:not(.bad) { grid-template-columns: minmax(0, 1fr) auto; } li:not(.bad) > .head { display: flex; }
  li:not(.bad) > .said { grid-row: 2; grid-column: 1 / -1; }
}
@media (max-width: 40rem) {
  body { font-size: 14px; } header { padding: 8px 12px 0; } main { padding: 14px 12px 28px; }
  li, li:not(.bad), li.bad { grid-template-columns: minmax(0, 1fr); } li.bad > .more { grid-row: auto; grid-column: 1; } .more { text-align: start; white-space: normal; }
  .times i { display: none; } td.steady::after { content: ' steady'; } .plot { height: 200px; }
  thead { display: none; } table, tbody { display: block; } tr { display: block; padding: 8px 0; border-bottom: 1px solid var(--line); }
  td, td.number { display: inline; text-align: start; white-space: normal; border: 0; padding: 0 12px 0 0; } td.place { display: block; }
}
@media (prefers-reduced-motion: no-preference) { a, button { transition: border-color .12s, color .12s; } }
`;
