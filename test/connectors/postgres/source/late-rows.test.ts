/** Transactions that commit in another order than that of their ids and times. */
import { DelayedHead, LateRows } from '../../../../connectors/postgres/source/late-rows';
import { SILENT } from '../../../../src/plugin';
import { waitFor } from '../../../support/wait';
import { type Bench, column, openBench, type Run, startSource } from './harness';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const BY_ID = { mode: 'incrementing', 'incrementing.column.name': 'id' };
const BY_TIME = { mode: 'timestamp', 'timestamp.column.name': 'at' };
const BY_BOTH = {
  mode: 'timestamp+incrementing',
  'timestamp.column.name': 'at',
  'incrementing.column.name': 'id',
};

/** Polls long enough for many passes; what came in the meantime. */
async function watch(run: Run, passes = 8): Promise<unknown[]> {
  const ids: unknown[] = [];
  for (let i = 0; i < passes; i++) ids.push(...column(await run.poll(), 'id'));
  return ids;
}

/** Starts reading and waits until the first observation is made. */
async function startAtEnd(table: string, config: Record<string, string>): Promise<Run> {
  const run = await startSource(bench, { ...config, 'table.whitelist': table });
  await run.drain();
  return run;
}

describe('incrementing', () => {
  it('waits for a row whose id was taken before that of a row in sight', async () => {
    await bench.sql('CREATE TABLE late_id (id serial PRIMARY KEY, note text)');
    await bench.sql(`INSERT INTO late_id (note) VALUES ('first')`);
    await using run = await startAtEnd('late_id', BY_ID);
    const slow = await bench.connect();
    await slow.query('BEGIN');
    await slow.query(`INSERT INTO late_id (note) VALUES ('late')`);
    await bench.sql(`INSERT INTO late_id (note) VALUES ('early')`);
    expect(await watch(run)).toEqual([]);
    expect(run.task.exhausted!()).toBe(false);
    await slow.query('COMMIT');
    expect(column(await run.take(2), 'id')).toEqual([2, 3]);
    expect(await watch(run)).toEqual([]);
  });

  it('waits for a transaction that took an id and has written nothing yet', async () => {
    await bench.sql('CREATE TABLE taken (id serial PRIMARY KEY)');
    await bench.sql('INSERT INTO taken DEFAULT VALUES');
    await using run = await startAtEnd('taken', BY_ID);
    const slow = await bench.connect();
    await slow.query('BEGIN');
    await slow.query(`SELECT nextval('taken_id_seq')`);
    await bench.sql('INSERT INTO taken DEFAULT VALUES');
    expect(await watch(run)).toEqual([]);
    await slow.query('INSERT INTO taken VALUES (2)');
    await slow.query('COMMIT');
    expect(column(await run.take(2), 'id')).toEqual([2, 3]);
  });

  it('passes a gap whose transaction was rolled back', async () => {
    await bench.sql('CREATE TABLE gap (id serial PRIMARY KEY)');
    await using run = await startAtEnd('gap', BY_ID);
    const slow = await bench.connect();
    await slow.query('BEGIN');
    await slow.query('INSERT INTO gap DEFAULT VALUES');
    await bench.sql('INSERT INTO gap DEFAULT VALUES');
    expect(await watch(run)).toEqual([]);
    await slow.query('ROLLBACK');
    expect(column(await run.take(1), 'id')).toEqual([2]);
  });

  it('reads what is settled below a transaction that stays open', async () => {
    await bench.sql('CREATE TABLE below (id serial PRIMARY KEY)');
    await bench.sql('INSERT INTO below SELECT FROM generate_series(1, 5)');
    await using run = await startAtEnd('below', BY_ID);
    await bench.sql('INSERT INTO below SELECT FROM generate_series(6, 8)');
    expect(column(await run.take(3), 'id')).toEqual([6, 7, 8]);
    const slow = await bench.connect();
    await slow.query('BEGIN');
    await slow.query('INSERT INTO below DEFAULT VALUES');
    await bench.sql('INSERT INTO below DEFAULT VALUES');
    expect(await watch(run)).toEqual([]);
    await slow.query('COMMIT');
    expect(column(await run.take(2), 'id')).toEqual([9, 10]);
  });

  it('sees writers of a partition, and does not mind those of other tables', async () => {
    await bench.sql('CREATE TABLE parted (id serial, region text) PARTITION BY LIST (region)');
    await bench.sql(`CREATE TABLE parted_eu PARTITION OF parted FOR VALUES IN ('eu')`);
    await bench.sql(`CREATE TABLE parted_us PARTITION OF parted FOR VALUES IN ('us')`);
    await bench.sql('CREATE TABLE unrelated (id serial PRIMARY KEY)');
    await using run = await startAtEnd('parted', { ...BY_ID, 'validate.non.null': 'false' });
    const slow = await bench.connect();
    await slow.query('BEGIN');
    await slow.query('INSERT INTO unrelated DEFAULT VALUES');
    await bench.sql(`INSERT INTO parted (region) VALUES ('eu')`);
    expect(column(await run.take(1), 'id')).toEqual([1]);
    await slow.query(`INSERT INTO parted_us VALUES (nextval('parted_id_seq'), 'us')`);
    await bench.sql(`INSERT INTO parted (region) VALUES ('eu')`);
    expect(await watch(run)).toEqual([]);
    await slow.query('COMMIT');
    expect(column(await run.take(2), 'id')).toEqual([2, 3]);
  });

  it('begins with a writer at work, whose ids nobody knows', async () => {
    await bench.sql('CREATE TABLE busy (id serial PRIMARY KEY)');
    const slow = await bench.connect();
    await slow.query('BEGIN');
    await slow.query('INSERT INTO busy DEFAULT VALUES');
    await bench.sql('INSERT INTO busy DEFAULT VALUES');
    await using run = await startSource(bench, { ...BY_ID, 'table.whitelist': 'busy' });
    expect(await watch(run)).toEqual([]);
    await slow.query('COMMIT');
    expect(column(await run.take(2), 'id')).toEqual([1, 2]);
  });

  it('waits for writers of the tables behind a query', async () => {
    await bench.sql('CREATE TABLE behind (id serial PRIMARY KEY, shown boolean DEFAULT true)');
    await using run = await startSource(bench, {
      ...BY_ID,
      query: `SELECT id FROM behind WHERE shown`,
      'topic.prefix': 'behind',
    });
    const slow = await bench.connect();
    await slow.query('BEGIN');
    await slow.query('INSERT INTO behind DEFAULT VALUES');
    await bench.sql('INSERT INTO behind DEFAULT VALUES');
    expect(await watch(run)).toEqual([]);
    await slow.query('COMMIT');
    expect(column(await run.take(2), 'id')).toEqual([1, 2]);
  });

  it('loses the row when told to ignore late ones, as the JDBC connectors do', async () => {
    await bench.sql('CREATE TABLE ignored (id serial PRIMARY KEY)');
    await using run = await startAtEnd('ignored', { ...BY_ID, 'late.rows': 'ignore' });
    const slow = await bench.connect();
    await slow.query('BEGIN');
    await slow.query('INSERT INTO ignored DEFAULT VALUES');
    await bench.sql('INSERT INTO ignored DEFAULT VALUES');
    expect(column(await run.take(1), 'id')).toEqual([2]);
    await slow.query('COMMIT');
    expect(await watch(run)).toEqual([]);
  });

  it('waits a while for ids that were taken outside of transactions', async () => {
    await bench.sql('CREATE TABLE pooled (id serial PRIMARY KEY)');
    await using run = await startSource(bench, {
      ...BY_ID,
      'table.whitelist': 'pooled',
      'incrementing.delay.interval.ms': '400',
    });
    await bench.sql('INSERT INTO pooled VALUES (2)');
    expect(await watch(run, 3)).toEqual([]);
    await bench.sql('INSERT INTO pooled VALUES (1)');
    expect(column(await run.take(2), 'id')).toEqual([1, 2]);
  });

  it('delivers every row once while many writers commit in any order', async () => {
    await bench.sql('CREATE TABLE storm (id serial PRIMARY KEY)');
    await using run = await startSource(bench, {
      ...BY_ID,
      'table.whitelist': 'storm',
      'poll.interval.ms': '1',
    });
    const writers = await Promise.all(Array.from({ length: 4 }, () => bench.connect()));
    const work = writers.map(async (client, w) => {
      for (let i = 0; i < 40; i++) {
        await client.query('BEGIN');
        await client.query('INSERT INTO storm SELECT FROM generate_series(1, 3)');
        await client.query(`SELECT pg_sleep(${((i * 7 + w * 3) % 5) / 1000})`);
        await client.query(i % 9 === 8 ? 'ROLLBACK' : 'COMMIT');
      }
    });
    let writing = true;
    const written = Promise.all(work).then(() => {
      writing = false;
    });
    const ids: unknown[] = [];
    while (writing) ids.push(...column(await run.poll(), 'id'));
    await written;
    const [expected] = await bench.sql('SELECT array_agg(id ORDER BY id) AS ids FROM storm');
    const all = expected!.ids as number[];
    await waitFor(async () => {
      ids.push(...column(await run.poll(), 'id'));
      return ids.length >= all.length;
    });
    expect(ids).toEqual(all);
  });
});

describe.each([
  ['timestamp', BY_TIME],
  ['timestamp+incrementing', BY_BOTH],
])('%s', (name, config) => {
  const table = `late_${name.length}`;

  it('waits for a transaction that began before a row in sight, whatever it did so far', async () => {
    await bench.sql(`CREATE TABLE ${table} (id serial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())`);
    await using run = await startAtEnd(table, config);
    const slow = await bench.connect();
    await slow.query('BEGIN');
    await slow.query('SELECT now()');
    await bench.sql(`INSERT INTO ${table} DEFAULT VALUES`);
    expect(await watch(run)).toEqual([]);
    await slow.query(`INSERT INTO ${table} DEFAULT VALUES`);
    await slow.query('COMMIT');
    expect(column(await run.take(2), 'id')).toEqual([2, 1]);
    expect(await watch(run)).toEqual([]);
  });
});

it('does not see the start of transactions without the right to, and waits all the same', async () => {
  const role = `${bench.name}_reader`;
  await bench.sql('CREATE TABLE unseen (id serial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())');
  await bench.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'reader'`);
  await bench.sql(`GRANT USAGE ON SCHEMA public TO ${role}`);
  await bench.sql(`GRANT SELECT ON unseen TO ${role}`);
  try {
    await using run = await startSource(bench, {
      ...BY_TIME,
      'table.whitelist': 'unseen',
      'connection.user': role,
      'connection.password': 'reader',
    });
    await run.drain();
    const slow = await bench.connect();
    await slow.query('BEGIN');
    await slow.query('SELECT now()');
    await bench.sql('INSERT INTO unseen DEFAULT VALUES');
    expect(await watch(run)).toEqual([]);
    await slow.query('INSERT INTO unseen DEFAULT VALUES');
    await slow.query('COMMIT');
    expect(column(await run.take(2), 'id')).toEqual([2, 1]);
  } finally {
    await bench.sql(`DROP OWNED BY ${role}`);
    await bench.sql(`DROP ROLE ${role}`);
  }
});

describe('LateRows', () => {
  const holder = (id: string, began: string | null = null) => ({ id, began, pid: '1', application: 'a' });

  it('settles up to the head of the observation before a holder came', () => {
    const late = new LateRows('t', SILENT);
    expect(late.observe(10, [holder('1/1')])).toEqual({ ceiling: null, heldBack: true });
    expect(late.observe(12, [holder('1/2')])).toEqual({ ceiling: 10, heldBack: true });
    expect(late.observe(15, [holder('1/2'), holder('2/1')])).toEqual({ ceiling: 10, heldBack: true });
    expect(late.observe(15, [holder('2/1')])).toEqual({ ceiling: 12, heldBack: true });
    expect(late.observe(15, [])).toEqual({ ceiling: 15, heldBack: false });
  });

  it('takes the start of a transaction where it is known', () => {
    const late = new LateRows('t', SILENT);
    expect(late.observe(100, [holder('1/1', '70')])).toEqual({ ceiling: 70, heldBack: true });
  });

  it('has nothing to hold back of an empty table', () => {
    expect(new LateRows('t', SILENT).observe(null, [holder('1/1')])).toEqual({
      ceiling: null,
      heldBack: false,
    });
  });
});

describe('DelayedHead', () => {
  it('answers with what was seen that long ago', () => {
    const delayed = new DelayedHead(100);
    expect(delayed.delay(5, 0)).toBeNull();
    expect(delayed.delay(7, 50)).toBeNull();
    expect(delayed.delay(9, 100)).toBe(5);
    expect(delayed.delay(9, 160)).toBe(7);
    expect(delayed.delay(9, 1000)).toBe(9);
  });
});
