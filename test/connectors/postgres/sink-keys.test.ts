import {
  INT64_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  type SinkRecord,
  STRING_SCHEMA,
  Struct,
  struct,
} from '../../../src/plugin';
import { record, rowsOf, useDatabase } from './sink-support';

const db = useDatabase();
const TABLE = `id int8 PRIMARY KEY, a text, b text DEFAULT 'default b'`;
const UPSERT = { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'pk.fields': 'id' };
const DELETES = { ...UPSERT, 'delete.enabled': 'true' };

const a = OPTIONAL_STRING_SCHEMA;
const idA = (topic: string) =>
  rowsOf(topic, [
    ['id', INT64_SCHEMA],
    ['a', a],
  ]);
const idB = (topic: string) =>
  rowsOf(topic, [
    ['id', INT64_SCHEMA],
    ['b', a],
  ]);
const idAB = (topic: string) =>
  rowsOf(topic, [
    ['id', INT64_SCHEMA],
    ['a', a],
    ['b', a],
  ]);

describe('upsert', () => {
  it.each([3, 400])(
    'inserts and updates; of several records of a key in a batch the last wins (%i rows)',
    async (count) => {
      const table = await db.table(TABLE);
      const { row } = idAB(table);
      const sink = await db.sink(UPSERT);
      await sink.write(...Array.from({ length: count }, (_, i) => row(i, 'old', 'old')));
      const batch: SinkRecord[] = [];
      for (let i = count - 1; i >= 0; i--) batch.push(row(i, 'mid', 'mid'), row(i, 'new', null));
      await sink.write(...batch);
      expect(await db.rows(`SELECT a, b, count(*)::int FROM ${table} GROUP BY a, b`)).toEqual([
        { a: 'new', b: null, count },
      ]);
    },
  );

  it('leaves columns alone that the record does not have', async () => {
    const table = await db.table(TABLE);
    const sink = await db.sink(UPSERT);
    await sink.write(idAB(table).row(1, 'a1', 'b1'));
    await sink.write(idA(table).row(1, 'a2'), idA(table).row(2, 'a'));
    expect(await db.texts(table)).toEqual([
      ['1', 'a2', 'b1'],
      ['2', 'a', 'default b'],
    ]);
  });

  it('only takes its place when there is nothing but the key', async () => {
    const table = await db.table(TABLE);
    const only = rowsOf(table, [['id', INT64_SCHEMA]]);
    const sink = await db.sink(UPSERT);
    await sink.write(idAB(table).row(1, 'a', 'b'));
    await sink.write(only.row(1), only.row(2));
    expect(await db.texts(table)).toEqual([
      ['1', 'a', 'b'],
      ['2', null, 'default b'],
    ]);
  });

  it('meets rows of interleaved shapes as if each record had been written by itself', async () => {
    const table = await db.table(TABLE);
    const left = idA(table);
    const right = idB(table);
    const both = idAB(table);
    const sink = await db.sink(UPSERT);
    await sink.write(
      left.row(1, 'a1'),
      right.row(1, 'b1'),
      right.row(2, 'b2'),
      left.row(2, 'a2'),
      left.row(1, 'a3'),
      both.row(3, 'x', 'y'),
      left.row(3, 'z'),
      left.row(4, 'lost'),
      both.row(4, null, 'kept'),
    );
    expect(await db.texts(table)).toEqual([
      ['1', 'a3', 'b1'],
      ['2', 'a2', 'b2'],
      ['3', 'z', 'y'],
      ['4', null, 'kept'],
    ]);
  });

  it('gives the same rows as one record at a time, for any sequence', async () => {
    const batched = await db.table(TABLE);
    const single = await db.table(TABLE);
    const together = await db.sink(DELETES);
    const alone = await db.sink(DELETES);
    let seed = 7;
    const random = (n: number) => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 8) % n;
    const step = (topic: string, [kind, id, value]: readonly [number, number, string]) =>
      [
        () => idA(topic).row(id, value),
        () => idB(topic).row(id, value),
        () => idAB(topic).row(id, value, null),
        () => idA(topic).tombstone(id),
      ][kind]!();
    for (let round = 0; round < 8; round++) {
      const steps = Array.from({ length: 60 }, (_, i) => [random(4), random(7), `${round}.${i}`] as const);
      await together.write(...steps.map((each) => step(batched, each)));
      for (const each of steps) await alone.write(step(single, each));
      expect(await db.texts(batched)).toEqual(await db.texts(single));
    }
  });

  it('names the table, the missing key and the remedy when the key is not unique', async () => {
    const table = await db.table(`id int8, a text, b text, CONSTRAINT ${'k'.repeat(5)} UNIQUE (a, b)`);
    const sink = await db.sink(UPSERT);
    const writing = sink.write(idA(table).row(1, 'a'));
    await expect(writing).rejects.toMatchObject({
      code: 'TABLE_UNSUITABLE',
      message: expect.stringContaining(
        `Table public.${table} has no primary key and no unique constraint on (id), which insert.mode=upsert with pk.mode=record_key needs; it has kkkkk (a, b)`,
      ),
      hint: expect.stringContaining(`ALTER TABLE "public"."${table}" ADD PRIMARY KEY ("id")`),
    });
    // A deferrable or partial unique key cannot be named by ON CONFLICT.
    const partial = await db.table(`id int8, a text`);
    await db.client.query(`CREATE UNIQUE INDEX ON ${partial} (id) WHERE a IS NOT NULL`);
    await expect(sink.write(idA(partial).row(1, 'a'))).rejects.toMatchObject({ code: 'TABLE_UNSUITABLE' });
  });

  it('works through a view onto its table, and where COPY may not go', async () => {
    const table = await db.table(TABLE);
    const view = await db.table();
    await db.client.query(`CREATE VIEW ${view} AS SELECT id, a FROM ${table}`);
    const sink = await db.sink({ ...UPSERT, 'table.types': 'VIEW' });
    const { row } = idA(view);
    await sink.write(row(1, 'x'));
    await sink.write(...Array.from({ length: 200 }, (_, i) => row(i, `v${i}`)));
    expect(await db.rows(`SELECT count(*)::int, max(a) FILTER (WHERE id = 1) AS a FROM ${table}`)).toEqual([
      { count: 200, a: 'v1' },
    ]);
    const strict = await db.sink(UPSERT);
    await expect(strict.write(row(1, 'x'))).rejects.toMatchObject({
      message: expect.stringContaining('is a view'),
    });
  });

  it('goes by arrays where statements may not be prepared and nothing is kept by the session', async () => {
    const table = await db.table(TABLE);
    const { row } = idAB(table);
    const sink = await db.sink({ ...UPSERT, 'connection.prepareThreshold': '0' });
    await sink.write(...Array.from({ length: 300 }, (_, i) => row(i, 'x', `${i}`)));
    await sink.write(...Array.from({ length: 300 }, (_, i) => row(i, 'y', `${i}`)));
    expect(await db.rows(`SELECT a, count(*)::int, sum(b::int)::int FROM ${table} GROUP BY a`)).toEqual([
      { a: 'y', count: 300, sum: 44850 },
    ]);
  });
});

describe('update', () => {
  it.each([2, 300])('changes rows that are there and no others (%i rows)', async (count) => {
    const table = await db.table(TABLE);
    await db.client.query(
      `INSERT INTO ${table} SELECT i, 'old', 'b' FROM generate_series(0, ${count - 1}) i`,
    );
    const sink = await db.sink({ ...UPSERT, 'insert.mode': 'update' });
    const { row } = idA(table);
    await sink.write(...Array.from({ length: count * 2 }, (_, i) => row(i, `new ${i}`)));
    expect(
      await db.rows(
        `SELECT count(*)::int, count(*) FILTER (WHERE a = 'new ' || id AND b = 'b')::int AS right FROM ${table}`,
      ),
    ).toEqual([{ count, right: count }]);
    await sink.write(rowsOf(table, [['id', INT64_SCHEMA]]).row(1));
  });
});

describe('delete', () => {
  it.each([
    ['insert, delete', ['w1', 'd'], []],
    ['delete, insert', ['d', 'w1'], [['1', '1', 'default b']]],
    ['insert, delete, insert', ['w1', 'd', 'w2'], [['1', '2', 'default b']]],
    ['delete, insert, delete', ['d', 'w1', 'd'], []],
    ['insert, insert, delete, insert, insert', ['w1', 'w2', 'd', 'w3', 'w4'], [['1', '4', 'default b']]],
  ])('%s of one key in a batch ends right', async (_what, steps, expected) => {
    const table = await db.table(TABLE);
    const { row, tombstone } = idA(table);
    const sink = await db.sink(DELETES);
    // The row that is there before has a value that must not survive a delete.
    await sink.write(idAB(table).row(1, 'before', 'before'));
    await sink.write(...steps.map((step) => (step === 'd' ? tombstone(1) : row(1, step.slice(1)))));
    expect(await db.texts(table)).toEqual(expected);
  });

  it('works in insert mode, also for a key that comes again after its delete', async () => {
    const table = await db.table(TABLE);
    const { row, tombstone } = idA(table);
    const sink = await db.sink({ ...DELETES, 'insert.mode': 'insert' });
    await sink.write(row(1, 'x'), row(2, 'x'), tombstone(1), row(1, 'y'), tombstone(2));
    expect(await db.texts(table)).toEqual([['1', 'y', 'default b']]);
    await sink.write(tombstone(1), row(1, 'z'), row(3, 'z'));
    expect((await db.texts(table)).map(([id, value]) => [id, value])).toEqual([
      ['1', 'z'],
      ['3', 'z'],
    ]);
  });

  it('deletes many rows, composite and text keys, and rows that are not there', async () => {
    const table = await db.table(`code text, id int8, a text, PRIMARY KEY (code, id)`);
    const key = struct([
      ['id', INT64_SCHEMA],
      ['code', STRING_SCHEMA],
    ]);
    const value = struct([['a', STRING_SCHEMA]]);
    const of = (id: number, kept: boolean) =>
      record({
        topic: table,
        key: [key, new Struct(key, [id, `c"{},\\${id}`])],
        value: kept ? [value, new Struct(value, ['x'])] : undefined,
      });
    const sink = await db.sink({
      'insert.mode': 'upsert',
      'pk.mode': 'record_key',
      'delete.enabled': 'true',
    });
    await sink.write(...Array.from({ length: 500 }, (_, i) => of(i, true)));
    await sink.write(...Array.from({ length: 600 }, (_, i) => of(i, i % 2 === 1 && i < 500)));
    expect(await db.rows(`SELECT count(*)::int, min(id)::int FROM ${table}`)).toEqual([
      { count: 250, min: 1 },
    ]);
  });

  it('refuses a record without value when deletes are off, and says what to do', async () => {
    const table = await db.table(TABLE);
    const sink = await db.sink(UPSERT, { tolerance: 'all' });
    await sink.write(idA(table).tombstone(1), idA(table).row(2, 'x'));
    expect(sink.reported).toHaveLength(1);
    expect(sink.reported[0]?.error).toMatchObject({
      message: 'the record has no value, and deletes are not enabled',
      hint: expect.stringContaining('delete.enabled=true'),
    });
    expect(await db.texts(table)).toEqual([['2', 'x', 'default b']]);
  });
});
