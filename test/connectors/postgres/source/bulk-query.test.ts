import { postgresSourceAiven } from '../../../../connectors/postgres/source';
import { type Bench, column, openBench, row, startSource } from './harness';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

describe('bulk', () => {
  it('reads everything, then everything again after the interval', async () => {
    await bench.sql('CREATE TABLE whole (id int)');
    await bench.sql('INSERT INTO whole SELECT generate_series(1, 1000)');
    await using run = await startSource(bench, {
      mode: 'bulk',
      'table.whitelist': 'whole',
      'batch.max.rows': '300',
    });
    const first = await run.drain();
    expect(column(first, 'id')).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect((await run.take(1000)).length).toBe(1000);
  });

  it('is through after one pass over every table', async () => {
    await bench.sql(
      'CREATE TABLE many_a (id int); CREATE TABLE many_b (id int); CREATE TABLE many_c (id int)',
    );
    await bench.sql('INSERT INTO many_a VALUES (1); INSERT INTO many_c VALUES (3)');
    await using run = await startSource(bench, {
      mode: 'bulk',
      'table.include.list': 'public\\.many_.*',
      'poll.interval.ms': '600000',
    });
    const records = await run.drain();
    expect(records.map(({ topic, value }) => [topic, row({ value } as (typeof records)[0])])).toEqual([
      ['many_a', { id: 1 }],
      ['many_c', { id: 3 }],
    ]);
  });
});

describe('query', () => {
  it('may join, filter and group, and goes on by id', async () => {
    await bench.sql('CREATE TABLE orders (id serial PRIMARY KEY, customer int, total numeric(8,2))');
    await bench.sql('CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL)');
    await bench.sql(`INSERT INTO customers VALUES (1, 'Ada')`);
    await bench.sql('INSERT INTO orders (customer, total) VALUES (1, 9.50), (2, 3), (1, 1)');
    await using run = await startSource(
      bench,
      {
        mode: 'incrementing',
        'incrementing.column.name': 'id',
        query: `SELECT o.id, c.name, o.total FROM orders o LEFT JOIN customers c ON c.id = o.customer WHERE o.total > 1 -- paid`,
        'topic.prefix': 'sales',
      },
      { connector: postgresSourceAiven, offsets: [[{ query: 'query' }, { incrementing: 0 }]] },
    );
    const records = await run.drain();
    expect(records.map(({ value }) => JSON.parse(JSON.stringify(value)))).toEqual([
      { id: 1, name: 'Ada', total: '9.50' },
      { id: 2, name: null, total: '3.00' },
    ]);
    expect(records[0]!.topic).toBe('sales');
    expect(records[0]!.sourcePartition).toEqual({ query: 'query' });
    expect(records[0]!.valueSchema!.name).toBeNull();
    expect(records[0]!.valueSchema!.fields.every(({ schema }) => schema.optional)).toBe(true);
  });

  it('takes a suffix in place of our limit', async () => {
    await bench.sql('CREATE TABLE cut (id serial PRIMARY KEY)');
    await bench.sql('INSERT INTO cut SELECT FROM generate_series(1, 5)');
    await using run = await startSource(bench, {
      mode: 'incrementing',
      'table.whitelist': 'cut',
      'query.suffix': 'LIMIT 2',
    });
    expect((await run.poll()).length).toBe(2);
    expect(column(await run.take(3), 'id')).toEqual([3, 4, 5]);
  });
});

describe('tables that change', () => {
  it('has a new column in its schema from the next pass on', async () => {
    await bench.sql('CREATE TABLE grows (id serial PRIMARY KEY, a text NOT NULL)');
    await bench.sql(`INSERT INTO grows (a) VALUES ('x')`);
    await using run = await startSource(bench, { mode: 'incrementing', 'table.whitelist': 'grows' });
    const [before] = await run.take(1);
    await bench.sql('ALTER TABLE grows ADD COLUMN b int, ALTER COLUMN a DROP NOT NULL');
    await bench.sql('INSERT INTO grows (b) VALUES (7)');
    const [after] = await run.take(1);
    expect(before!.valueSchema!.fields.map(({ name }) => name)).toEqual(['id', 'a']);
    expect(before!.valueSchema!.field('a')!.schema.optional).toBe(false);
    expect(row(after!)).toEqual({ id: 2, a: null, b: 7 });
    expect(after!.valueSchema!.field('a')!.schema.optional).toBe(true);
  });

  it('reads a column by its new type', async () => {
    await bench.sql('CREATE TABLE widens (id serial PRIMARY KEY, n int)');
    await bench.sql('INSERT INTO widens (n) VALUES (1)');
    await using run = await startSource(bench, { mode: 'incrementing', 'table.whitelist': 'widens' });
    await run.take(1);
    await bench.sql('ALTER TABLE widens ALTER COLUMN n TYPE bigint');
    await bench.sql('INSERT INTO widens (n) VALUES (9007199254740993)');
    const [record] = await run.take(1);
    expect(row(record!)).toEqual({ id: 2, n: 9007199254740993n });
    expect(record!.valueSchema!.field('n')!.schema.type).toBe('int64');
  });
});
