import { ConfigDef, DataError, type Schema, Struct, struct } from '../kernel';
import { bothSides, perSchema } from './side';

const config = new ConfigDef([
  {
    name: 'field',
    type: 'STRING',
    importance: 'MEDIUM',
    doc: 'Name of the one field that the struct or map has.',
  },
]);

export const hoistField = bothSides({
  java: 'HoistField',
  summary: 'Wraps the key or value in a struct, or in a map where there is no schema.',
  config,
  create(config, side) {
    const name = config.string('field');
    const wrapped = perSchema((schema: Schema) => struct([[name, schema]]));
    return (record) => {
      const schema = side.schema(record);
      const value = side.value(record) ?? null;
      if (schema === null) return side.with(record, null, { [name]: value });
      if (value === null && !schema.optional)
        throw new DataError(`null cannot be the value of the required field ${name}`);
      const outer = wrapped(schema);
      return side.with(record, outer, new Struct(outer, [value]));
    };
  },
});
