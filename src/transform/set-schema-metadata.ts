import { ConfigDef, type CrossCheck, DataError, type Schema, Struct } from '../kernel';
import { NULLS_TO_DEFAULTS, NULLS_TO_DEFAULTS_KEY, readFields } from './fields';
import { bothSides, perSchema } from './side';

const nameOrVersion: CrossCheck = (config) =>
  config.get('schema.name') === null && config.get('schema.version') === null
    ? [
        {
          key: 'schema.name',
          value: null,
          message: 'Neither schema name nor version configured',
          kind: 'missing',
        },
      ]
    : [];

const config = new ConfigDef(
  [
    {
      name: 'schema.name',
      type: 'STRING',
      default: null,
      importance: 'HIGH',
      doc: 'The new name of the schema.',
    },
    {
      name: 'schema.version',
      type: 'INT',
      default: null,
      importance: 'HIGH',
      doc: 'The new version of the schema.',
    },
    NULLS_TO_DEFAULTS_KEY,
  ],
  [],
  [nameOrVersion],
);

export const setSchemaMetadata = bothSides({
  java: 'SetSchemaMetadata',
  summary: 'Gives the schema another name, version, or both.',
  config,
  create(config, side) {
    const name = config.get('schema.name') as string | null;
    const version = config.optionalNumber('schema.version');
    const nullsToDefaults = config.boolean(NULLS_TO_DEFAULTS);
    const renamed = perSchema((schema: Schema) =>
      schema.with({ name: name ?? schema.name, version: version ?? schema.version }),
    );
    return (record) => {
      const value = side.value(record);
      const schema = side.schema(record);
      if (schema === null) {
        if (value === null || value === undefined) return record;
        throw new DataError('Schema required for [updating schema metadata]');
      }
      const wanted = renamed(schema);
      if (!(value instanceof Struct)) return side.with(record, wanted, value);
      return side.with(record, wanted, new Struct(wanted, readFields(value, wanted.fields, nullsToDefaults)));
    };
  },
});
