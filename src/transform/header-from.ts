import {
  ConfigDef,
  type ConfigKey,
  type CrossCheck,
  DataError,
  type Field,
  type Header,
  oneOf,
  type Schema,
  Struct,
} from '../kernel';
import type { Transform } from '../plugin';
import {
  basicsOf,
  deriveStruct,
  NULLS_TO_DEFAULTS,
  NULLS_TO_DEFAULTS_KEY,
  nonEmptyList,
  readField,
  readFields,
} from './fields';
import { bothSides, copyOf, perSchema, requireMap, requireStruct, type Side } from './side';

const list = (name: string, doc: string): ConfigKey => ({
  name,
  type: 'LIST',
  importance: 'HIGH',
  validator: nonEmptyList,
  doc,
});

const oneHeaderPerField: CrossCheck = (config) =>
  config.list('fields').length === config.list('headers').length
    ? []
    : [
        {
          key: 'headers',
          value: config.list('headers').join(','),
          message: "'fields' and 'headers' must name equally many",
          kind: 'invalid',
        },
      ];

const config = new ConfigDef(
  [
    list('fields', 'Fields that become headers.'),
    list('headers', 'Names of the headers, in the order of the fields.'),
    {
      name: 'operation',
      type: 'STRING',
      importance: 'HIGH',
      validator: oneOf('move', 'copy'),
      recommended: ['move', 'copy'],
      doc: '`move` takes the fields out of the key or value, `copy` leaves them there.',
    },
    NULLS_TO_DEFAULTS_KEY,
  ],
  [],
  [oneHeaderPerField],
);

interface Settings {
  readonly fields: readonly string[];
  readonly headers: readonly string[];
  readonly moves: boolean;
  readonly purpose: string;
  readonly nullsToDefaults: boolean;
}

interface Plan {
  /** The fields that become headers. */
  readonly taken: readonly Field[];
  /** What stays, and its schema; unused when fields are copied. */
  readonly kept: readonly Field[];
  readonly schema: Schema;
}

export const headerFrom = bothSides({
  java: 'HeaderFrom',
  summary: 'Moves or copies fields to headers.',
  config,
  create(config, side) {
    const operation = config.string('operation');
    return headersFrom(side, {
      fields: config.list('fields'),
      headers: config.list('headers'),
      moves: operation === 'move',
      purpose: `header ${operation}`,
      nullsToDefaults: config.boolean(NULLS_TO_DEFAULTS),
    });
  },
});

function headersFrom(side: Side, settings: Settings): Transform {
  const { moves, purpose, nullsToDefaults } = settings;
  const plan = perSchema((schema: Schema) => planFor(schema, settings));
  return (record) => {
    const value = side.value(record);
    const schema = side.schema(record);
    const headers = [...record.headers];
    if (schema === null) {
      const rest = fromMap(requireMap(value, purpose), settings, headers);
      return side.with(record.withHeaders(headers) as typeof record, null, rest);
    }
    const from = requireStruct(value, purpose);
    const { taken, kept, schema: rest } = plan(schema);
    for (let i = 0; i < taken.length; i++) {
      const field = taken[i]!;
      headers.push({
        key: settings.headers[i]!,
        schema: field.schema,
        value: readField(from, field, nullsToDefaults),
      });
    }
    const extended = record.withHeaders(headers) as typeof record;
    if (!moves) return extended;
    return side.with(extended, rest, new Struct(rest, readFields(from, kept, nullsToDefaults)));
  };
}

function planFor(schema: Schema, { fields, moves }: Settings): Plan {
  const taken = fields.map((name) => {
    const field = schema.field(name);
    if (field === undefined) throw new DataError(`Unknown field: ${name}`);
    return field;
  });
  const kept = schema.fields.filter(({ name }) => !fields.includes(name));
  const rest = moves
    ? deriveStruct(
        kept.map((field) => [field.name, field.schema] as const),
        basicsOf(schema),
      )
    : schema;
  return { taken, kept, schema: rest };
}

function fromMap(
  from: Readonly<Record<string, unknown>>,
  { fields, headers, moves }: Settings,
  into: Header[],
): Readonly<Record<string, unknown>> {
  const rest = copyOf(from);
  for (let i = 0; i < fields.length; i++) {
    into.push({ key: headers[i]!, schema: null, value: from[fields[i]!] ?? null });
    if (moves) delete rest[fields[i]!];
  }
  return rest;
}
