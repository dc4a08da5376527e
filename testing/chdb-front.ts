// ClickHouse's present engine, which npm carries as `chdb`, behind the HTTP of its server, as far as our store speaks it: MODULES DATA.
//
// One question at a time, in one session. Prints its port.
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';

interface Session {
  query(sql: string, format?: string): string;
}

const [, , modules = '', data = ''] = process.argv;
const { Session: Engine } = createRequire(join(modules, 'x.js'))('chdb') as {
  Session: new (path: string) => Session;
};
const session = new Engine(data);

/** What an address carries that is no setting. */
const OTHERS: ReadonlySet<string> = new Set([
  'query',
  'query_id',
  'database',
  'session_id',
  'role',
  'wait_end_of_query',
  'enable_http_compression',
]);

/** Rows in the body, through a file, as a statement that reads them. */
function inserted(sql: string, rows: Buffer): string {
  const [, table = ''] = /^INSERT INTO (\w+) FORMAT RowBinary/u.exec(sql) ?? [];
  const file = join(data, 'block');
  writeFileSync(file, rows);
  const { data: columns } = JSON.parse(session.query(`DESCRIBE TABLE ${table}`, 'JSON')) as {
    data: readonly { readonly name: string; readonly type: string }[];
  };
  const structure = columns.map(({ name, type }) => `${name} ${type}`).join(', ');
  try {
    return session.query(`INSERT INTO ${table} SELECT * FROM file('${file}', 'RowBinary', '${structure}')`);
  } finally {
    rmSync(file);
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function answer(url: URL, body: Buffer): string {
  const database = url.searchParams.get('database');
  if (database !== null) session.query(`USE ${database}`);
  for (const [name, value] of url.searchParams)
    if (!OTHERS.has(name)) session.query(`SET ${name} = '${value.replaceAll("'", "\\'")}'`);
  const sql = url.searchParams.get('query');
  return sql === null ? session.query(body.toString()) : inserted(sql, body);
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://chdb');
  if (url.pathname === '/ping') {
    response.end('Ok.\n');
    return;
  }
  void bodyOf(request).then((body) => {
    try {
      response.end(answer(url, body));
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error));
    }
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
