import { ConfigDef, DataError, type Field, type Schema, type Struct } from '../kernel';
import { fieldPath, NESTED_SYNTAX, type Path } from './field-path';
import { NULLS_TO_DEFAULTS, NULLS_TO_DEFAULTS_KEY, readField } from './fields';
import { bothSides, type MapValue, perSchema, requireMap, requireStruct } from './side';

const PURPOSE = 'field extraction';

const config = new ConfigDef([
  { name: 'field', type: 'STRING', importance: 'MEDIUM', doc: 'Field to extract.' },
  NULLS_TO_DEFAULTS_KEY,
  NESTED_SYNTAX,
]);

export const extractField = bothSides({
  java: 'ExtractField',
  summary: 'Replaces the key or value by one of its fields.',
  config,
  create(config, side) {
    const name = config.string('field');
    const path = fieldPath(name, config.string('field.syntax.version'));
    const nullsToDefaults = config.boolean(NULLS_TO_DEFAULTS);
    const fieldsOn = perSchema((schema: Schema) => walk(schema, path, name));
    return (record) => {
      const value = side.value(record) ?? null;
      const schema = side.schema(record);
      if (schema === null) {
        return side.with(record, null, value === null ? null : fromMap(requireMap(value, PURPOSE), path));
      }
      const fields = fieldsOn(schema);
      const found = value === null ? null : read(requireStruct(value, PURPOSE), fields, nullsToDefaults);
      return side.with(record, fields[fields.length - 1]!.schema, found);
    };
  },
});

/** The field of every step. */
function walk(schema: Schema, path: Path, name: string): readonly Field[] {
  let current = schema;
  return path.map((step) => {
    const field = current.field(step);
    if (field === undefined) throw new DataError(`Unknown field: ${name}`);
    current = field.schema;
    return field;
  });
}

/** Null on the way is null at the end; the default of what is on the way counts always, as in Kafka. */
function read(from: Struct, fields: readonly Field[], nullsToDefaults: boolean): unknown {
  let current: Struct = from;
  const last = fields.length - 1;
  for (let i = 0; i < last; i++) {
    const next = readField(current, fields[i]!, true);
    if (next === null) return null;
    current = next as Struct;
  }
  return readField(current, fields[last]!, nullsToDefaults);
}

function fromMap(from: MapValue, path: Path): unknown {
  let current = from;
  const last = path.length - 1;
  for (let i = 0; i < last; i++) {
    const next = current[path[i]!] ?? null;
    if (next === null) return null;
    current = requireMap(next, 'nested field access');
  }
  return current[path[last]!] ?? null;
}
