// The docs list the agent's endpoints as its table has them: docs/endpoints.md word for word, README.md each by its name.
// The list is written by: node --conditions=stackpile-source scripts/run.mjs scripts/check/endpoints.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Outcome, root } from '../house.ts';

const PAGE = 'docs/endpoints.md';
const README = 'README.md';
const BEGIN = '<!-- endpoints: written by scripts/check/endpoints.ts -->';
const END = '<!-- /endpoints -->';

/** What is shown of an endpoint; the agent's `Endpoint`. */
export interface EndpointRow {
  readonly name: string;
  readonly description: string;
  readonly kind: string;
  readonly query: Readonly<Record<string, string>>;
}

async function endpoints(): Promise<readonly EndpointRow[]> {
  const path = join(root, 'packages/agent/src/endpoints/table.ts');
  const { endpoints: table } = (await import(pathToFileURL(path).href)) as {
    endpoints: readonly EndpointRow[];
  };
  return table;
}

/** The table of the docs: a row for each endpoint, with what each of its parameters is for. */
export function endpointTable(table: readonly EndpointRow[]): string {
  const rows = table.map(({ name, kind, query, description }) => {
    const parameters = Object.entries(query).map(([key, use]) => `\`${key}\`: ${use}`);
    return `| ${name === '' ? '(nothing)' : `\`${name}\``} | ${kind} | ${parameters.join('<br>')} | ${description} |`;
  });
  return ['| name | kind | parameters | what it is |', '|---|---|---|---|', ...rows].join('\n');
}

/** The page with the table in it; null where it has no place for it. */
export function pageWith(page: string, table: string): string | null {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  return begin < 0 || end < begin
    ? null
    : `${page.slice(0, begin + BEGIN.length)}\n${table}\n${page.slice(end)}`;
}

/** What is wrong with a README that lists the endpoints in words of its own: names that are missing, or too many. */
export function readmeFaults(readme: string, table: readonly EndpointRow[]): string[] {
  const [, body = ''] = /^\| below `\/debug\/pprof\/` .*\n\|[-|]+\n((?:\|.*\n)*)/m.exec(readme) ?? [];
  const listed = Array.from(
    body.matchAll(/^\| (?:`([\w-]+)[^`]*`|\(nothing\)) \|/gm),
    ([, name = '']) => name,
  );
  const names = table.map(({ name }) => name);
  return [
    ...names.filter((name) => !listed.includes(name)).map((name) => `${README}: its table lacks '${name}'`),
    ...listed
      .filter((name) => !names.includes(name))
      .map((name) => `${README}: there is no endpoint '${name}'`),
  ];
}

export async function checkEndpoints(): Promise<Outcome> {
  const table = await endpoints();
  const is = readFileSync(join(root, PAGE), 'utf8');
  const faults = readmeFaults(readFileSync(join(root, README), 'utf8'), table);
  const should = pageWith(is, endpointTable(table));
  if (should === null) faults.push(`${PAGE}: there is no ${BEGIN} … ${END}`);
  else if (is !== should) faults.push(`${PAGE}: its table is not that of the agent`);
  return { ok: faults.length === 0, said: faults.join('\n') };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const path = join(root, PAGE);
  const page = pageWith(readFileSync(path, 'utf8'), endpointTable(await endpoints()));
  if (page !== null) writeFileSync(path, page);
}
