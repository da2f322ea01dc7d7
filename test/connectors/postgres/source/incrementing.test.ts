import type { Struct } from '../../../../src/plugin';
import { type Bench, column, openBench, row, startSource } from './harness';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const INCREMENTING = { mode: 'incrementing', 'incrementing.column.name': 'id' };

describe('incrementing', () => {
  it('reads every row once, over pages and batches, with an offset each', async () => {
    await bench.sql('CREATE TABLE pages (id bigserial PRIMARY KEY, name text)');
    await bench.sql(`INSERT INTO pages (name) SELECT 'row ' || i FROM generate_series(1, 2500) i`);
    await using run = await startSource(bench, {
      ...INCREMENTING,
      'table.whitelist': 'pages',
      'batch.max.rows': '70',
      'page.max.rows': '500',
    });
    const records = await run.drain();
    expect(column(records, 'id')).toEqual(Array.from({ length: 2500 }, (_, i) => i + 1));
    expect(records[1233]!.sourceOffset).toEqual({ incrementing: 1234 });
    expect(records[1233]!.sourcePartition).toEqual({ table: 'public.pages', protocol: '1' });
    expect(new Set(records.map((record) => record.sourcePartition)).size).toBe(1);
    expect(records[0]!.topic).toBe('pages');
    expect(records[0]!.valueSchema!.name).toBe('pages');
    expect(records[0]!.key).toBeNull();
    expect(row(records[2499]!)).toEqual({ id: 2500, name: 'row 2500' });
  });

  it('goes on after the stored offset, and then takes what is added', async () => {
    await bench.sql('CREATE TABLE added (id int PRIMARY KEY)');
    await bench.sql('INSERT INTO added SELECT generate_series(1, 10)');
    await using run = await startSource(
      bench,
      { ...INCREMENTING, 'table.whitelist': 'added' },
      { offsets: [[{ table: 'public.added', protocol: '1' }, { incrementing: 7 }]] },
    );
    expect(column(await run.drain(), 'id')).toEqual([8, 9, 10]);
    await bench.sql('INSERT INTO added VALUES (11), (12)');
    expect(column(await run.take(2), 'id')).toEqual([11, 12]);
  });

  it('makes the key of the primary key', async () => {
    await bench.sql('CREATE TABLE keyed (id serial, region text, note text, PRIMARY KEY (region, id))');
    await bench.sql(`INSERT INTO keyed (region, note) VALUES ('eu', 'x')`);
    await using run = await startSource(bench, {
      ...INCREMENTING,
      'table.whitelist': 'keyed',
      'record.key': 'primary_key',
    });
    const [record] = await run.take(1);
    expect((record!.key as Struct).toJSON()).toEqual({ region: 'eu', id: 1 });
    expect(record!.keySchema!.fields.map(({ name, schema }) => [name, schema.type, schema.optional])).toEqual(
      [
        ['region', 'string', false],
        ['id', 'int32', false],
      ],
    );
  });
});
