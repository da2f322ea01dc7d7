import {
  type Config,
  ConfigDef,
  type ConfigKey,
  type ConnectRecord,
  type CrossCheck,
  DataError,
  INT32_SCHEMA,
  INT64_SCHEMA,
  OPTIONAL_INT32_SCHEMA,
  OPTIONAL_INT64_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  type Schema,
  SinkRecord,
  STRING_SCHEMA,
  Struct,
  timestampSchema,
} from '../kernel';
import { basicsOf, deriveStruct, NULLS_TO_DEFAULTS, NULLS_TO_DEFAULTS_KEY, readFields } from './fields';
import { bothSides, copyOf, perSchema, perShape, setMember } from './side';

const PURPOSE = 'field insertion';

const key = (name: string, doc: string): ConfigKey => ({
  name,
  type: 'STRING',
  default: null,
  importance: 'MEDIUM',
  doc: `${doc} Suffix with ! to make this a required field, or ? to keep it optional (the default).`,
});

const FIELDS = ['topic.field', 'partition.field', 'offset.field', 'timestamp.field', 'static.field'];

const somethingToInsert: CrossCheck = (config) => {
  if (FIELDS.every((name) => config.get(name) === null)) {
    return [{ key: 'topic.field', value: null, message: 'No field insertion configured', kind: 'missing' }];
  }
  if (config.get('static.field') === null || config.get('static.value') !== null) return [];
  const message = `No value specified for static field: ${config.get('static.field')}`;
  return [{ key: 'static.value', value: null, message, kind: 'missing' }];
};

const config = new ConfigDef(
  [
    key('topic.field', 'Field name for the topic.'),
    key('partition.field', 'Field name for the partition.'),
    key('offset.field', 'Field name for the offset; sinks only.'),
    key('timestamp.field', 'Field name for the timestamp of the record.'),
    key('static.field', 'Field name for a constant.'),
    { name: 'static.value', type: 'STRING', default: null, importance: 'MEDIUM', doc: 'The constant.' },
    NULLS_TO_DEFAULTS_KEY,
  ],
  [],
  [somethingToInsert],
);

interface Insertion {
  readonly name: string;
  readonly schema: Schema;
  /** Null: the record has none, and a map then gets no member. */
  read(record: ConnectRecord): unknown;
}

const OPTIONAL_TIMESTAMP = timestampSchema({ optional: true });
const REQUIRED_TIMESTAMP = timestampSchema();

/** What is inserted under each key: schema when required, when optional, and the value. */
const SOURCES: readonly (readonly [
  key: string,
  required: Schema,
  optional: Schema,
  read: Insertion['read'],
])[] = [
  ['topic.field', STRING_SCHEMA, OPTIONAL_STRING_SCHEMA, (record) => record.topic],
  ['partition.field', INT32_SCHEMA, OPTIONAL_INT32_SCHEMA, (record) => record.partition],
  ['offset.field', INT64_SCHEMA, OPTIONAL_INT64_SCHEMA, offsetOf],
  ['timestamp.field', REQUIRED_TIMESTAMP, OPTIONAL_TIMESTAMP, (record) => record.timestamp],
];

function offsetOf(record: ConnectRecord): number {
  if (record instanceof SinkRecord) return record.offset;
  throw new DataError(`Only SinkRecord supported for [${PURPOSE}]: records of sources have no offset yet`);
}

function insertionsOf(config: Config): Insertion[] {
  const insertions: Insertion[] = [];
  const add = (key: string, required: Schema, optional: Schema, read: Insertion['read']): void => {
    const given = config.get(key) as string | null;
    if (given === null) return;
    const schema = given.endsWith('!') ? required : optional;
    insertions.push({ name: given.replace(/[!?]$/, ''), schema, read });
  };
  for (const source of SOURCES) add(...source);
  const value = config.get('static.value');
  add('static.field', STRING_SCHEMA, OPTIONAL_STRING_SCHEMA, () => value);
  return insertions;
}

export const insertField = bothSides({
  java: 'InsertField',
  summary: 'Inserts fields with the coordinates of the record or a constant.',
  config,
  create(config, side) {
    const insertions = insertionsOf(config);
    const nullsToDefaults = config.boolean(NULLS_TO_DEFAULTS);
    const widened = perSchema((schema) =>
      deriveStruct(
        [
          ...schema.fields.map((field) => [field.name, field.schema] as const),
          ...insertions.map((entry) => [entry.name, entry.schema] as const),
        ],
        basicsOf(schema),
      ),
    );
    return perShape(side, PURPOSE, {
      struct(value, record) {
        const values = readFields(value, value.schema.fields, nullsToDefaults);
        for (const entry of insertions) values.push(entry.read(record));
        return new Struct(widened(value.schema), values);
      },
      map(value, record) {
        const copy = copyOf(value);
        for (const entry of insertions) {
          const inserted = entry.read(record);
          if (inserted !== null) setMember(copy, entry.name, inserted);
        }
        return copy;
      },
    });
  },
});
