/** The public face of the room. */
export type { AvroSchema } from './avro/ast';
export { decodeGeneric, encodeGeneric, type GenericOptions, genericType } from './avro/generic';
export { parseAvro } from './avro/parse';
export { readProblem } from './avro/resolution';
export {
  type AvroParseOptions,
  type AvroReference,
  type AvroText,
  canonicalAvro,
  type NormalizedAvro,
  normalizedAvro,
} from './avro/schema-text';
export type { RegisteredSchema, Registration, SchemaKind } from './cache/entries';
export type { CacheState } from './cache/redis';
export * from './framing';
export * from './identity';
export {
  type Json,
  JsonNumber,
  type JsonObject,
  numberOf,
  parseJson,
  plainJson,
  printJson,
  quote,
} from './json-text';
export { type LatestSchema, type ResolvedReference, SchemaRegistry, type SchemaToRegister } from './registry';
export { isNotFound, RegistryError } from './registry-error';
export { REGISTRY_KEYS, type RegistryAuth, type RegistryOptions, registryOptions } from './registry-options';
export { SCHEMA_SERVICES, SchemaServices, type SchemaServicesOptions } from './services';
export * from './subjects';
