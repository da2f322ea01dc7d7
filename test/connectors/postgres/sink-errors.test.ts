import { Client } from 'pg';
import { INT64_SCHEMA, isRetriable, OPTIONAL_STRING_SCHEMA, STRING_SCHEMA } from '../../../src/plugin';
import { startPrivatePostgres } from '../../support/stack';
import { startTcpProxy } from '../../support/tcp-proxy';
import { waitFor } from '../../support/wait';
import { rowsOf, useDatabase } from './sink-support';

const db = useDatabase();
const FIELDS = [
  ['id', INT64_SCHEMA],
  ['a', OPTIONAL_STRING_SCHEMA],
] as const;
const UPSERT = { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'pk.fields': 'id' };

const ids = async (table: string) =>
  (await db.rows(`SELECT id::int FROM ${table} ORDER BY id`)).map(({ id }) => id);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('a bad record', () => {
  const limits = `id int8 PRIMARY KEY, a varchar(20) CHECK (a <> 'refused')`;

  it.each([
    ['found by the line that COPY names', {}, 'x'.repeat(21), /value too long/],
    ['found by the line of a constraint', {}, 'refused', /violates check constraint/],
    ['found when it is staged', UPSERT, 'x'.repeat(21), /value too long/],
    ['found by bisection of a merge', UPSERT, 'refused', /violates check constraint/],
  ])('among 5000 costs one record: %s', async (_how, config, value, message) => {
    const table = await db.table(limits);
    const { row } = rowsOf(table, FIELDS);
    const sink = await db.sink(config, { tolerance: 'all' });
    const batch = upTo(5000).map((i) => row(i, i === 3777 ? value : 'fine'));
    await sink.write(...batch);
    expect(sink.reported).toHaveLength(1);
    expect(sink.reported[0]!.record).toBe(batch[3777]);
    expect(sink.reported[0]!.error.message).toMatch(message);
    expect(sink.reported[0]!.error.message).toContain(`Table public.${table}`);
    expect(await ids(table)).toEqual(upTo(5000).filter((i) => i !== 3777));
  });

  it('does not stop at the first: some, many in a row, the last one', async () => {
    const table = await db.table(limits);
    const { row } = rowsOf(table, FIELDS);
    const bad = (i: number) => i === 0 || (i >= 500 && i < 700) || i === 1999;
    for (const config of [{}, UPSERT]) {
      await db.client.query(`TRUNCATE ${table}`);
      const sink = await db.sink(config, { tolerance: 'all' });
      await sink.write(
        ...upTo(2000).map((i) => row(i, bad(i) ? (i % 2 ? 'refused' : 'x'.repeat(30)) : 'fine')),
      );
      expect(await ids(table)).toEqual(upTo(2000).filter((i) => !bad(i)));
      expect(sink.reported.map(({ record }) => record.key)).toEqual(upTo(2000).filter(bad));
    }
  });

  it('fails the task when nothing is tolerated, with table and cause', async () => {
    const table = await db.table(limits);
    const { row } = rowsOf(table, FIELDS);
    const sink = await db.sink({});
    await expect(sink.put([row(1, 'fine'), row(2, 'refused')])).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringMatching(
        /^Table public\.sink_\w+: new row .* violates check constraint .*\[23514\]/,
      ),
    });
  });

  it.each([1, 150])(
    'that cannot be encoded fails the task before anything is committed (%i rows)',
    async (count) => {
      const table = await db.table(`id int8, a int4`);
      const { row } = rowsOf(table, [
        ['id', INT64_SCHEMA],
        ['a', INT64_SCHEMA],
      ]);
      const sink = await db.sink({});
      const batch = [...upTo(count).map((i) => row(i, i)), row(count, 2 ** 40)];
      await expect(sink.put(batch)).rejects.toThrow(/out of range/);
      expect(await ids(table)).toEqual([]);
      await sink.put(batch.slice(0, -1));
      expect(await ids(table)).toHaveLength(count);
    },
  );

  it('is found without the database when it cannot even be encoded', async () => {
    const table = await db.table(`id int8, a int4`);
    const { row } = rowsOf(table, [
      ['id', INT64_SCHEMA],
      ['a', INT64_SCHEMA],
    ]);
    const sink = await db.sink({}, { tolerance: 'all' });
    await sink.write(...upTo(300).map((i) => row(i, i % 100 === 50 ? 2 ** 40 : i)));
    expect(sink.reported.map(({ record, error }) => [record.key, error.message])).toEqual(
      [50, 150, 250].map((i) => [
        i,
        `Table public.${table}, column a (integer): ${2 ** 40} is not a value for type int4: out of range`,
      ]),
    );
    expect(await ids(table)).toHaveLength(297);
  });
});

describe('an insert whose key is there', () => {
  const keyed = `id int8 PRIMARY KEY, a text, n numeric(10,2), doc json DEFAULT '{}'`;

  it('counts as written when the row is the same: a batch that comes again after a crash', async () => {
    const table = await db.table(keyed);
    const { row } = rowsOf(table, FIELDS);
    const rows = upTo(3000).map((i) => row(i, i % 5 === 0 ? null : `a${i}`));
    await (await db.sink({})).write(...rows.slice(0, 2000));
    const again = await db.sink({});
    await again.write(...rows.slice(1000, 2500));
    await again.write(...rows.slice(2400));
    await again.write(rows[7]!);
    expect(again.reported).toEqual([]);
    expect(await ids(table)).toEqual(upTo(3000));
  });

  it.each([1, 150])(
    'is reported when the row is another one, and the others are written (%i rows)',
    async (count) => {
      const table = await db.table(keyed);
      const { row } = rowsOf(table, FIELDS);
      await (await db.sink({})).write(...upTo(count).map((i) => row(i, 'first')));
      const sink = await db.sink({}, { tolerance: 'all' });
      await sink.write(
        row(0, 'second'),
        ...upTo(count * 2)
          .slice(1)
          .map((i) => row(i, 'first')),
      );
      expect(sink.reported.map(({ record, error }) => [record.key, error.message])).toEqual([
        [0, expect.stringMatching(/duplicate key value violates .*; a different row with this key is there/)],
      ]);
      expect(await ids(table)).toEqual(upTo(count * 2));
      expect(await db.rows(`SELECT a FROM ${table} WHERE id = 0`)).toEqual([{ a: 'first' }]);
    },
  );

  it('is judged the same within one batch', async () => {
    const table = await db.table(keyed);
    const { row } = rowsOf(table, FIELDS);
    const sink = await db.sink({}, { tolerance: 'all' });
    const other = row(5, 'other');
    await sink.write(...upTo(200).map((i) => row(i, 'a')), row(5, 'a'), other, row(300, 'a'));
    expect(sink.reported.map(({ record }) => record)).toEqual([other]);
    expect(await ids(table)).toEqual([...upTo(200), 300]);
  });

  it('compares what is stored, also for types without equality, and by any unique key', async () => {
    const table = await db.table(`id int8, code text UNIQUE, n numeric(10,2), doc json, f float8`);
    const { row } = rowsOf(table, [
      ['id', INT64_SCHEMA],
      ['code', STRING_SCHEMA],
      ['n', STRING_SCHEMA],
      ['doc', STRING_SCHEMA],
      ['f', STRING_SCHEMA],
    ]);
    const rows = upTo(150).map((i) => row(i, `c${i}`, '1.005', '{"a":1}', 'NaN'));
    await (await db.sink({})).write(...rows);
    const sink = await db.sink({}, { tolerance: 'all' });
    await sink.write(...rows, row(1, 'c1', '1.005', '{"a": 1}', 'NaN'));
    expect(sink.reported.map(({ error }) => error.message)).toEqual([
      expect.stringMatching(/a different row/),
    ]);
    expect(await ids(table)).toHaveLength(150);
  });

  it('stays as it is when conflicts are to be ignored', async () => {
    const table = await db.table(keyed);
    const { row } = rowsOf(table, FIELDS);
    const sink = await db.sink({ 'insert.conflict': 'ignore' });
    await sink.write(...upTo(150).map((i) => row(i, 'first')));
    await sink.write(...upTo(300).map((i) => row(i, 'second')));
    expect(await db.rows(`SELECT a, count(*)::int FROM ${table} GROUP BY a ORDER BY a`)).toEqual([
      { a: 'first', count: 150 },
      { a: 'second', count: 150 },
    ]);
  });
});

describe('a connection that is lost', () => {
  const kill = (table: string) =>
    db.rows(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()`,
      [table],
    );

  it.each([
    ['insert', {}],
    ['upsert', UPSERT],
  ])('between and amid batches loses nothing (%s)', async (_mode, config) => {
    const table = await db.table(`id int8 PRIMARY KEY, a text`);
    const { row } = rowsOf(table, FIELDS);
    const sink = await db.sink({ ...config, 'connection.ApplicationName': table });
    const total = 60_000;
    let killed = 0;
    for (let from = 0; from < total; from += 3000) {
      const batch = upTo(3000).map((i) => row(from + i, `a${from + i}`));
      for (;;) {
        try {
          await sink.put(batch);
          break;
        } catch (error) {
          if (!isRetriable(error)) throw error;
        }
      }
      if (from % 9000 === 0) killed += (await kill(table)).length;
    }
    expect(killed).toBeGreaterThan(3);
    expect(
      await db.rows(
        `SELECT count(*)::int, count(*) FILTER (WHERE a = 'a' || id)::int AS right FROM ${table}`,
      ),
    ).toEqual([{ count: total, right: total }]);
  });

  it('is said with the address while the database is away', async () => {
    const server = await startPrivatePostgres();
    try {
      const url = server.address();
      const admin = new Client({ connectionString: url });
      await admin.connect();
      await admin.query(`CREATE TABLE t (id int8 PRIMARY KEY, a text)`);
      await admin.end();
      const { row } = rowsOf('t', FIELDS);
      const sink = await db.sink({ ...UPSERT, 'connection.url': url });
      await sink.write(row(1, 'a'));
      await server.stop();
      const batch = [row(2, 'b')];
      await sink.put(batch).catch((error) => expect(isRetriable(error)).toBe(true));
      const failure = await sink.put(batch).catch((error) => error);
      expect(failure).toMatchObject({
        code: 'DATABASE_UNREACHABLE',
        retriable: true,
        message: expect.stringMatching(
          /The database 127\.0\.0\.1:\d+\/postgres as postgres cannot be reached: .*ECONNREFUSED/,
        ),
      });
      await server.start();
      await waitFor(() => sink.put(batch).then(() => true));
      const reader = new Client({ connectionString: url });
      await reader.connect();
      expect((await reader.query(`SELECT id::int, a FROM t ORDER BY id`)).rows).toEqual([
        { id: 1, a: 'a' },
        { id: 2, a: 'b' },
      ]);
      await reader.end();
    } finally {
      await server.remove();
    }
  }, 60_000);

  it('whose commit went through but whose answer did not is recognised in insert mode', async () => {
    const table = await db.table(`id int8 PRIMARY KEY, a text`);
    const { row } = rowsOf(table, FIELDS);
    const { proxy, url } = await throughProxy();
    try {
      const sink = await db.sink({ 'connection.url': url });
      await sink.write(row(0, 'x'));
      proxy.swallowAnswers = true;
      const batch = upTo(200).map((i) => row(i + 1, 'x'));
      const putting = sink.put(batch).catch((error) => error);
      await waitFor(async () => (await ids(table)).length === 201);
      proxy.swallowAnswers = false;
      proxy.cut();
      expect(isRetriable(await putting)).toBe(true);
      await sink.put(batch);
      expect(sink.reported).toEqual([]);
      expect(await ids(table)).toEqual(upTo(201));
    } finally {
      await proxy.close();
    }
  });

  it('ends the task after max.retries when those are set', async () => {
    const table = await db.table(`id int8 PRIMARY KEY, a text`);
    const { row } = rowsOf(table, FIELDS);
    const { proxy, url } = await throughProxy();
    const sink = await db.sink({ 'connection.url': url, 'max.retries': '2', 'retry.backoff.ms': '1' });
    await proxy.close();
    const errors = [];
    for (let i = 0; i < 3; i++) errors.push(await sink.write(row(1, 'a')).catch((error) => error));
    expect(errors.map(isRetriable)).toEqual([true, true, false]);
    expect(errors[2].message).toMatch(/gave up after 2 retries/);
  });

  it('ends in silence when socketTimeout says how long to wait', async () => {
    const table = await db.table(`id int8 PRIMARY KEY, a text`);
    const { row } = rowsOf(table, FIELDS);
    const { proxy, url } = await throughProxy();
    try {
      const sink = await db.sink({ ...UPSERT, 'connection.url': url, 'connection.socketTimeout': '0.3' });
      await sink.write(row(1, 'a'));
      proxy.swallowAnswers = true;
      await expect(sink.put([row(1, 'b')])).rejects.toMatchObject({
        retriable: true,
        message: expect.stringMatching(/did not answer within 300 ms/),
      });
      proxy.swallowAnswers = false;
      await sink.put([row(1, 'b')]);
      expect(await db.texts(table)).toEqual([['1', 'b']]);
    } finally {
      await proxy.close();
    }
  });

  async function throughProxy() {
    const url = new URL(db.url);
    const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
    url.port = String(proxy.port);
    return { proxy, url: url.href };
  }
});

describe('a recovery that is interrupted', () => {
  it('goes on where it was when the same batch comes again', async () => {
    // Without a key nothing but the memory of the task keeps rows from coming twice.
    const table = await db.table(`id int8, a text CHECK (a <> 'refused')`);
    const { row } = rowsOf(table, FIELDS);
    const address = new URL(db.url);
    const proxy = await startTcpProxy({ host: address.hostname, port: Number(address.port) });
    address.port = String(proxy.port);
    try {
      const sink = await db.sink({ 'connection.url': address.href }, { tolerance: 'all' });
      const batch = upTo(2000).map((i) => row(i, i % 100 === 50 ? 'refused' : 'fine'));
      const push = sink.reported.push;
      sink.reported.push = (...items) => {
        if (sink.reported.length === 9) {
          proxy.refuse = true;
          proxy.cut();
        }
        return push.apply(sink.reported, items);
      };
      expect(isRetriable(await sink.put(batch).catch((error) => error))).toBe(true);
      expect((await ids(table)).length).toBeGreaterThan(500);
      proxy.refuse = false;
      await waitFor(() => sink.put(batch).then(() => true));
      expect(sink.reported).toHaveLength(20);
      expect(await ids(table)).toEqual(upTo(2000).filter((i) => i % 100 !== 50));
    } finally {
      await proxy.close();
    }
  });
});

describe('two tasks', () => {
  it('that write the same rows in opposite order both get through', async () => {
    const table = await db.table(`id int8 PRIMARY KEY, a text`);
    const { row } = rowsOf(table, FIELDS);
    const [one, two] = await Promise.all([db.sink(UPSERT), db.sink(UPSERT)]);
    const write = async (sink: typeof one, order: readonly number[], name: string) => {
      for (let round = 0; round < 10; round++)
        await sink.write(...order.map((i) => row(i, `${name}${round}`)));
    };
    await Promise.all([write(one, upTo(1000), 'one'), write(two, upTo(1000).reverse(), 'two')]);
    expect(await ids(table)).toEqual(upTo(1000));
  });

  it('get over a deadlock with somebody else', async () => {
    const table = await db.table(`id int8 PRIMARY KEY, a text`);
    const { row } = rowsOf(table, FIELDS);
    const sink = await db.sink(UPSERT);
    await sink.write(row(1, 'a'), row(2, 'a'));
    const other = new Client({ connectionString: db.url });
    await other.connect();
    try {
      await other.query(`SET deadlock_timeout = '10s'; BEGIN; UPDATE ${table} SET a = 'other' WHERE id = 2`);
      const batch = [row(1, 'b'), row(2, 'b')];
      const putting = sink.put(batch).catch((error) => error);
      await waitFor(
        async () =>
          (
            await db.rows(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1`, [
              `%"${table}"%`,
            ])
          ).length > 0,
      );
      await other.query(`UPDATE ${table} SET a = 'other' WHERE id = 1`);
      await other.query('COMMIT');
      expect(await putting).toMatchObject({ retriable: true, message: expect.stringMatching(/deadlock/) });
      await sink.put(batch);
    } finally {
      await other.end();
    }
    expect(sink.reported).toEqual([]);
    expect(await db.texts(table)).toEqual([
      ['1', 'b'],
      ['2', 'b'],
    ]);
  });
});

describe('a task that is stopped', () => {
  it('does not wait for a lock that somebody holds, and leaves nothing half written', async () => {
    const table = await db.table(`id int8 PRIMARY KEY, a text`);
    const { row } = rowsOf(table, FIELDS);
    const sink = await db.sink({ ...UPSERT, 'connection.ApplicationName': table });
    await sink.write(row(1, 'a'));
    const owner = new Client({ connectionString: db.url });
    await owner.connect();
    try {
      await owner.query(`BEGIN; UPDATE ${table} SET a = 'locked' WHERE id = 1`);
      const stop = new AbortController();
      const putting = sink.task.put([row(0, 'new'), row(1, 'late')], stop.signal).catch((error) => error);
      stop.abort();
      expect(isRetriable(await putting)).toBe(true);
      // The server notices that nobody waits for the rows any more, and does not write them when the lock is free.
      const backend = `SELECT 1 FROM pg_stat_activity WHERE application_name = $1`;
      await waitFor(async () => (await db.rows(backend, [table])).length === 0);
      await owner.query('COMMIT');
      expect(await db.texts(table)).toEqual([['1', 'locked']]);
    } finally {
      await owner.end();
    }
  });
});
