/** Every transform of values against what Kafka's own did with the same record, for values and for keys. */
import { type ConnectRecord, type Schema, SourceRecord, STRING_SCHEMA } from '../../src/kernel';
import type { Transform } from '../../src/plugin';
import { transforms } from '../../src/transform';
import golden from '../golden/transforms/tables.json';
import { decodeSchema, decodeValue, type SchemaJson, schemaJson, valueJson } from '../support/connect-json';

type Result = {
  error?: string;
  schema?: unknown;
  value?: unknown;
  headers?: unknown;
  keySchema?: unknown;
  key?: unknown;
};
interface Table {
  transform: string;
  config: Record<string, string>;
  results: Record<string, Result>;
}

const TABLES = golden.tables as unknown as Table[];
const SCHEMAS = golden.schemas as unknown as Record<string, SchemaJson>;
const VALUES = golden.values as unknown as Record<string, { schema: string | null; value: unknown }>;

const AT = 1767323045678;
const OLD_HEADER = { key: 'old', schema: STRING_SCHEMA, value: 'h' };

function input(name: string): { schema: Schema | null; value: unknown } {
  const { schema: schemaName, value } = VALUES[name]!;
  const schema = decodeSchema(schemaName === null ? null : SCHEMAS[schemaName]!);
  return { schema, value: decodeValue(schema, value) };
}

const recordOf = (schema: Schema | null, value: unknown, isKey: boolean): SourceRecord => {
  const empty = new SourceRecord({ a: 'b' }, { c: 1 }, 'topic', 3, null, null, null, null, AT, [OLD_HEADER]);
  return isKey ? empty.withKey(schema, value) : empty.withValue(schema, value);
};

function create(java: string, config: Record<string, string>): Transform {
  const plugin = transforms.find(({ aliases }) => aliases.includes(java))!;
  return plugin.create(plugin.config.parse(config));
}

/** What the record has instead of what it had, in the notation of the tables. */
function changes(before: ConnectRecord, after: ConnectRecord, isKey: boolean): Result {
  const [schema, value] = isKey ? [after.keySchema, after.key] : [after.valueSchema, after.value];
  const [oldSchema, oldValue] = isKey ? [before.keySchema, before.key] : [before.valueSchema, before.value];
  const result: Result = {};
  const put = (name: 'schema' | 'value', now: unknown, then: unknown): void => {
    if (JSON.stringify(now) !== JSON.stringify(then)) result[name] = now;
  };
  put('schema', schemaJson(schema), schemaJson(oldSchema));
  put('value', valueJson(value), valueJson(oldValue));
  const added = after.headers.slice(1);
  if (added.length > 0) {
    result.headers = added.map((header) => ({
      key: header.key,
      schema: schemaJson(header.schema),
      value: valueJson(header.value),
    }));
  }
  return result;
}

function check(apply: Transform, name: string, expected: Result, isKey: boolean): void {
  const { schema, value } = input(name);
  const before = recordOf(schema, value, isKey);
  if (expected.error !== undefined) {
    expect(() => apply(before)).toThrow();
    return;
  }
  const after = apply(before)!;
  expect(changes(before, after, isKey)).toEqual(expected);
  expect([after.topic, after.partition, after.timestamp, after.headers[0]]).toEqual([
    'topic',
    3,
    AT,
    OLD_HEADER,
  ]);
  const other = isKey ? [after.valueSchema, after.value] : [after.keySchema, after.key];
  expect(other).toEqual([null, null]);
  expect(valueJson(value)).toEqual(valueJson(input(name).value));
}

const sided = TABLES.filter(({ transform }) => transform !== 'ValueToKey').flatMap(
  ({ results, ...table }) => {
    const { 'offset.field': needsSink } = table.config;
    return needsSink === undefined ? [{ ...table, results }] : [];
  },
);

describe.each(['Key', 'Value'] as const)('$%s', (side) => {
  test.each(sided.map((table) => [table.transform, table.config, table.results] as const))(
    '%s %j',
    (java, config, results) => {
      const apply = create(`${java}$${side}`, config);
      expect(Object.keys(results).length).toBeGreaterThan(0);
      for (const [name, expected] of Object.entries(results)) check(apply, name, expected, side === 'Key');
    },
  );
});

describe('ValueToKey', () => {
  test.each(
    TABLES.filter(({ transform }) => transform === 'ValueToKey').map(
      ({ config, results }) => [config, results] as const,
    ),
  )('%j', (config, results) => {
    const apply = create('ValueToKey', config);
    for (const [name, expected] of Object.entries(results)) {
      const { schema, value } = input(name);
      const before = recordOf(schema, value, false);
      if (expected.error !== undefined) expect(() => apply(before)).toThrow();
      else {
        const { keySchema, key } = apply(before)!;
        expect([schemaJson(keySchema), valueJson(key)]).toEqual([expected.keySchema, expected.key]);
      }
    }
  });
});

test('the tables are there', () => {
  const results = TABLES.reduce((sum, table) => sum + Object.keys(table.results).length, 0);
  expect(results).toBeGreaterThan(900);
});
