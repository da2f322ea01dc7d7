import {
  INT32_SCHEMA,
  INT64_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  STRING_SCHEMA,
  Struct,
  struct,
} from '../../../src/plugin';
import { record, rowsOf, useDatabase } from './sink-support';

const db = useDatabase();
const FIELDS = [
  ['id', INT64_SCHEMA],
  ['name', OPTIONAL_STRING_SCHEMA],
] as const;

describe('insert', () => {
  it('writes fields to columns of the same name and leaves other columns to their default', async () => {
    const table = await db.table(`id int8, name text, extra int DEFAULT 7`);
    const { row } = rowsOf(table, FIELDS);
    const sink = await db.sink({});
    await sink.write(row(1, 'a'), row(2, null));
    expect(await db.texts(table)).toEqual([
      ['1', 'a', '7'],
      ['2', null, '7'],
    ]);
  });

  it('writes a large batch by COPY, every row', async () => {
    const table = await db.table(`id int8 PRIMARY KEY, name text`);
    const { row } = rowsOf(table, FIELDS);
    const sink = await db.sink({});
    const count = 20_000;
    await sink.write(
      ...Array.from({ length: count }, (_, i) => row(i, i % 3 === 0 ? null : `näme ${i}\t"\\`)),
    );
    const [sums] = await db.rows(
      `SELECT count(*)::int, sum(id)::int, count(name)::int AS names, count(*) FILTER (WHERE name = 'näme ' || id || E'\\t"\\\\')::int AS right FROM ${table}`,
    );
    const names = count - Math.ceil(count / 3);
    expect(sums).toEqual({ count, sum: (count * (count - 1)) / 2, names, right: names });
  });

  it('keeps int8 exact beyond what a double holds', async () => {
    const table = await db.table(`id int8, name text`);
    const { row } = rowsOf(table, FIELDS);
    const sink = await db.sink({});
    await sink.write(
      row(9223372036854775807n, 'max'),
      row(-9223372036854775808n, 'min'),
      row(9007199254740993n, 'odd'),
    );
    expect((await db.texts(table)).map(([id]) => id).sort()).toEqual([
      '-9223372036854775808',
      '9007199254740993',
      '9223372036854775807',
    ]);
  });

  it('goes around rules, which COPY would not run, and through views', async () => {
    const table = await db.table(`id int8, name text`);
    const ruled = await db.table(`id int8, name text`);
    await db.client.query(
      `CREATE RULE redirect AS ON INSERT TO ${ruled} DO INSTEAD INSERT INTO ${table} VALUES (NEW.id, 'by rule')`,
    );
    const view = await db.table();
    await db.client.query(`CREATE VIEW ${view} AS SELECT id, name FROM ${table}`);
    const sink = await db.sink({ 'table.types': 'TABLE,VIEW' });
    const intoRule = rowsOf(ruled, FIELDS);
    const intoView = rowsOf(view, FIELDS);
    await sink.write(
      ...Array.from({ length: 150 }, (_, i) => intoRule.row(i, 'x')),
      ...Array.from({ length: 150 }, (_, i) => intoView.row(1000 + i, 'y')),
    );
    expect(await db.rows(`SELECT name, count(*)::int FROM ${table} GROUP BY name ORDER BY name`)).toEqual([
      { name: 'by rule', count: 150 },
      { name: 'y', count: 150 },
    ]);
  });

  it('writes partitioned tables, GENERATED ALWAYS identities as given, and leaves computed columns alone', async () => {
    const table = await db.table();
    await db.client.query(
      `CREATE TABLE ${table} (id int8 GENERATED ALWAYS AS IDENTITY, name text, size int GENERATED ALWAYS AS (length(name)) STORED)`,
    );
    const sized = rowsOf(table, [...FIELDS, ['size', INT32_SCHEMA]]);
    const sink = await db.sink({});
    await sink.write(sized.row(41, 'abc', 99));
    await sink.write(...Array.from({ length: 120 }, (_, i) => sized.row(100 + i, 'de', 99)));
    expect((await db.texts(table)).filter(([id]) => id === '41' || id === '219')).toEqual([
      ['219', 'de', '2'],
      ['41', 'abc', '3'],
    ]);

    const parent = await db.table();
    await db.client.query(`CREATE TABLE ${parent} (id int8, name text) PARTITION BY RANGE (id)`);
    await db.client.query(`CREATE TABLE ${parent}_low PARTITION OF ${parent} FOR VALUES FROM (0) TO (100)`);
    await db.client.query(
      `CREATE TABLE ${parent}_high PARTITION OF ${parent} FOR VALUES FROM (100) TO (1000)`,
    );
    const parted = rowsOf(parent, FIELDS);
    await sink.write(...Array.from({ length: 150 }, (_, i) => parted.row(i, 'p')));
    expect(
      await db.rows(
        `SELECT (SELECT count(*)::int FROM ${parent}_low) AS low, (SELECT count(*)::int FROM ${parent}_high) AS high`,
      ),
    ).toEqual([{ low: 100, high: 50 }]);
  });

  it('writes null as the default of the schema unless told not to', async () => {
    const table = await db.table(`id int8, name text`);
    const withDefault = OPTIONAL_STRING_SCHEMA.with({ default: 'standard' });
    const { row } = rowsOf(table, [
      ['id', INT64_SCHEMA],
      ['name', withDefault],
    ]);
    await (await db.sink({})).write(row(1, null));
    await (await db.sink({ 'replace.null.with.default': 'false' })).write(row(2, null));
    expect(await db.texts(table)).toEqual([
      ['1', 'standard'],
      ['2', null],
    ]);
  });

  it('writes listed fields only, and names tables by topic, format and letter case', async () => {
    const name = await db.table();
    const table = `${name}_Mixed`;
    await db.client.query(`CREATE TABLE "${table}" (id int8, "Name" text)`);
    try {
      const mixed = rowsOf(name, [...FIELDS, ['secret', STRING_SCHEMA]]);
      const sink = await db.sink({
        'table.name.format': 'public.${topic}_Mixed',
        'fields.whitelist': 'id,name',
      });
      await sink.write(mixed.row(1, 'a', 'no column for this'));
      expect(await db.texts(table)).toEqual([['1', 'a']]);
    } finally {
      await db.client.query(`DROP TABLE "${table}"`);
    }
  });

  it('writes several tables together, and reports only the record at fault', async () => {
    const first = await db.table(`id int8, name text`);
    const second = await db.table(`id int8, name text CHECK (name <> 'bad')`);
    const sink = await db.sink({}, { tolerance: 'all' });
    const other = rowsOf(second, FIELDS);
    await sink.write(rowsOf(first, FIELDS).row(1, 'a'), other.row(2, 'bad'), other.row(3, 'good'));
    expect(sink.reported.map(({ record }) => record.topic)).toEqual([second]);
    expect(sink.reported[0]?.error.message).toMatch(/violates check constraint/);
    expect([await db.texts(first), await db.texts(second)]).toEqual([[['1', 'a']], [['3', 'good']]]);
  });
});

describe('pk.mode', () => {
  it('kafka takes the coordinates, under its names or given ones', async () => {
    const table = await db.table(
      `__connect_topic text, __connect_partition int4, __connect_offset int8, name text, PRIMARY KEY (__connect_topic, __connect_partition, __connect_offset)`,
    );
    const schema = struct([['name', STRING_SCHEMA]]);
    const value = [schema, new Struct(schema, ['a'])] as const;
    await (await db.sink({ 'pk.mode': 'kafka' })).write(
      record({ topic: table, value, partition: 3, offset: 12 }),
    );
    expect(await db.texts(table)).toEqual([[table, '3', '12', 'a']]);

    const named = await db.table(`t text, p int4, o int8, name text, PRIMARY KEY (t, p, o)`);
    const sink = await db.sink({ 'pk.mode': 'kafka', 'pk.fields': 't,p,o', 'insert.mode': 'upsert' });
    await sink.write(record({ topic: named, value, offset: 5 }));
    await sink.write(record({ topic: named, value, offset: 5 }));
    expect(await db.texts(named)).toEqual([[named, '0', '5', 'a']]);
  });

  it('record_key takes a struct, a part of it, or a single value', async () => {
    const key = struct([
      ['id', INT64_SCHEMA],
      ['tenant', STRING_SCHEMA],
    ]);
    const value = struct([['name', STRING_SCHEMA]]);
    const of = (topic: string, id: number, tenant: string, name: string) =>
      record({
        topic,
        key: [key, new Struct(key, [id, tenant])],
        value: [value, new Struct(value, [name])],
      });
    const whole = await db.table(`id int8, tenant text, name text, PRIMARY KEY (tenant, id)`);
    const upsert = { 'insert.mode': 'upsert', 'pk.mode': 'record_key' };
    await (await db.sink(upsert)).write(
      of(whole, 1, 'a', 'x'),
      of(whole, 1, 'b', 'y'),
      of(whole, 1, 'a', 'z'),
    );
    expect((await db.texts(whole)).sort()).toEqual([
      ['1', 'a', 'z'],
      ['1', 'b', 'y'],
    ]);

    const part = await db.table(`id int8 PRIMARY KEY, name text`);
    await (await db.sink({ ...upsert, 'pk.fields': 'id' })).write(
      of(part, 1, 'a', 'x'),
      of(part, 1, 'b', 'y'),
    );
    expect(await db.texts(part)).toEqual([['1', 'y']]);

    const single = await db.table(`code text PRIMARY KEY, name text`);
    await (await db.sink({ ...upsert, 'pk.fields': 'code' })).write(
      record({ topic: single, key: [STRING_SCHEMA, 'k'], value: [value, new Struct(value, ['v'])] }),
    );
    expect(await db.texts(single)).toEqual([['k', 'v']]);
  });

  it('record_value takes all fields or those listed', async () => {
    const table = await db.table(`id int8 PRIMARY KEY, name text`);
    const { row } = rowsOf(table, FIELDS, false);
    const sink = await db.sink({ 'insert.mode': 'upsert', 'pk.mode': 'record_value', 'pk.fields': 'id' });
    await sink.write(row(1, 'a'));
    await sink.write(row(1, 'b'));
    expect(await db.texts(table)).toEqual([['1', 'b']]);

    const all = await db.table(`id int8, name text, PRIMARY KEY (id, name)`);
    const both = await db.sink({ 'insert.mode': 'upsert', 'pk.mode': 'record_value' });
    const pair = rowsOf(all, FIELDS, false);
    await both.write(pair.row(1, 'a'), pair.row(1, 'b'));
    await both.write(pair.row(1, 'a'));
    expect(await db.texts(all)).toEqual([
      ['1', 'a'],
      ['1', 'b'],
    ]);
  });

  it.each([
    ['a record without key', {}, undefined, /needs a record key/],
    ['an array as key', {}, [null, [1]] as const, /is an array/],
    ['a single value and no column for it', {}, [STRING_SCHEMA, 'k'] as const, /exactly one column/],
    [
      'a field that the key does not have',
      { 'pk.fields': 'nope' },
      'struct' as const,
      /pk\.fields names nope/,
    ],
  ])('record_key refuses %s', async (_what, extra, key, message) => {
    const table = await db.table(`id int8 PRIMARY KEY, name text`);
    const keySchema = struct([['id', INT64_SCHEMA]]);
    const value = struct([['name', STRING_SCHEMA]]);
    const sink = await db.sink(
      { 'insert.mode': 'upsert', 'pk.mode': 'record_key', ...extra },
      { tolerance: 'all' },
    );
    await sink.write(
      record({
        topic: table,
        key: key === 'struct' ? [keySchema, new Struct(keySchema, [1])] : key,
        value: [value, new Struct(value, ['v'])],
      }),
    );
    expect(sink.reported.map(({ error }) => error.message)).toEqual([expect.stringMatching(message)]);
    expect(await db.texts(table)).toEqual([]);
  });

  it('refuses a null in the key', async () => {
    const table = await db.table(`id int8 PRIMARY KEY, name text`);
    const sink = await db.sink(
      { 'insert.mode': 'upsert', 'pk.mode': 'record_value', 'pk.fields': 'id' },
      { tolerance: 'all' },
    );
    const { row } = rowsOf(table, [['id', INT64_SCHEMA.with({ optional: true })], FIELDS[1]], false);
    await sink.write(row(null, 'a'), row(2, 'b'));
    expect(sink.reported.map(({ error }) => error.message)).toEqual(['the key field id is null']);
    expect(await db.texts(table)).toEqual([['2', 'b']]);
  });
});

describe('values without struct', () => {
  it('puts text into one column', async () => {
    const table = await db.table(
      `record_value text, __connect_topic text, __connect_partition int, __connect_offset int8`,
    );
    const sink = await db.sink({ 'pk.mode': 'kafka' });
    await sink.write(record({ topic: table, value: [STRING_SCHEMA, 'plain'], offset: 1 }));
    const named = await db.table(`line text`);
    const other = await db.sink({ 'string.output.value.column.name': 'line' });
    await other.write(record({ topic: named, value: [null, 'schemaless text'] }));
    expect(await db.texts(table)).toEqual([['plain', table, '0', '1']]);
    expect(await db.texts(named)).toEqual([['schemaless text']]);
  });

  it('lets the columns of the table type objects and maps', async () => {
    const table = await db.table(
      `id int8 PRIMARY KEY, at timestamptz, price numeric(10,2), tags text[], doc jsonb, ok bool, ref uuid, note text DEFAULT 'none'`,
    );
    const object = {
      id: 1,
      at: '2026-01-31T12:00:00.123456+01:00',
      price: 12.5,
      tags: ['a', 'b,"c'],
      doc: { nested: [1, { deep: 9007199254740993n }] },
      ok: true,
      ref: '7d444840-9dc0-11d1-b245-5ffdce74fad2',
    };
    const sink = await db.sink({ 'insert.mode': 'upsert', 'pk.mode': 'record_value', 'pk.fields': 'id' });
    await sink.write(
      record({ topic: table, value: [null, object] }),
      record({
        topic: table,
        value: [
          null,
          new Map<string, unknown>([
            ['id', 2],
            ['note', 'from a map'],
          ]),
        ],
      }),
    );
    expect(await db.texts(table)).toEqual([
      [
        '1',
        '2026-01-31 11:00:00.123456+00',
        '12.50',
        '{a,"b,\\"c"}',
        '{"nested": [1, {"deep": 9007199254740993}]}',
        'true',
        '7d444840-9dc0-11d1-b245-5ffdce74fad2',
        'none',
      ],
      ['2', null, null, null, null, null, null, 'from a map'],
    ]);
    // A field that is not there leaves its column alone; one that is null does not.
    await sink.write(record({ topic: table, value: [null, { id: 1, ok: null }] }));
    const [changed] = await db.rows(`SELECT price::text, ok FROM ${table} WHERE id = 1`);
    expect(changed).toEqual({ price: '12.50', ok: null });
  });

  it('reports a field without column, or leaves it out when told to', async () => {
    const table = await db.table(`id int8`);
    const value = [null, { id: 1, surprise: 'x' }] as const;
    const strict = await db.sink({}, { tolerance: 'all' });
    await strict.write(record({ topic: table, value }));
    expect(strict.reported[0]?.error.message).toMatch(/has no column for the field surprise/);
    expect(await db.texts(table)).toEqual([]);
    await (await db.sink({ 'schemaless.unknown.fields': 'ignore' })).write(record({ topic: table, value }));
    expect(await db.texts(table)).toEqual([['1']]);
  });

  it('refuses them when schemaless.enabled is false, and values that are neither', async () => {
    const table = await db.table(`id int8`);
    const sink = await db.sink({ 'schemaless.enabled': 'false' }, { tolerance: 'all' });
    await sink.write(
      record({ topic: table, value: [null, { id: 1 }] }),
      record({ topic: table, value: [INT64_SCHEMA, 5] }),
    );
    expect(sink.reported.map(({ error }) => error.message)).toEqual([
      expect.stringMatching(/has no schema/),
      expect.stringMatching(/neither a struct nor a map nor text/),
    ]);
  });
});
