import {
  ConfigDef,
  type ConfigKey,
  type ConnectRecord,
  INT32_SCHEMA,
  INT64_SCHEMA,
  OPTIONAL_INT32_SCHEMA,
  OPTIONAL_INT64_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  type Schema,
  SinkRecord,
  STRING_SCHEMA,
  Struct,
  struct,
  timestampSchema,
} from '../kernel';
import { bothSides, perSchema, requireMap } from './side';

const PURPOSE = 'field insertion';

const key = (name: string, doc: string): ConfigKey => ({
  name,
  type: 'STRING',
  default: null,
  importance: 'MEDIUM',
  doc: `${doc} Suffix with ! to make this a required field, or ? to keep it optional (the default).`,
});

const config = new ConfigDef([
  key('topic.field', 'Field name for the topic.'),
  key('partition.field', 'Field name for the partition.'),
  key('offset.field', 'Field name for the offset; sinks only.'),
  key('timestamp.field', 'Field name for the timestamp of the record.'),
  key('static.field', 'Field name for a constant.'),
  { name: 'static.value', type: 'STRING', default: null, importance: 'MEDIUM', doc: 'The constant.' },
  {
    name: 'replace.null.with.default',
    type: 'BOOLEAN',
    default: true,
    importance: 'MEDIUM',
    doc: 'Whether null in a field with a default is read as that default.',
  },
]);

interface Insertion {
  readonly name: string;
  readonly schema: Schema;
  read(record: ConnectRecord): unknown;
}

const OPTIONAL_TIMESTAMP = timestampSchema({ optional: true });
const REQUIRED_TIMESTAMP = timestampSchema();

function insertion(
  given: string | null,
  required: Schema,
  optional: Schema,
  read: Insertion['read'],
): readonly Insertion[] {
  if (given === null) return [];
  const name = given.replace(/[!?]$/, '');
  return [{ name, schema: given.endsWith('!') ? required : optional, read }];
}

export const insertField = bothSides({
  java: 'InsertField',
  summary: 'Inserts fields with the coordinates of the record or a constant.',
  config,
  create(config, side) {
    const value = config.optionalString('static.value');
    const field = (name: string): string | null => config.optionalString(name);
    const insertions = [
      ...insertion(field('topic.field'), STRING_SCHEMA, OPTIONAL_STRING_SCHEMA, (record) => record.topic),
      ...insertion(
        field('partition.field'),
        INT32_SCHEMA,
        OPTIONAL_INT32_SCHEMA,
        (record) => record.partition,
      ),
      ...insertion(field('offset.field'), INT64_SCHEMA, OPTIONAL_INT64_SCHEMA, (record) =>
        record instanceof SinkRecord ? record.offset : null,
      ),
      ...insertion(
        field('timestamp.field'),
        REQUIRED_TIMESTAMP,
        OPTIONAL_TIMESTAMP,
        (record) => record.timestamp,
      ),
      ...insertion(
        value === null ? null : field('static.field'),
        STRING_SCHEMA,
        OPTIONAL_STRING_SCHEMA,
        () => value,
      ),
    ];
    const widened = perSchema((schema) =>
      struct(
        [
          ...schema.fields.map((existing) => [existing.name, existing.schema] as const),
          ...insertions.map((entry) => [entry.name, entry.schema] as const),
        ],
        schema.options(),
      ),
    );
    return (record) => {
      const current = side.value(record);
      if (current === null || current === undefined) return record;
      if (current instanceof Struct) {
        const schema = widened(current.schema);
        return side.with(
          record,
          schema,
          new Struct(schema, [...current.values, ...insertions.map((i) => i.read(record))]),
        );
      }
      const copy = { ...requireMap(current, PURPOSE) };
      for (const entry of insertions) copy[entry.name] = entry.read(record);
      return side.with(record, null, copy);
    };
  },
});
