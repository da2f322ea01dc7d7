import {
  array,
  BOOLEAN_SCHEMA,
  BYTES_SCHEMA,
  Decimal,
  dateSchema,
  decimalSchema,
  FLOAT32_SCHEMA,
  FLOAT64_SCHEMA,
  INT8_SCHEMA,
  INT32_SCHEMA,
  INT64_SCHEMA,
  map,
  OPTIONAL_STRING_SCHEMA,
  Schema,
  STRING_SCHEMA,
  Struct,
  struct,
  timeSchema,
  timestampSchema,
} from '../../../src/plugin';
import { record, rowsOf, useDatabase } from './sink-support';

const db = useDatabase();
const CREATE = { 'auto.create': 'true', 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'pk.fields': 'id' };

const columns = (table: string) =>
  db.rows(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required, pg_get_expr(d.adbin, d.adrelid) AS "default"
     FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [`"${table}"`],
  );

describe('auto.create', () => {
  it('makes a table of the schema: types, defaults, NOT NULL and primary key', async () => {
    const table = await db.table();
    const nested = struct([['x', INT32_SCHEMA]]);
    const fields: (readonly [string, Schema, unknown])[] = [
      ['id', INT64_SCHEMA, 1],
      ['i8', INT8_SCHEMA, 1],
      ['i32', INT32_SCHEMA.with({ default: 5 }), 1],
      ['f32', FLOAT32_SCHEMA, 1],
      ['f64', FLOAT64_SCHEMA, 1],
      ['ok', BOOLEAN_SCHEMA.with({ default: true }), true],
      ['text', OPTIONAL_STRING_SCHEMA.with({ default: "it's" }), 'x'],
      ['raw', BYTES_SCHEMA.with({ default: Buffer.from([1, 255]) }), Buffer.from('x')],
      ['price', decimalSchema(2).with({ default: new Decimal(150n, 2) }), new Decimal(1n, 2)],
      ['day', dateSchema().with({ default: 0 }), 0],
      ['clock', timeSchema(), 0],
      ['at', timestampSchema().with({ default: 1767225600010 }), 0],
      ['tags', array(STRING_SCHEMA, { optional: true }), ['a']],
      ['days', array(dateSchema(), { optional: true }), [0]],
      ['nested', nested, new Struct(nested, [1])],
      ['attributes', map(STRING_SCHEMA, STRING_SCHEMA), new Map([['k', 'v']])],
      ['zoned', new Schema('string', { name: 'io.debezium.time.ZonedTimestamp' }), '2026-01-01T00:00:00Z'],
      [
        'ref',
        new Schema('string', { name: 'io.debezium.data.Uuid' }),
        '7d444840-9dc0-11d1-b245-5ffdce74fad2',
      ],
    ];
    const schema = struct(fields.map(([name, type]) => [name, type] as const));
    const sink = await db.sink(CREATE);
    await sink.write(
      record({
        topic: table,
        key: [INT64_SCHEMA, 1],
        value: [
          schema,
          new Struct(
            schema,
            fields.map(([, , value]) => value),
          ),
        ],
      }),
    );
    expect(
      (await columns(table)).map(({ name, type, required, default: value }) => [name, type, required, value]),
    ).toEqual([
      ['id', 'bigint', true, null],
      ['i8', 'smallint', true, null],
      ['i32', 'integer', true, '5'],
      ['f32', 'real', true, null],
      ['f64', 'double precision', true, null],
      ['ok', 'boolean', true, 'true'],
      ['text', 'text', false, "'it''s'::text"],
      ['raw', 'bytea', true, "'\\x01ff'::bytea"],
      ['price', 'numeric', true, '1.50'],
      ['day', 'date', true, "'1970-01-01'::date"],
      ['clock', 'time without time zone', true, null],
      ['at', 'timestamp without time zone', true, "'2026-01-01 00:00:00.01'::timestamp without time zone"],
      ['tags', 'text[]', false, null],
      ['days', 'date[]', false, null],
      ['nested', 'jsonb', true, null],
      ['attributes', 'jsonb', true, null],
      ['zoned', 'timestamp with time zone', true, null],
      ['ref', 'uuid', true, null],
    ]);
    const keys = await db.rows(
      `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conrelid = to_regclass($1)`,
      [table],
    );
    expect(keys).toEqual([{ definition: 'PRIMARY KEY (id)' }]);
  });

  it('keeps letter case, or folds it when names are not quoted', async () => {
    const table = await db.table();
    const schema = struct([
      ['Id', INT64_SCHEMA],
      ['camelCase', STRING_SCHEMA],
    ]);
    const value = [schema, new Struct(schema, [1, 'x'])] as const;
    await (await db.sink({ 'auto.create': 'true', 'table.name.format': `${table}_Q` })).write(
      record({ topic: 't', value }),
    );
    await (
      await db.sink({
        'auto.create': 'true',
        'table.name.format': `${table}_Q`.toUpperCase(),
        'quote.sql.identifiers': 'never',
      })
    ).write(record({ topic: 't', value }));
    try {
      expect((await columns(`${table}_Q`)).map(({ name }) => name)).toEqual(['Id', 'camelCase']);
      expect((await columns(`${table}_q`)).map(({ name }) => name)).toEqual(['id', 'camelcase']);
    } finally {
      await db.client.query(`DROP TABLE IF EXISTS "${table}_Q", "${table}_q"`);
    }
  });

  it('is done once by tasks that race', async () => {
    const table = await db.table();
    const { row } = rowsOf(table, [
      ['id', INT64_SCHEMA],
      ['a', STRING_SCHEMA],
    ]);
    const more = rowsOf(table, [
      ['id', INT64_SCHEMA],
      ['a', STRING_SCHEMA],
      ['b', OPTIONAL_STRING_SCHEMA],
    ]);
    const sinks = await Promise.all(
      Array.from({ length: 6 }, () => db.sink({ ...CREATE, 'auto.evolve': 'true' })),
    );
    await Promise.all(sinks.map((sink, i) => sink.write(row(i, 'a'))));
    await Promise.all(sinks.map((sink, i) => sink.write(more.row(100 + i, 'a', 'b'))));
    expect(await db.rows(`SELECT count(*)::int, count(b)::int AS b FROM ${table}`)).toEqual([
      { count: 12, b: 6 },
    ]);
  });

  it('does not make a table of a tombstone', async () => {
    const table = await db.table();
    const { row, tombstone } = rowsOf(table, [
      ['id', INT64_SCHEMA],
      ['a', STRING_SCHEMA],
    ]);
    const sink = await db.sink({ ...CREATE, 'delete.enabled': 'true' });
    await sink.write(tombstone(1));
    expect(await db.rows(`SELECT to_regclass($1) AS found`, [table])).toEqual([{ found: null }]);
    await sink.write(tombstone(1), row(1, 'x'));
    expect(await db.texts(table)).toEqual([['1', 'x']]);
  });

  it('needs a schema', async () => {
    const table = await db.table();
    const sink = await db.sink({ 'auto.create': 'true' });
    await expect(sink.write(record({ topic: table, value: [null, { id: 1 }] }))).rejects.toThrow(
      /a column for id cannot be made: the value has no schema/,
    );
  });

  it('is off by default: the error names the table and the two ways out', async () => {
    const table = await db.table();
    const sink = await db.sink({});
    await expect(sink.write(rowsOf(table, [['id', INT64_SCHEMA]]).row(1))).rejects.toMatchObject({
      code: 'TABLE_UNSUITABLE',
      message: `Table "${table}" does not exist`,
      hint: expect.stringContaining('auto.create=true'),
    });
  });
});

describe('auto.evolve', () => {
  const old = [
    ['id', INT64_SCHEMA],
    ['a', STRING_SCHEMA],
  ] as const;

  it('adds columns for optional fields and those with a default', async () => {
    const table = await db.table(`id int8 PRIMARY KEY, a text`);
    const sink = await db.sink({ 'auto.evolve': 'true' });
    await sink.write(rowsOf(table, old).row(1, 'x'));
    const more = rowsOf(table, [
      ...old,
      ['b', OPTIONAL_STRING_SCHEMA],
      ['c', INT32_SCHEMA.with({ default: 3 })],
    ]);
    await sink.write(more.row(2, 'y', 'b', 4), rowsOf(table, old).row(3, 'z'));
    expect(await db.texts(table)).toEqual([
      ['1', 'x', null, '3'],
      ['2', 'y', 'b', '4'],
      ['3', 'z', null, '3'],
    ]);
  });

  it('refuses a required field, record by record', async () => {
    const table = await db.table(`id int8, a text`);
    const sink = await db.sink({ 'auto.evolve': 'true' }, { tolerance: 'all' });
    await sink.write(
      rowsOf(table, old).row(1, 'x'),
      rowsOf(table, [...old, ['must', STRING_SCHEMA]]).row(2, 'y', 'z'),
      rowsOf(table, old).row(3, 'x'),
    );
    expect(sink.reported.map(({ error }) => error.message)).toEqual([
      expect.stringMatching(
        /columns for must cannot be added: the fields are neither optional nor have a default/,
      ),
    ]);
    expect((await db.texts(table)).map(([id]) => id)).toEqual(['1', '3']);
  });

  it('is off by default: the error names table, field and what to do', async () => {
    const table = await db.table(`id int8, a text`);
    const sink = await db.sink({});
    await expect(
      sink.write(rowsOf(table, [...old, ['b', OPTIONAL_STRING_SCHEMA]]).row(1, 'x', 'y')),
    ).rejects.toMatchObject({
      code: 'TABLE_UNSUITABLE',
      message: `Table public.${table} has no column for the field b`,
      hint: expect.stringMatching(/auto\.evolve=true/),
    });
  });

  it('sees a column that somebody added meanwhile', async () => {
    const table = await db.table(`id int8, a text`);
    const sink = await db.sink({});
    await sink.write(rowsOf(table, old).row(1, 'x'));
    await db.client.query(`ALTER TABLE ${table} ADD COLUMN b text`);
    await sink.write(rowsOf(table, [...old, ['b', OPTIONAL_STRING_SCHEMA]]).row(2, 'y', 'z'));
    expect(await db.texts(table)).toEqual([
      ['1', 'x', null],
      ['2', 'y', 'z'],
    ]);
  });

  it.each([1, 200])('follows a column that changed its type or went away (%i rows)', async (count) => {
    const table = await db.table(`id int8, a text`);
    const { row } = rowsOf(table, old);
    const sink = await db.sink({}, { tolerance: 'all' });
    const batch = (from: number) => Array.from({ length: count }, (_, i) => row(from + i, `${i}`));
    await sink.write(...batch(0));
    await db.client.query(`ALTER TABLE ${table} ALTER COLUMN a TYPE int4 USING a::int4`);
    await sink.write(...batch(1000));
    expect(await db.rows(`SELECT count(*)::int, sum(a)::int FROM ${table}`)).toEqual([
      { count: count * 2, sum: count * (count - 1) },
    ]);
    await db.client.query(`ALTER TABLE ${table} DROP COLUMN a`);
    await sink.write(...batch(2000));
    expect(sink.reported).toHaveLength(count);
    expect(sink.reported[0]?.error.message).toMatch(/has no column for the field a/);
  });

  it('never stores bytes that were made for another type', async () => {
    const table = await db.table(`id int8, a text`);
    const { row } = rowsOf(table, old);
    const sink = await db.sink({});
    // Four characters are as long as an int4, which would take them for a number.
    const batch = () => Array.from({ length: 200 }, (_, i) => row(i, String(1000 + i)));
    await sink.write(...batch());
    await db.client.query(`TRUNCATE ${table}; ALTER TABLE ${table} ALTER COLUMN a TYPE int4 USING 0`);
    await sink.write(...batch());
    expect(await db.rows(`SELECT min(a), max(a), count(*)::int FROM ${table}`)).toEqual([
      { min: 1000, max: 1199, count: 200 },
    ]);
    await db.client.query(`TRUNCATE ${table}; ALTER TABLE ${table} ALTER COLUMN id TYPE float8`);
    await sink.write(...batch());
    expect(await db.rows(`SELECT min(id), max(id) FROM ${table}`)).toEqual([{ min: 0, max: 199 }]);
    expect(sink.reported).toEqual([]);
  });

  it('names NOT NULL columns that the records do not fill', async () => {
    const table = await db.table(`id int8, a text, must int NOT NULL, filled int NOT NULL DEFAULT 1`);
    const sink = await db.sink({});
    await expect(sink.write(rowsOf(table, old).row(1, 'x'))).rejects.toMatchObject({
      code: 'TABLE_UNSUITABLE',
      message: expect.stringMatching(/needs a value in must \(NOT NULL without default\)/),
    });
  });
});
