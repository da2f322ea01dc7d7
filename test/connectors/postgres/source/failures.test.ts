import { postgresSource } from '../../../../connectors/postgres/source';
import { isRetriable } from '../../../../src/plugin';
import { waitFor } from '../../../support/wait';
import { type Bench, column, openBench, startSource } from './harness';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const BY_ID = { mode: 'incrementing', 'incrementing.column.name': 'id' };

async function refusal(
  config: Record<string, string>,
): Promise<{ code: string; message: string; hint: string }> {
  await using run = await startSource(bench, config);
  return await run.drain().then(
    () => {
      throw new Error('nothing was refused');
    },
    (error) => error,
  );
}

it('goes on where it was after the connection was lost', async () => {
  // More than is read ahead and than the sockets hold, so that the statement is under way when it is ended.
  const rows = 5000;
  await bench.sql('CREATE TABLE lost (id serial PRIMARY KEY, filler text)');
  await bench.sql(`INSERT INTO lost (filler) SELECT repeat('x', 4000) FROM generate_series(1, ${rows})`);
  await using run = await startSource(bench, {
    ...BY_ID,
    'table.whitelist': 'lost',
    'batch.max.rows': '100',
    'connection.ApplicationName': 'to be ended',
  });
  const ids: unknown[] = column(await run.take(200), 'id');
  const end = () =>
    bench.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'to be ended'`,
    );
  await end();
  const failures: unknown[] = [];
  const readTo = (count: number) =>
    waitFor(async () => {
      const records = await run.poll().catch((error) => {
        failures.push(error);
        return [];
      });
      ids.push(...column(records, 'id'));
      return ids.length >= count;
    });
  await readTo(rows);
  expect(ids).toEqual(Array.from({ length: rows }, (_, i) => i + 1));
  await end();
  await bench.sql(`INSERT INTO lost VALUES (${rows + 1}, '')`);
  await readTo(rows + 1);
  expect(ids.at(-1)).toBe(rows + 1);
  expect(failures.filter((error) => !isRetriable(error))).toEqual([]);
});

it('answers within a moment when it is told to stop while a statement runs', async () => {
  await using run = await startSource(bench, {
    mode: 'bulk',
    query: 'SELECT pg_sleep(60)::text AS slept',
    'topic.prefix': 'slow',
  });
  const poll = run.poll();
  setTimeout(() => run.signal.abort(), 100);
  expect(await poll).toEqual([]);
});

describe('says what is missing, and how to mend it', () => {
  beforeAll(async () => {
    await bench.sql('CREATE TABLE suited (id serial PRIMARY KEY, name text, at timestamptz)');
    await bench.sql('CREATE TABLE loose (id int, at timestamptz)');
    await bench.sql('CREATE VIEW seen AS SELECT * FROM loose');
  });

  it.each([
    [
      'a column',
      { ...BY_ID, 'incrementing.column.name': 'idd', 'table.whitelist': 'suited' },
      /public\.suited has no column idd/,
      /Did you mean id\? It has: id, name, at/,
    ],
    [
      'a type to count by',
      { ...BY_ID, 'incrementing.column.name': 'name', 'table.whitelist': 'suited' },
      /suited\.name is of type text/,
      /mode=timestamp/,
    ],
    [
      'a type of time',
      { mode: 'timestamp', 'timestamp.column.name': 'name', 'table.whitelist': 'suited' },
      /name is of type text/,
      /timestamp\.column\.name/,
    ],
    [
      'NOT NULL',
      { ...BY_ID, 'table.whitelist': 'loose' },
      /loose\.id may be null/,
      /validate\.non\.null=false/,
    ],
    [
      'NOT NULL of times',
      { mode: 'timestamp', 'timestamp.column.name': 'at', 'table.whitelist': 'suited' },
      /at of public\.suited may be null/,
      /validate\.non\.null=false/,
    ],
    [
      'an identity',
      { mode: 'incrementing', 'table.whitelist': 'loose' },
      /has no serial or identity columns/,
      /incrementing\.column\.name/,
    ],
    [
      'a primary key',
      { mode: 'bulk', 'record.key': 'primary_key', 'table.whitelist': 'loose' },
      /has no primary key/,
      /ValueToKey/,
    ],
    [
      'a table in a query',
      { mode: 'bulk', query: 'SELECT * FROM nowhere', 'topic.prefix': 'q' },
      /relation "nowhere" does not exist/,
      /Correct the query/,
    ],
    [
      'a name for each column',
      { mode: 'bulk', query: 'SELECT 1 AS a, 2 AS a', 'topic.prefix': 'q' },
      /has the column a twice/,
      /another name/,
    ],
  ])('%s', async (_, config, message, hint) => {
    const error = await refusal(config as Record<string, string>);
    expect(error).toMatchObject({ code: 'TABLE_UNSUITABLE', retriable: false });
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });

  it('a table that is gone', async () => {
    await bench.sql('CREATE TABLE goes (id serial PRIMARY KEY)');
    await using run = await startSource(bench, { ...BY_ID, 'table.whitelist': 'goes' });
    await run.drain();
    await bench.sql('DROP TABLE goes');
    await expect(run.take(1)).rejects.toMatchObject({ code: 'TABLE_UNSUITABLE', retriable: false });
  });

  it('a table that never was, which may come yet', async () => {
    await expect(
      startSource(bench, { ...BY_ID, 'table.whitelist': 'never, public.ever' }),
    ).rejects.toMatchObject({
      retriable: true,
      message: 'There is no table of never, public.ever in the database that the user may see',
    });
  });

  it('a server', async () => {
    const config = {
      ...BY_ID,
      'table.whitelist': 't',
      'connection.url': 'jdbc:postgresql://127.0.0.1:1/none',
    };
    await expect(startSource(bench, config)).rejects.toMatchObject({
      retriable: true,
      message: expect.stringContaining('127.0.0.1:1'),
    });
  });

  it('a query that writes', async () => {
    const error = await refusal({
      mode: 'bulk',
      query: `SELECT nextval('suited_id_seq') AS n`,
      'topic.prefix': 'q',
    });
    expect(error).toMatchObject({ code: 'DATABASE_REFUSED', retriable: false });
    expect(error.hint).toMatch(/reads only/);
  });

  it('reads a view whose columns may be null', async () => {
    await bench.sql('INSERT INTO loose VALUES (1, now())');
    await using run = await startSource(bench, {
      ...BY_ID,
      'table.whitelist': 'seen',
      'table.types': 'VIEW',
    });
    expect(column(await run.take(1), 'id')).toEqual([1]);
  });

  it('at validation', async () => {
    const raw = { 'connection.url': bench.url, ...BY_ID, 'table.whitelist': 'loose', 'topic.prefix': '' };
    const issues = await postgresSource.validate!(
      postgresSource.config.parse(raw),
      new AbortController().signal,
    );
    expect(issues).toEqual([
      { key: 'mode', value: null, kind: 'invalid', message: expect.stringContaining('loose.id may be null') },
    ]);
  });
});
