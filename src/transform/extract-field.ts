import { ConfigDef, DataError, Struct } from '../kernel';
import { fieldPath, NESTED_SYNTAX, type Path } from './field-path';
import { bothSides, requireMap } from './side';

const PURPOSE = 'field extraction';

const config = new ConfigDef([
  { name: 'field', type: 'STRING', importance: 'MEDIUM', doc: 'Field to extract.' },
  NESTED_SYNTAX,
  {
    name: 'replace.null.with.default',
    type: 'BOOLEAN',
    default: true,
    importance: 'MEDIUM',
    doc: 'Whether null in a field with a default is read as that default.',
  },
]);

export const extractField = bothSides({
  java: 'ExtractField',
  summary: 'Replaces the key or value by one of its fields.',
  config,
  create(config, side) {
    const path = fieldPath(config.string('field'), config.string('field.syntax.version'));
    const nullsToDefaults = config.boolean('replace.null.with.default');
    return (record) => {
      const current = side.value(record);
      if (current === null || current === undefined) return record;
      if (current instanceof Struct) {
        const { schema, value } = fromStruct(current, path, nullsToDefaults);
        return side.with(record, schema, value);
      }
      return side.with(record, null, fromMap(requireMap(current, PURPOSE), path));
    };
  },
});

function fromStruct(
  from: Struct,
  path: Path,
  nullsToDefaults: boolean,
): { schema: Struct['schema']; value: unknown } {
  let current: unknown = from;
  let schema = from.schema;
  for (const step of path) {
    const field = schema.field(step);
    if (field === undefined) throw new DataError(`Unknown field: ${path.join('.')}`);
    current = current instanceof Struct ? (current.values[field.index] ?? null) : null;
    schema = field.schema;
  }
  if (current === null && nullsToDefaults && schema.defaultValue !== undefined) current = schema.defaultValue;
  return { schema, value: current };
}

function fromMap(from: Readonly<Record<string, unknown>>, path: Path): unknown {
  let current: unknown = from;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return null;
    current = (current as Record<string, unknown>)[step] ?? null;
  }
  return current;
}
