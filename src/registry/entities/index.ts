import { avroEntities } from './avro';
import type { EntityLanguage } from './entity';
import { jsonSchemaEntities } from './json-schema';
import { protobufEntities } from './protobuf';

export type { Entity, EntityKind } from './entity';

/** By schema type. */
export const ENTITIES: ReadonlyMap<string, EntityLanguage> = new Map([
  ['AVRO', avroEntities],
  ['JSON', jsonSchemaEntities],
  ['PROTOBUF', protobufEntities],
]);
