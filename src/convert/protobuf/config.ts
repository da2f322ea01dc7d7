/** The configuration of the Protobuf converter: the keys of Confluent's. */
import { type Config, ConfigDef, type ConfigKey } from '../../kernel';
import {
  mappingFlag,
  REGISTRY_CONVERTER_PREFIXES,
  type RegistryConverterSettings,
  registryConverterKeys,
  registrySettings,
} from '../registry/config';
import type { ProtobufDataOptions } from './options';

const MAPPING_KEYS: readonly ConfigKey[] = [
  mappingFlag(
    'enhanced.protobuf.schema.support',
    false,
    'Keep the packages of messages and enums in names of Connect schemas.',
  ),
  mappingFlag(
    'generalized.sum.type.support',
    false,
    'Read oneofs and enums in the form that all schema formats of Connect share.',
  ),
  mappingFlag(
    'ignore.default.for.nullables',
    false,
    'Write nothing for a null field even when its schema has a default.',
  ),
  mappingFlag('scrub.invalid.names', false, 'Replace characters in names that Protobuf does not allow.'),
  mappingFlag('int.for.enums', false, 'Read enums as their numbers, not as their names.'),
  mappingFlag(
    'optional.for.nullables',
    false,
    'Write fields that may be null as optional ones, and read no others as such.',
  ),
  mappingFlag(
    'optional.for.proto2',
    true,
    'Read an optional field of proto2 that is not there as null, not as its default.',
  ),
  mappingFlag(
    'wrapper.for.nullables',
    false,
    'Write fields that may be null as wrapper messages (google.protobuf.StringValue, …), and read these as plain values that may be null.',
  ),
  mappingFlag(
    'wrapper.for.raw.primitives',
    true,
    'Read a record that is a wrapper message as the plain value in it.',
  ),
  mappingFlag(
    'generate.struct.for.nulls',
    false,
    'Read a message that is not there as a struct of defaults, not as null.',
  ),
  mappingFlag(
    'generate.index.for.unions',
    true,
    'Call the field of a oneof by the name of the oneof, an underscore and its index.',
  ),
  mappingFlag('flatten.unions', false, 'Read members of a oneof as fields of the struct itself.'),
];

export const PROTOBUF_CONVERTER_CONFIG = new ConfigDef(
  registryConverterKeys(MAPPING_KEYS),
  REGISTRY_CONVERTER_PREFIXES,
);

export interface ProtobufConverterSettings extends RegistryConverterSettings {
  readonly data: ProtobufDataOptions;
}

/** Throws ConfigError. */
export const converterSettings = (config: Config, isKey: boolean): ProtobufConverterSettings => ({
  ...registrySettings(config, isKey),
  data: dataOptions(config),
});

const dataOptions = (config: Config): ProtobufDataOptions => ({
  enhanced: config.boolean('enhanced.protobuf.schema.support'),
  generalizedSums: config.boolean('generalized.sum.type.support'),
  ignoreDefaultForNullables: config.boolean('ignore.default.for.nullables'),
  scrubNames: config.boolean('scrub.invalid.names'),
  intForEnums: config.boolean('int.for.enums'),
  optionalForNullables: config.boolean('optional.for.nullables'),
  optionalForProto2: config.boolean('optional.for.proto2'),
  wrapperForNullables: config.boolean('wrapper.for.nullables'),
  wrapperForRawPrimitives: config.boolean('wrapper.for.raw.primitives'),
  structForNulls: config.boolean('generate.struct.for.nulls'),
  indexForUnions: config.boolean('generate.index.for.unions'),
  flattenUnions: config.boolean('flatten.unions'),
});
