/** The record that holds a value without a schema. */
import type { AvroRecord } from '../../schemas/avro/ast';
import { parseAvro } from '../../schemas/avro/parse';
import { printAvro } from '../../schemas/avro/print';
import { ANYTHING, MAP_ENTRY, NAMESPACE } from './names';

const primitives = ['boolean', 'bytes', 'double', 'float', 'int', 'long', 'string'];
const optional = (name: string, type: string): string =>
  `{"name":"${name}","type":["null",${type}],"default":null}`;
const entry = `{"type":"record","name":"${MAP_ENTRY}","namespace":"${NAMESPACE}","fields":[{"name":"key","type":"Anything"},{"name":"value","type":"Anything"}]}`;

export const ANYTHING_SCHEMA = parseAvro(
  `{"type":"record","name":"${ANYTHING}","fields":[${[
    ...primitives.map((type) => optional(type, `"${type}"`)),
    optional('array', '{"type":"array","items":"Anything"}'),
    optional('map', `{"type":"array","items":${entry}}`),
  ].join(',')}]}`,
).schema as AvroRecord;

const TEXT = printAvro(ANYTHING_SCHEMA);

export const isAnything = (schema: AvroRecord): boolean =>
  schema === ANYTHING_SCHEMA || (schema.name.full === ANYTHING && printAvro(schema) === TEXT);
