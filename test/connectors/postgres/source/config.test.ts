import plugins from '../../../../connectors/postgres';
import { postgresSource, postgresSourceAiven } from '../../../../connectors/postgres/source';
import { olderPartitions, readOffset, toOffset } from '../../../../connectors/postgres/source/cursor';
import { readAiven, readConfluent } from '../../../../connectors/postgres/source-config';

const BASE = { 'connection.url': 'jdbc:postgresql://h/d', 'topic.prefix': 'p-', mode: 'bulk' };
const ID = { mode: 'incrementing', 'incrementing.column.name': 'id' };
const TABLES = { 'table.whitelist': 't' };

const WRONG: [config: Record<string, string>, key: string, message: RegExp][] = [
  [{}, 'table.whitelist', /name the tables/],
  [{ ...TABLES, 'table.include.list': 't' }, 'table.include.list', /together with table\.whitelist/],
  [{ ...TABLES, 'table.blacklist': 'u' }, 'table.blacklist', /together with table\.whitelist/],
  [{ 'table.exclude.list': 't' }, 'table.exclude.list', /needs table\.include\.list/],
  [{ ...TABLES, query: 'SELECT 1' }, 'table.whitelist', /together with query/],
  [{ query: 'SELECT 1', 'query.masked': 'SELECT 2' }, 'query.masked', /together with query/],
  [{ query: 'DELETE FROM t' }, 'query', /SELECT/],
  [{ query: 'SELECT 1', 'topic.prefix': '' }, 'topic.prefix', /it is the topic/],
  [{ query: 'SELECT 1', mode: 'incrementing' }, 'incrementing.column.name', /needs it/],
  [{ ...TABLES, mode: 'timestamp' }, 'timestamp.column.name', /column of time/],
  [{ ...TABLES, mode: 'sometimes' }, 'mode', /must be one of/],
  [{ 'table.include.list': '(' }, 'table.include.list', /regular expression/],
  [
    { 'table.include.list': '.*', mode: 'incrementing', 'incrementing.column.mapping': 'id' },
    'incrementing.column.mapping',
    /regex:column/,
  ],
  [{ ...TABLES, 'table.types': 'HEAP' }, 'table.types', /is not one of/],
  [{ ...TABLES, 'db.timezone': 'Mars/Base' }, 'db.timezone', /not a time zone/],
  [{ ...TABLES, 'topic.prefix': 'a b' }, 'topic.prefix', /letters/],
  [{ ...TABLES, 'record.key': 'id' }, 'record.key', /primary_key/],
];

it.each(WRONG)('refuses %j', (config, key, message) => {
  const issues = postgresSource.config.check({ ...BASE, ...config });
  expect(issues.map((issue) => issue.key)).toContain(key);
  expect(issues.find((issue) => issue.key === key)!.message).toMatch(message);
});

it('does not show a masked query', () => {
  const secret = { 'query.masked': `SELECT 'hunter2'`, ...TABLES };
  expect(JSON.stringify(postgresSource.config.check({ ...BASE, ...secret }))).not.toContain('hunter2');
});

it('reads columns by patterns', () => {
  const { incrementing, timestamps } = readConfluent(
    postgresSource.config.parse({
      ...BASE,
      mode: 'timestamp+incrementing',
      'table.include.list': '.*',
      'incrementing.column.mapping': 'a\\..*:id',
      'timestamp.columns.mapping': 'a\\..*:[changed|created]',
    }),
  );
  expect(incrementing).toEqual([{ tables: /^(?:a\..*)$/, columns: ['id'] }]);
  expect(timestamps[0]!.columns).toEqual(['changed', 'created']);
});

it('takes a configuration of Aiven’s connector', () => {
  const config = { ...BASE, ...ID, ...TABLES, 'incrementing.initial': '5', 'table.names.qualify': 'false' };
  expect(postgresSourceAiven.config.check(config)).toEqual([]);
  expect(postgresSourceAiven.config.unknown({ ...config, 'connection.sslmode': 'disable' })).toEqual([]);
  const options = readAiven(postgresSourceAiven.config.parse(config));
  expect(options).toMatchObject({ incrementingInitial: 5, timestampInitial: null, foldNames: false });
  expect(options.connection.applicationName).toBe('millrace source');
});

it('declares examples that are right', () => {
  for (const { config, examples = [] } of [postgresSource, postgresSourceAiven])
    for (const { config: example } of examples) expect(config.check(example)).toEqual([]);
  expect(plugins.flatMap(({ aliases }) => aliases)).toEqual(
    expect.arrayContaining([
      'io.confluent.connect.jdbc.JdbcSourceConnector',
      'io.aiven.connect.jdbc.JdbcSourceConnector',
    ]),
  );
});

describe('offsets', () => {
  it.each([
    [{ id: 5, micros: null }, { incrementing: 5 }],
    [
      { id: null, micros: 1_700_000_000_123_456 },
      { timestamp: 1_700_000_000_123, timestamp_nanos: 123_456_000 },
    ],
    [{ id: 9007199254740993n, micros: null }, { incrementing: 9007199254740993n }],
    [
      { id: 1, micros: -1 },
      { incrementing: 1, timestamp: -1, timestamp_nanos: 999_999_000 },
    ],
  ])('%j', (cursor, offset) => {
    expect(toOffset(cursor)).toEqual(offset);
    expect(readOffset(offset)).toEqual(cursor);
  });

  it('never begins behind what was stored', () => {
    expect(readOffset({ timestamp: 1500 })).toEqual({ id: null, micros: 1_500_000 });
    // 2^53 + 1, as JSON.parse rounds it.
    expect(readOffset({ incrementing: 9007199254740992 }).id!).toBeLessThan(9007199254740993n);
    expect(readOffset({})).toEqual({ id: null, micros: null });
    // As versions before wrote ids beyond 2^53.
    expect(readOffset({ incrementing: '9007199254740993' }).id).toBe(9007199254740993n);
  });

  it('are found where older connectors kept them', () => {
    expect(olderPartitions('db', 's', 't')).toEqual([{ table: 'db.s.t', protocol: '1' }, { table: 't' }]);
  });
});
