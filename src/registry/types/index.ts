/** The schema languages that are served. */
import { avro } from './avro';
import { json } from './json';
import { protobuf } from './protobuf';
import type { SchemaType } from './schema-type';

export const SCHEMA_TYPES: ReadonlyMap<string, SchemaType> = new Map(
  [avro, json, protobuf].map((type) => [type.name, type]),
);
