import { type Bench, column, openBench, startSource } from './harness';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const BY_TIME = { mode: 'timestamp', 'timestamp.column.name': 'at' };
const BY_BOTH = { ...BY_TIME, mode: 'timestamp+incrementing', 'incrementing.column.name': 'id' };
const partition = (table: string) => ({ table: `public.${table}`, protocol: '1' });

/** Ten rows a microsecond apart, of which three share a time. */
async function createTimes(table: string, type = 'timestamptz'): Promise<void> {
  await bench.sql(`CREATE TABLE ${table} (id int PRIMARY KEY, at ${type} NOT NULL)`);
  await bench.sql(
    `INSERT INTO ${table} SELECT i, '2024-01-01 00:00:00.123450'::${type} + least(i, 8) * interval '1 microsecond' FROM generate_series(1, 10) i`,
  );
}

it('keeps microseconds in offsets, and reads neither twice nor past them', async () => {
  await createTimes('micro');
  await using run = await startSource(bench, { ...BY_TIME, 'table.whitelist': 'micro' });
  const records = await run.drain();
  expect(column(records, 'id').toSorted((a, b) => Number(a) - Number(b))).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
  ]);
  const at = Date.UTC(2024, 0, 1) + 123;
  expect(records[0]!.sourceOffset).toEqual({ timestamp: at, timestamp_nanos: 123_451_000 });
  expect(records[6]!.sourceOffset).toEqual({ timestamp: at, timestamp_nanos: 123_457_000 });
  for (const record of records.slice(7, 9))
    expect(record.sourceOffset).toEqual({ timestamp: at, timestamp_nanos: 123_457_000 });
  expect(records[9]!.sourceOffset).toEqual({ timestamp: at, timestamp_nanos: 123_458_000 });
});

it('never cuts a run of one time by a page', async () => {
  await createTimes('ties');
  await using run = await startSource(bench, {
    ...BY_TIME,
    'table.whitelist': 'ties',
    'page.max.rows': '8',
    'batch.max.rows': '3',
  });
  expect((await run.drain()).length).toBe(10);
});

it('goes on within a run of one time by the id', async () => {
  await createTimes('pairs');
  const offset = { incrementing: 8, timestamp: Date.UTC(2024, 0, 1) + 123, timestamp_nanos: 123_458_000 };
  await using run = await startSource(
    bench,
    { ...BY_BOTH, 'table.whitelist': 'pairs', 'page.max.rows': '1' },
    { offsets: [[partition('pairs'), offset]] },
  );
  const records = await run.drain();
  expect(column(records, 'id')).toEqual([9, 10]);
  expect(records[1]!.sourceOffset).toEqual({ ...offset, incrementing: 10 });
});

it('reads a row again when it changed', async () => {
  await bench.sql('CREATE TABLE changed (id int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())');
  await bench.sql('INSERT INTO changed VALUES (1), (2)');
  await using run = await startSource(bench, { ...BY_BOTH, 'table.whitelist': 'changed' });
  expect(column(await run.drain(), 'id')).toEqual([1, 2]);
  await bench.sql('UPDATE changed SET at = now() WHERE id = 1');
  expect(column(await run.take(1), 'id')).toEqual([1]);
});

it('takes columns without zone as wall clocks of db.timezone, in rows and offsets', async () => {
  await createTimes('local', 'timestamp');
  const config = { ...BY_TIME, 'table.whitelist': 'local', 'db.timezone': 'Europe/Zurich' };
  await using run = await startSource(bench, config);
  const records = await run.drain();
  const at = Date.UTC(2023, 11, 31, 23) + 123;
  expect(column(records, 'at')[0]).toBe(at);
  expect(records[0]!.sourceOffset.timestamp).toBe(at);
  await using again = await startSource(bench, config, {
    offsets: [[partition('local'), records[6]!.sourceOffset]],
  });
  expect((await again.drain()).length).toBe(3);
});

it('takes the first column that is not null', async () => {
  await bench.sql('CREATE TABLE first (id int, changed timestamptz, created timestamptz NOT NULL)');
  await bench.sql(`INSERT INTO first VALUES (1, '2024-03-01', '2024-01-01'), (2, NULL, '2024-02-01')`);
  await using run = await startSource(bench, {
    mode: 'timestamp',
    'timestamp.column.name': 'changed,created',
    'table.whitelist': 'first',
  });
  expect(column(await run.drain(), 'id')).toEqual([2, 1]);
});

it('holds rows back for timestamp.delay.interval.ms', async () => {
  await bench.sql('CREATE TABLE delayed (id int, at timestamptz NOT NULL)');
  await bench.sql(
    `INSERT INTO delayed VALUES (1, now() - interval '1 hour'), (2, now() - interval '1 minute')`,
  );
  await using run = await startSource(bench, {
    ...BY_TIME,
    'table.whitelist': 'delayed',
    'timestamp.delay.interval.ms': '600000',
  });
  expect(column(await run.take(1), 'id')).toEqual([1]);
  for (let i = 0; i < 5; i++) expect(await run.poll()).toEqual([]);
});

it.each([
  [String(Date.UTC(2024, 5, 1)), [2, 3]],
  ['-1', [3]],
])('begins behind timestamp.initial=%s', async (initial, ids) => {
  const table = `initial_${ids.length}`;
  await bench.sql(`CREATE TABLE ${table} (id int, at timestamptz NOT NULL)`);
  await bench.sql(`INSERT INTO ${table} VALUES (1, '2024-01-01'), (2, '2024-12-01')`);
  await using run = await startSource(bench, {
    ...BY_TIME,
    'table.whitelist': table,
    'timestamp.initial': initial,
  });
  await bench.sql(`INSERT INTO ${table} VALUES (3, now())`);
  expect(column(await run.take(ids.length), 'id')).toEqual(ids);
});

it('reads by a date', async () => {
  await bench.sql('CREATE TABLE days (id int, day date NOT NULL)');
  await bench.sql(`INSERT INTO days VALUES (1, '2024-01-02'), (2, '2024-01-01'), (3, 'infinity')`);
  await using run = await startSource(bench, {
    mode: 'timestamp',
    'timestamp.column.name': 'day',
    'table.whitelist': 'days',
  });
  expect(column(await run.drain(), 'id')).toEqual([2, 1]);
});
