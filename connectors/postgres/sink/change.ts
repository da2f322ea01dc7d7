/** What a record asks for: a row, a delete, a truncate, nothing. Takes Debezium's change events apart. */
import { DataError, type Schema, type SinkRecord, STRING_SCHEMA, Struct, struct } from '../../../src/plugin';
import { isStruct } from './is-struct';
import { fieldOf } from './naming';
import type { SinkOptions } from './options';
import { objectFields } from './shape';

export type Change = 'write' | 'delete' | 'truncate' | 'skip';

/** Throws DataError for a record that may not be here. */
export function changeOf(record: SinkRecord, options: SinkOptions): Change {
  const { value } = record;
  if (value === null || value === undefined) return tombstone(options);
  if (!options.envelope || !isEnvelope(value)) return 'write';
  switch (fieldOf(value, 'op')) {
    case 'c':
    case 'r':
    case 'u':
      return 'write';
    case 'd':
      return options.deletes ? 'delete' : 'skip';
    case 't':
      return options.truncates ? 'truncate' : 'skip';
    case 'm':
      return 'skip';
    default:
      throw new DataError(`the change event has the unknown operation ${String(fieldOf(value, 'op'))}`);
  }
}

function tombstone({ deletes, tombstones, names }: SinkOptions): Change {
  if (deletes) return 'delete';
  if (tombstones === 'skip') return 'skip';
  throw new DataError('the record has no value, and deletes are not enabled', {
    hint: `Set ${names.deletes}=true with ${names.keyMode}=record_key to delete the row, or drop such records with Filter and RecordIsTombstone.`,
  });
}

const envelopes = new WeakMap<Schema, boolean>();

function isEnvelope(value: unknown): boolean {
  if (!isStruct(value)) {
    const fields = objectFields(value);
    return fields !== null && hasEnvelopeFields((name) => fields.includes(name));
  }
  const { schema } = value;
  let known = envelopes.get(schema);
  if (known === undefined) {
    known = hasEnvelopeFields((name) => schema.field(name) !== undefined);
    envelopes.set(schema, known);
  }
  return known;
}

/** A message event has no rows, but says so. */
const hasEnvelopeFields = (has: (name: string) => boolean): boolean =>
  has('op') && has('source') && (has('after') || has('before') || has('message'));

/** The record as the row it writes: the new state of a change event, the headers as key where they are to be. */
export function rowOf(record: SinkRecord, options: SinkOptions, change: Change): SinkRecord {
  let row = record;
  if (options.envelope && change === 'write' && isEnvelope(record.value)) row = afterOf(record);
  return options.keyMode === 'record_header' ? headersAsKey(row) : row;
}

function afterOf(record: SinkRecord): SinkRecord {
  const after = fieldOf(record.value, 'after');
  if (after === null || after === undefined)
    throw new DataError('the change event has no state after the change');
  return known(isStruct(after) ? record.withValue(after.schema, after) : record.withValue(null, after));
}

const PLACEHOLDER = '__debezium_unavailable_value';

/**
 * A large value that did not change is not in the log of the source: Debezium puts a placeholder. Written, it would
 * destroy the value that is there, so such fields are left out of the row.
 */
function known(record: SinkRecord): SinkRecord {
  const { value } = record;
  if (!isStruct(value) || !value.values.some(isPlaceholder)) return record;
  const kept = value.schema.fields.filter((field) => !isPlaceholder(value.values[field.index]));
  const schema = reduced(value.schema, kept.map((field) => field.name).join('\u0000'), () =>
    struct(kept.map((field) => [field.name, field.schema] as const)),
  );
  return record.withValue(
    schema,
    new Struct(
      schema,
      kept.map((field) => value.values[field.index]),
    ),
  );
}

const isPlaceholder = (value: unknown): boolean =>
  value === PLACEHOLDER ||
  (Buffer.isBuffer(value) && value.length === 28 && value.toString() === PLACEHOLDER);

const derived = new WeakMap<Schema, Map<string, Schema>>();

function reduced(schema: Schema, id: string, make: () => Schema): Schema {
  let variants = derived.get(schema);
  if (variants === undefined) derived.set(schema, (variants = new Map()));
  let variant = variants.get(id);
  if (variant === undefined) variants.set(id, (variant = make()));
  return variant;
}

const headerSchemas = new Map<string, Schema>();

/** Headers as a struct, the last of a name counts. Shapes are told apart by their content, so it may be made anew. */
function headersAsKey(record: SinkRecord): SinkRecord {
  const headers = new Map(record.headers.map((header) => [header.key, header]));
  const fields = [...headers.values()].map((header) => [header.key, header.schema ?? STRING_SCHEMA] as const);
  const id = JSON.stringify(fields.map(([name, { type, name: logical }]) => [name, type, logical]));
  let schema = headerSchemas.get(id);
  if (schema === undefined) {
    if (headerSchemas.size >= 100) headerSchemas.clear();
    headerSchemas.set(id, (schema = struct(fields)));
  }
  return record.withKey(
    schema,
    new Struct(
      schema,
      [...headers.values()].map((header) => header.value),
    ),
  );
}
