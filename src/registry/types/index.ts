/** The schema languages that are served. */
import { avro } from './avro';
import { protobuf } from './protobuf';
import type { SchemaType } from './schema-type';

export const SCHEMA_TYPES: ReadonlyMap<string, SchemaType> = new Map(
  [avro, protobuf].map((type) => [type.name, type]),
);
