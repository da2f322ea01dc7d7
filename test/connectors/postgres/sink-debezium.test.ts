import { postgresSinkDebezium } from '../../../connectors/postgres/sink';
import {
  INT32_SCHEMA,
  INT64_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  type Schema,
  STRING_SCHEMA,
  Struct,
  struct,
  timestampSchema,
} from '../../../src/plugin';
import { record, useDatabase } from './sink-support';

const db = useDatabase();
const TABLE = `id int8 PRIMARY KEY, a text, b text`;
const UPSERT = { 'insert.mode': 'upsert', 'primary.key.mode': 'record_key', 'delete.enabled': 'true' };

const key = struct([['id', INT64_SCHEMA]]);
const row = struct(
  [
    ['id', INT64_SCHEMA],
    ['a', OPTIONAL_STRING_SCHEMA],
    ['b', OPTIONAL_STRING_SCHEMA],
  ],
  { optional: true },
);
const source = struct([
  ['schema', STRING_SCHEMA],
  ['table', STRING_SCHEMA],
]);
const envelope = struct(
  [
    ['before', row],
    ['after', row],
    ['source', source],
    ['op', STRING_SCHEMA],
    ['ts_ms', INT64_SCHEMA],
  ],
  { name: 'server.public.t.Envelope' },
);

type Row = readonly [id: number, a: string | null, b: string | null];
const structOf = (values: Row | null) => (values === null ? null : new Struct(row, [...values]));

function event(topic: string, op: string, before: Row | null, after: Row | null, table = 't') {
  const id = (after ?? before)?.[0];
  const value = new Struct(envelope, [
    structOf(before),
    structOf(after),
    new Struct(source, ['public', table]),
    op,
    0,
  ]);
  return record({
    topic,
    key: id === undefined ? undefined : [key, new Struct(key, [id])],
    value: [envelope, value],
  });
}

const tombstone = (topic: string, id: number) => record({ topic, key: [key, new Struct(key, [id])] });

const open = (config: Record<string, string>, tolerance: 'none' | 'all' = 'none') =>
  db.sink(config, { plugin: postgresSinkDebezium, tolerance });

describe('change events', () => {
  it('write their new state; deletes and tombstones take the row away', async () => {
    const table = await db.table(TABLE);
    const sink = await open(UPSERT);
    await sink.write(
      event(table, 'r', null, [1, 'read', null]),
      event(table, 'c', null, [2, 'created', 'b']),
      event(table, 'c', null, [3, 'gone', 'b']),
      event(table, 'c', null, [4, 'back', 'b']),
    );
    await sink.write(
      event(table, 'u', [2, 'created', 'b'], [2, 'updated', 'b']),
      event(table, 'd', [3, 'gone', 'b'], null),
      tombstone(table, 3),
      event(table, 'd', [4, 'back', 'b'], null),
      tombstone(table, 4),
      event(table, 'c', null, [4, 'again', null]),
      event(table, 'm', null, null),
    );
    expect(await db.texts(table)).toEqual([
      ['1', 'read', null],
      ['2', 'updated', 'b'],
      ['4', 'again', null],
    ]);
  });

  it('pass deletes, tombstones and truncates over unless they are enabled', async () => {
    const table = await db.table(TABLE);
    const sink = await open({ ...UPSERT, 'delete.enabled': 'false' });
    await sink.write(
      event(table, 'c', null, [1, 'a', 'b']),
      event(table, 'd', [1, 'a', 'b'], null),
      tombstone(table, 1),
      event(table, 't', null, null),
    );
    expect(sink.reported).toEqual([]);
    expect(await db.texts(table)).toEqual([['1', 'a', 'b']]);
  });

  it('truncate the table in its place among the others', async () => {
    const table = await db.table(TABLE);
    for (const mode of ['insert', 'upsert']) {
      const sink = await open({
        ...UPSERT,
        'insert.mode': mode,
        'delete.enabled': 'false',
        'truncate.enabled': 'true',
      });
      await sink.write(event(table, 'c', null, [1, 'before', 'b']));
      await sink.write(
        event(table, 'c', null, [2, 'before', 'b']),
        event(table, 't', null, null),
        event(table, 'c', null, [1, `after ${mode}`, 'b']),
      );
      expect(await db.texts(table)).toEqual([['1', `after ${mode}`, 'b']]);
      await db.client.query(`TRUNCATE ${table}`);
    }
  });

  it('leave a large value alone that the source did not log', async () => {
    const table = await db.table(TABLE);
    const sink = await open(UPSERT);
    await sink.write(event(table, 'c', null, [1, 'a', 'a large value']));
    await sink.write(event(table, 'u', null, [1, 'changed', '__debezium_unavailable_value']));
    expect(await db.texts(table)).toEqual([['1', 'changed', 'a large value']]);
  });

  it('are understood without schema too', async () => {
    const table = await db.table(TABLE);
    const sink = await open(UPSERT);
    const of = (op: string, after: object | null) =>
      record({
        topic: table,
        key: [null, { id: 1 }],
        value: [null, { before: null, after, source: {}, op }],
      });
    await sink.write(of('c', { id: 1, a: 'x', b: null }));
    expect(await db.texts(table)).toEqual([['1', 'x', null]]);
    await sink.write(of('d', null));
    expect(await db.texts(table)).toEqual([]);
  });

  it('are reported as they came when their row is refused', async () => {
    const table = await db.table(`id int8 PRIMARY KEY, a varchar(3), b text`);
    const sink = await open(UPSERT, 'all');
    const bad = event(table, 'c', null, [1, 'too long', null]);
    await sink.write(bad, event(table, 'c', null, [2, 'ok', null]));
    expect(sink.reported.map((each) => each.record)).toEqual([bad]);
  });

  it('go to a table named by their source', async () => {
    const table = await db.table(TABLE);
    const sink = await open({ ...UPSERT, 'collection.name.format': '${source.schema}.${source.table}' });
    await sink.write(
      event('any', 'c', null, [1, 'a', 'b'], table),
      event('any', 'c', null, [2, 'a', 'b'], table),
    );
    expect(await db.texts(table)).toHaveLength(2);
  });
});

describe('plain records', () => {
  it('follow the benchmark’s configuration: insert by value, upsert by key, timestamps exact', async () => {
    const value = struct([
      ['id', INT64_SCHEMA],
      ['sensor_id', STRING_SCHEMA],
      ['ts', timestampSchema()],
    ]);
    const of = (topic: string, id: number, ms: number) =>
      record({
        topic,
        key: [key, new Struct(key, [id])],
        value: [value, new Struct(value, [id, `s${id}`, ms])],
      });
    const variants: Record<string, string>[] = [
      {},
      { 'insert.mode': 'upsert', 'primary.key.mode': 'record_key' },
    ];
    for (const extra of variants) {
      const table = await db.table(`id bigint PRIMARY KEY, sensor_id text not null, ts timestamptz not null`);
      const sink = await open({ 'collection.name.format': table, 'schema.evolution': 'none', ...extra });
      await sink.write(
        ...Array.from({ length: 150 }, (_, i) => of('other.topic', i, 1767225600000 + i * 10)),
      );
      expect((await db.texts(table)).find(([id]) => id === '7')).toEqual([
        '7',
        's7',
        '2026-01-01 00:00:00.07+00',
      ]);
    }
  });

  it('take dots in topics as underscores, and names in lower case', async () => {
    const table = await db.table(TABLE);
    const sink = await open(UPSERT);
    const topic = table.replaceAll('_', '.').toUpperCase();
    await sink.write(event(topic, 'c', null, [1, 'a', 'b']));
    expect(await db.texts(table)).toEqual([['1', 'a', 'b']]);
  });

  it('create and extend tables with schema.evolution=basic', async () => {
    const table = await db.table();
    const sink = await open({ ...UPSERT, 'schema.evolution': 'basic' });
    await sink.write(event(table, 'c', null, [1, 'a', 'b']));
    const wider = struct([
      ['id', INT64_SCHEMA],
      ['c', INT32_SCHEMA.with({ optional: true })],
    ]);
    await sink.write(
      record({ topic: table, key: [key, new Struct(key, [2])], value: [wider, new Struct(wider, [2, 5])] }),
    );
    expect(await db.texts(table)).toEqual([
      ['1', 'a', 'b', null],
      ['2', null, null, '5'],
    ]);
    const none = await open(UPSERT);
    const missing = await db.table();
    await expect(none.write(event(missing, 'c', null, [1, 'a', 'b']))).rejects.toMatchObject({
      hint: expect.stringContaining('schema.evolution=basic'),
    });
  });

  it('take their key from headers', async () => {
    const table = await db.table(TABLE);
    const sink = await open({ ...UPSERT, 'primary.key.mode': 'record_header', 'delete.enabled': 'false' });
    const value = struct([['a', STRING_SCHEMA]]);
    const of = (id: number, a: string, schema: Schema = INT64_SCHEMA) =>
      record({
        topic: table,
        value: [value, new Struct(value, [a])],
        headers: [
          { key: 'id', schema, value: id - 1 },
          { key: 'id', schema, value: id },
        ],
      });
    await sink.write(of(1, 'x'), of(2, 'y'), of(1, 'z', INT32_SCHEMA));
    expect(await db.texts(table)).toEqual([
      ['1', 'z', null],
      ['2', 'y', null],
    ]);
  });

  it('write the fields that the lists allow, by topic where it says so', async () => {
    const table = await db.table(TABLE);
    const excluded = await open({ ...UPSERT, 'field.exclude.list': `${table}:b,other:a` });
    await excluded.write(event(table, 'c', null, [1, 'a', 'b']));
    const included = await open({ ...UPSERT, 'field.include.list': 'b' });
    await included.write(event(table, 'c', null, [2, 'a', 'b']));
    expect(await db.texts(table)).toEqual([
      ['1', 'a', null],
      ['2', null, 'b'],
    ]);
  });

  it('keep only the last record of a key with use.reduction.buffer', async () => {
    const table = await db.table(TABLE);
    const sink = await open({ 'primary.key.mode': 'record_key', 'use.reduction.buffer': 'true' });
    await sink.write(event(table, 'c', null, [1, 'first', null]), event(table, 'c', null, [1, 'last', null]));
    expect(await db.texts(table)).toEqual([['1', 'last', null]]);
  });
});
