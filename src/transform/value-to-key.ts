import { ConfigDef, DataError, nonEmpty, type Schema, Struct, struct } from '../kernel';
import type { TransformPlugin } from '../plugin';
import { javaAliases, perSchema, requireMap } from './side';

const PURPOSE = 'copying fields from value to key';

const config = new ConfigDef([
  {
    name: 'fields',
    type: 'LIST',
    importance: 'HIGH',
    validator: nonEmpty,
    doc: 'Fields of the value that make the key.',
  },
  {
    name: 'replace.null.with.default',
    type: 'BOOLEAN',
    default: true,
    importance: 'MEDIUM',
    doc: 'Whether null in a field with a default is read as that default.',
  },
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
    const nullsToDefaults = config.boolean('replace.null.with.default');
    const plan = perSchema((schema: Schema) => {
      const fields = names.map((name) => {
        const field = schema.field(name);
        if (field === undefined) throw new DataError(`Field does not exist: ${name}`);
        return field;
      });
      return { fields, schema: struct(fields.map((field) => [field.name, field.schema] as const)) };
    });
    return (record) => {
      const { value } = record;
      if (value instanceof Struct) {
        const { fields, schema } = plan(value.schema);
        const values = fields.map(({ index, schema: { defaultValue } }) => {
          const field = value.values[index] ?? null;
          return field === null && nullsToDefaults && defaultValue !== undefined ? defaultValue : field;
        });
        return record.withKey(schema, new Struct(schema, values)) as typeof record;
      }
      const members = requireMap(value, PURPOSE);
      return record.withKey(
        null,
        Object.fromEntries(names.map((name) => [name, members[name] ?? null])),
      ) as typeof record;
    };
  },
};
