// The tables of a ClickHouse store, in the words of the server's version.

/**
 * A profile is one row, whatever its stacks: it is kept as a whole or not at all, and written twice it is one, as is an hour. `profile` is
 * cut into days, which are summed into `hour` and dropped; `hour.times` says which profiles are in it, so that none counts twice.
 * `version` falls with time: the first one of a profile stays. `n` only grows: an hour is only replaced by one that has more.
 */
const TABLES = {
  series: {
    columns: `id UInt64, key String, labels String, names Array(String), texts Array(String),
      profile String, sample_type String, unit String, kind String`,
    engine: { name: 'ReplacingMergeTree', version: '' },
    rest: 'ORDER BY id',
    shard: 'id',
  },
  stack: {
    columns: 'id Int64, month UInt32, functions Array(String), files Array(String), lines Array(Int64)',
    engine: { name: 'ReplacingMergeTree', version: '' },
    rest: 'PARTITION BY month ORDER BY id',
    shard: 'id',
  },
  profile: {
    columns:
      'series UInt64, time Int64, run Int64, total Float64, stacks Array(Int64), vals Array(Int64), version UInt64',
    engine: { name: 'ReplacingMergeTree', version: 'version' },
    rest: 'PARTITION BY intDiv(time, 86400000) ORDER BY (series, time) SETTINGS index_granularity = 256',
    shard: 'series',
  },
  hour: {
    columns: `series UInt64, hour Int64, run Int64, n UInt64, sx Float64, sxx Float64, total Float64, total_max Float64,
      total_last Float64, times Array(Int64), stacks Array(Int64), seen Array(UInt64), sy Array(Float64), sxy Array(Float64),
      syy Array(Float64), peak Array(Float64)`,
    engine: { name: 'ReplacingMergeTree', version: 'n' },
    rest: 'PARTITION BY intDiv(hour, 86400000) ORDER BY (series, hour) SETTINGS index_granularity = 64',
    shard: 'series',
  },
  note: {
    columns: 'name String, text String, version UInt64',
    engine: { name: 'ReplacingMergeTree', version: 'version' },
    rest: 'ORDER BY name',
    shard: 'cityHash64(name)',
  },
} as const;

export type TableName = keyof typeof TABLES;

export const TABLE_NAMES: readonly TableName[] = ['series', 'stack', 'profile', 'hour', 'note'];

/** How columns are packed, where the server can be told: times by their steps, all with zstd in place of LZ4. */
const CODECS: readonly (readonly [pattern: RegExp, codec: string])[] = [
  [/\btime Int64/gu, 'time Int64 CODEC(DoubleDelta, ZSTD(1))'],
  [/\b(\w+) (Array\((?:Int64|UInt64|Float64)\))/gu, '$1 $2 CODEC(ZSTD(3))'],
];

export interface Dialect {
  /** From 21.8 on: codecs, tokens against duplicates. Older ones are for tests. */
  readonly modern: boolean;
  readonly database: string;
  readonly cluster: string | null;
}

/** From the text that `SELECT version()` gives. */
export function isModern(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 21 || (major === 21 && minor >= 8);
}

/** Where rows of a table lie on one server; with a cluster the plain name is all servers together. */
export function localName(table: TableName, { cluster }: Dialect): string {
  return cluster === null ? table : `${table}_local`;
}

/** For after a statement's subject. */
export function onCluster({ cluster }: Dialect): string {
  return cluster === null ? '' : ` ON CLUSTER ${cluster}`;
}

function columnsOf(table: TableName, { modern }: Dialect): string {
  const { columns } = TABLES[table];
  if (!modern) return columns;
  return CODECS.reduce<string>((text, [pattern, codec]) => text.replaceAll(pattern, codec), columns);
}

function engineOf(table: TableName, { cluster, database }: Dialect): string {
  const { name, version } = TABLES[table].engine;
  if (cluster === null) return `${name}(${version})`;
  const path = `'/clickhouse/tables/{shard}/${database}/${table}', '{replica}'`;
  return `Replicated${name}(${[path, ...(version === '' ? [] : [version])].join(', ')})`;
}

/** The statements that make what is missing; harmless where nothing is. */
export function ddlOf(dialect: Dialect): string[] {
  const { cluster, database } = dialect;
  const at = onCluster(dialect);
  return TABLE_NAMES.flatMap((table) => {
    const local = localName(table, dialect);
    const { rest, shard } = TABLES[table];
    const make = `CREATE TABLE IF NOT EXISTS ${database}.${local}${at} (${columnsOf(table, dialect)}) ENGINE = ${engineOf(table, dialect)} ${rest}`;
    if (cluster === null) return [make];
    return [
      make,
      `CREATE TABLE IF NOT EXISTS ${database}.${table}${at} (${columnsOf(table, dialect)}) ENGINE = Distributed(${cluster}, ${database}, ${local}, ${shard})`,
    ];
  });
}
