import plugins from '../../../connectors/postgres';
import { connectionTarget } from '../../../connectors/postgres/connection';
import { parsePostgresUrl } from '../../../connectors/postgres/jdbc-url';
import { postgresSink, postgresSinkAiven, postgresSinkDebezium } from '../../../connectors/postgres/sink';
import { readAiven } from '../../../connectors/postgres/sink/config-aiven';
import { readConfluent } from '../../../connectors/postgres/sink/config-confluent';
import { readDebezium } from '../../../connectors/postgres/sink/config-debezium';
import { classify, databaseError } from '../../../connectors/postgres/sqlstate';
import { INT64_SCHEMA, MillraceError, type SinkConnector } from '../../../src/plugin';
import { uniqueName } from '../../support/stack';
import { record, rowsOf, useDatabase } from './sink-support';

const URL_ = 'jdbc:postgresql://db.example:5433/shop';
const issues = (plugin: SinkConnector, config: Record<string, string>) =>
  plugin.config.check({ 'connection.url': URL_, ...config }).map(({ key, message }) => `${key}: ${message}`);

describe('connection URLs', () => {
  it.each([
    ['jdbc:postgresql://h:1/d', [{ host: 'h', port: 1 }], 'd', null, null],
    ['jdbc:postgresql://h/d?user=u&password=p%26q', [{ host: 'h', port: 5432 }], 'd', 'u', 'p&q'],
    ['jdbc:postgresql:d', [{ host: 'localhost', port: 5432 }], 'd', null, null],
    [
      'jdbc:postgresql://h1:1,h2:2/',
      [
        { host: 'h1', port: 1 },
        { host: 'h2', port: 2 },
      ],
      null,
      null,
      null,
    ],
    ['jdbc:postgresql://[::1]:5/d%20b', [{ host: '::1', port: 5 }], 'd b', null, null],
    ['postgres://u:p%40ss@h/d', [{ host: 'h', port: 5432 }], 'd', 'u', 'p@ss'],
    ['postgresql://u@h:7/d?sslmode=require', [{ host: 'h', port: 7 }], 'd', 'u', null],
  ])('%s', (url, hosts, database, user, password) => {
    expect(parsePostgresUrl(url)).toMatchObject({ hosts, database, user, password });
  });

  it.each([
    ['jdbc:mysql://h/d', /must be one of Postgres, such as .*; this one begins with jdbc:mysql/],
    ['h:5432/d', /must be one of Postgres/],
    ['jdbc:postgresql://h:port/d', /is not host:port/],
    ['jdbc:postgresql://h/d?password=%zz', /% that is not followed by two hex digits/],
  ])('refuses %s', (url, message) => {
    expect(() => parsePostgresUrl(url)).toThrow(message);
  });

  it('take parameters from the URL before keys of their own, in any case', () => {
    const target = connectionTarget({
      url: `${URL_}?sslmode=verify-ca&currentSchema=a,b&ApplicationName=app&connectTimeout=3&reWriteBatchedInserts=true&nonsense=1`,
      user: 'me',
      password: null,
      properties: { sslmode: 'disable', sslrootcert: '/ca.pem', sockettimeout: '5' },
    });
    expect(target).toMatchObject({
      user: 'me',
      tls: 'verify-ca',
      tlsFiles: { ca: '/ca.pem' },
      searchPath: 'a,b',
      applicationName: 'app',
      connectTimeoutMs: 3000,
      answerTimeoutMs: 5000,
      ignored: ['nonsense'],
    });
    expect(connectionTarget({ url: `${URL_}?ssl=true`, user: 'u', password: null }).tls).toBe('verify-full');
    expect(() => connectionTarget({ url: `${URL_}?sslmode=maybe`, user: 'u', password: null })).toThrow(
      /sslmode/,
    );
  });
});

describe('configurations of other products', () => {
  it('are known by the class names they use', () => {
    expect(
      plugins.filter(({ kind }) => kind === 'sink').map(({ name, aliases }) => [name, ...aliases]),
    ).toEqual([
      ['postgres-sink', 'io.confluent.connect.jdbc.JdbcSinkConnector', 'JdbcSinkConnector', 'JdbcSink'],
      ['postgres-sink-aiven', 'io.aiven.connect.jdbc.JdbcSinkConnector'],
      ['postgres-sink-debezium', 'io.debezium.connector.jdbc.JdbcSinkConnector'],
    ]);
  });

  it('parse unchanged: Confluent’s', () => {
    const config = {
      'connection.url': URL_,
      'connection.user': 'me',
      'connection.password': 'secret',
      'insert.mode': 'UPSERT',
      'pk.mode': 'record_key',
      'pk.fields': 'id, tenant',
      'delete.enabled': 'true',
      'auto.create': 'true',
      'batch.size': '5000',
      'table.types': 'TABLE,VIEW',
      'quote.sql.identifiers': 'never',
      'max.retries': '3',
      'connection.attempts': '5',
      'connection.sslmode': 'require',
      'dialect.name': 'PostgreSqlDatabaseDialect',
    };
    expect(postgresSink.config.check(config)).toEqual([]);
    expect(postgresSink.config.unknown(config)).toEqual([]);
    expect(readConfluent(postgresSink.config.parse(config))).toMatchObject({
      connection: { user: 'me', password: 'secret', tls: 'require' },
      mode: 'upsert',
      keyMode: 'record_key',
      keyFields: ['id', 'tenant'],
      deletes: true,
      create: true,
      evolve: false,
      foldNames: true,
      tableKinds: new Set(['r', 'p', 'f', 'v']),
      retries: { limit: 3, backoffMs: null },
      connect: { limit: 5, backoffMs: null },
    });
    expect(readConfluent(postgresSink.config.parse({ 'connection.url': URL_ })).retries.limit).toBeNull();
  });

  it('parse unchanged: Aiven’s', () => {
    const config = {
      'connection.url': `${URL_}?reWriteBatchedInserts=true`,
      'connection.user': 'me',
      'connection.password': 'p',
      'table.name.format': 'bench',
      'insert.mode': 'multi',
      'table.name.normalize': 'true',
      'topics.to.tables.mapping': 'a:b,c:d',
      'sql.quote.identifiers': 'false',
      'batch.size': '5000',
    };
    expect(postgresSinkAiven.config.unknown(config)).toEqual([]);
    expect(readAiven(postgresSinkAiven.config.parse(config))).toMatchObject({
      mode: 'insert',
      naming: {
        format: 'bench',
        normalize: true,
        byTopic: new Map([
          ['a', 'b'],
          ['c', 'd'],
        ]),
      },
      foldNames: true,
      connection: { ignored: [] },
    });
  });

  it('parse unchanged: Debezium’s', () => {
    const config = {
      'connection.url': URL_,
      'connection.username': 'me',
      'connection.password': 'p',
      'collection.name.format': 'bench',
      'insert.mode': 'insert',
      'schema.evolution': 'none',
      'primary.key.mode': 'record_key',
      'use.reduction.buffer': 'true',
      'dialect.postgres.unnest.insert.enabled': 'true',
      'connection.pool.max_size': '8',
      'hibernate.c3p0.idle_test_period': '300',
      'batch.size': '5000',
    };
    expect(postgresSinkDebezium.config.unknown(config)).toEqual([]);
    expect(readDebezium(postgresSinkDebezium.config.parse(config))).toMatchObject({
      mode: 'insert',
      keyMode: 'record_key',
      envelope: true,
      reduceInserts: true,
      create: false,
      foldNames: true,
      tombstones: 'skip',
      connection: { user: 'me', ignored: [] },
    });
  });

  it.each([
    [postgresSink, { 'insert.mode': 'upsert' }, 'pk.mode', /insert\.mode=upsert needs a key: set pk\.mode/],
    [
      postgresSink,
      { 'delete.enabled': 'true', 'pk.mode': 'record_value' },
      'pk.mode',
      /delete\.enabled=true needs pk\.mode=record_key/,
    ],
    [postgresSink, { 'pk.mode': 'kafka', 'pk.fields': 'a,b' }, 'pk.fields', /exactly three/],
    [postgresSink, { 'insert.mode': 'multi' }, 'insert.mode', /must be one of/],
    [postgresSink, { 'dialect.name': 'MySqlDatabaseDialect' }, 'dialect.name', /writes to Postgres alone/],
    [postgresSink, { 'db.timezone': 'Mars/Base' }, 'db.timezone', /is not a time zone/],
    [postgresSink, { 'connection.url': 'jdbc:oracle:thin:@h' }, 'connection.url', /one of Postgres/],
    [postgresSink, { 'connection.url': '' }, 'connection.url', /a URL is required/],
    [
      postgresSink,
      { 'jdbc.credentials.provider.class': 'com.example.Iam' },
      'jdbc.credentials.provider.class',
      /Java classes/,
    ],
    [
      postgresSinkAiven,
      { 'topics.to.tables.mapping': 'nocolon' },
      'connection.url',
      /is not a pair topic:table/,
    ],
    [
      postgresSinkDebezium,
      { 'insert.mode': 'update' },
      'primary.key.mode',
      /needs a key: set primary\.key\.mode/,
    ],
    [
      postgresSinkDebezium,
      { 'column.naming.strategy': 'com.example.Snake' },
      'column.naming.strategy',
      /default strategy/,
    ],
  ] as const)('%# are refused with the key and the reason', (plugin, config, key, message) => {
    const found = issues(plugin, config);
    expect(found.filter((each) => each.startsWith(`${key}: `))).toEqual([expect.stringMatching(message)]);
  });

  it('in the examples are valid', () => {
    for (const plugin of [postgresSink, postgresSinkAiven, postgresSinkDebezium])
      for (const { config } of plugin.examples!) expect(plugin.config.check(config)).toEqual([]);
  });
});

describe('SQLSTATE', () => {
  const withCode = (code: string) => Object.assign(new Error('x'), { code });

  it.each([
    ['08006', 'connection'],
    ['57P01', 'connection'],
    ['ECONNREFUSED', 'connection'],
    ['EAI_AGAIN', 'connection'],
    ['53300', 'transient'],
    ['40001', 'transient'],
    ['40P01', 'transient'],
    ['55P03', 'transient'],
    ['22001', 'data'],
    ['23505', 'data'],
    ['P0001', 'data'],
    ['42P01', 'stale'],
    ['42703', 'stale'],
    ['08P01', 'stale'],
    ['22P03', 'stale'],
    ['42501', 'fatal'],
    ['28P01', 'fatal'],
    ['3D000', 'fatal'],
  ])('%s is %s', (code, kind) => {
    expect(classify(withCode(code))).toBe(kind);
  });

  it('tells defects of our own from connections that broke', () => {
    expect(classify(new TypeError('Cannot read properties of undefined'))).toBe('fatal');
    expect(classify(new Error('Connection terminated unexpectedly'))).toBe('connection');
    expect(databaseError(withCode('40P01'), 'w')).toMatchObject({ retriable: true });
    expect(databaseError(withCode('28P01'), 'w')).toMatchObject({
      retriable: false,
      hint: expect.any(String),
    });
  });
});

describe('with the database', () => {
  const db = useDatabase();

  it('validation names what is missing', async () => {
    const without = await db.table(`id int8`);
    const missing = uniqueName('missing');
    const check = (config: Record<string, string>) =>
      postgresSink.validate!(
        postgresSink.config.parse({ 'connection.url': db.url, topics: `${without}, ${missing}`, ...config }),
        new AbortController().signal,
      );
    expect((await check({})).map(({ message }) => message)).toEqual([
      `Table "${missing}" of topic ${missing} does not exist. Create it, or set auto.create=true.`,
    ]);
    expect(
      (await check({ 'auto.create': 'true', 'insert.mode': 'upsert', 'pk.mode': 'record_key' })).map(
        ({ message }) => message,
      ),
    ).toEqual([expect.stringMatching(/has no primary key and no unique constraint/)]);
  });

  it.each([
    ['a wrong password', (url: URL) => (url.password = 'wrong'), /password authentication failed/],
    ['no password', (url: URL) => (url.password = ''), /password/],
    ['an unknown database', (url: URL) => (url.pathname = '/nowhere'), /database "nowhere" does not exist/],
  ])('%s ends the start with a reason and without repeats', async (_what, change, message) => {
    const url = new URL(db.url);
    change(url);
    const failure = await db.sink({ 'connection.url': url.href }).catch((error) => error);
    expect(failure).toBeInstanceOf(MillraceError);
    expect(failure).toMatchObject({
      code: 'DATABASE_REFUSED',
      retriable: false,
      message: expect.stringMatching(message),
    });
    expect(failure.hint).not.toBeNull();
    expect(failure.message).not.toContain(new URL(db.url).password);
  });

  it('a server that is not there is worth repeating, unless attempts are limited', async () => {
    const away = { 'connection.url': 'jdbc:postgresql://127.0.0.1:1/d?user=u&password=p' };
    await expect(db.sink(away)).rejects.toMatchObject({
      retriable: true,
      message: expect.stringMatching(
        /^The database 127\.0\.0\.1:1\/d as u cannot be reached: .*ECONNREFUSED/,
      ),
    });
    await expect(
      db.sink({ ...away, 'connection.attempts': '2', 'connection.backoff.ms': '1' }),
    ).rejects.toMatchObject({ retriable: false, message: expect.stringMatching(/gave up after 2 attempts/) });
  });

  it('finds the host that serves among several, and the schema of currentSchema', async () => {
    const schema = uniqueName('schema');
    const url = new URL(db.url);
    const jdbc = `jdbc:postgresql://127.0.0.1:1,${url.host}${url.pathname}?currentSchema=${schema}&targetServerType=primary`;
    await db.client.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.t (record_value text)`);
    try {
      const sink = await db.sink({
        'connection.url': jdbc,
        'connection.user': url.username,
        'connection.password': decodeURIComponent(url.password),
        'table.name.format': 't',
      });
      await sink.write(record({ topic: 'x', value: [null, 'found'] }));
      expect(await db.rows(`SELECT record_value FROM ${schema}.t`)).toEqual([{ record_value: 'found' }]);
    } finally {
      await db.client.query(`DROP SCHEMA ${schema} CASCADE`);
    }
  });

  it('missing privileges are named with what to do', async () => {
    const table = await db.table(`id int8`);
    const role = uniqueName('role');
    await db.client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p'`);
    try {
      const url = new URL(db.url);
      url.username = role;
      url.password = 'p';
      const sink = await db.sink({ 'connection.url': url.href });
      const failure = await sink.write(rowsOf(table, [['id', INT64_SCHEMA]]).row(1)).catch((error) => error);
      expect(failure).toMatchObject({
        code: 'DATABASE_REFUSED',
        message: expect.stringMatching(
          /^Writing to "public"\."sink_\w+": permission denied for table .* \[42501\]$/,
        ),
        hint: expect.stringMatching(/Grant/),
      });
    } finally {
      await db.client.query(`DROP ROLE ${role}`);
    }
  });
});
