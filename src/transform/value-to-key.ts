import { ConfigDef, DataError, type Schema, Struct } from '../kernel';
import type { TransformPlugin } from '../plugin';
import { deriveStruct, NULLS_TO_DEFAULTS, NULLS_TO_DEFAULTS_KEY, nonEmptyList, readFields } from './fields';
import { javaAliases, type MapValue, perSchema, requireMap, requireStruct, setMember } from './side';

const PURPOSE = 'copying fields from value to key';

const config = new ConfigDef([
  {
    name: 'fields',
    type: 'LIST',
    importance: 'HIGH',
    validator: nonEmptyList,
    doc: 'Fields of the value that make the key.',
  },
  NULLS_TO_DEFAULTS_KEY,
]);

export const valueToKey: TransformPlugin = {
  kind: 'transform',
  name: 'value-to-key',
  aliases: javaAliases('ValueToKey'),
  version: '0.1.0',
  summary: 'Replaces the key by fields of the value.',
  config,
  create(config) {
    const names = config.list('fields');
    const nullsToDefaults = config.boolean(NULLS_TO_DEFAULTS);
    const plan = perSchema((schema: Schema) => {
      const fields = names.map((name) => {
        const field = schema.field(name);
        if (field === undefined) throw new DataError(`Field does not exist: ${name}`);
        return field;
      });
      return { fields, schema: deriveStruct(fields.map((field) => [field.name, field.schema] as const)) };
    });
    return (record) => {
      const { value } = record;
      if (record.valueSchema === null) return record.withKey(null, fromMap(value, names)) as typeof record;
      const from = requireStruct(value, PURPOSE);
      const { fields, schema } = plan(from.schema);
      const key = new Struct(schema, readFields(from, fields, nullsToDefaults));
      return record.withKey(schema, key) as typeof record;
    };
  },
};

function fromMap(value: unknown, names: readonly string[]): MapValue {
  const members = requireMap(value, PURPOSE);
  const key: Record<string, unknown> = {};
  for (const name of names) setMember(key, name, members[name] ?? null);
  return key;
}
