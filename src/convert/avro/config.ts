/** The configuration of the Avro converter: the keys of Confluent's. */
import { type Config, ConfigDef, ConfigError, type ConfigKey } from '../../kernel';
import {
  mappingFlag,
  REGISTRY_CONVERTER_PREFIXES,
  type RegistryConverterSettings,
  registryConverterKeys,
  registrySettings,
} from '../registry/config';
import type { AvroDataOptions } from './options';

const MAPPING_KEYS: readonly ConfigKey[] = [
  mappingFlag(
    'enhanced.avro.schema.support',
    false,
    'Keep enums as enums, and full names of union branches.',
  ),
  mappingFlag(
    'connect.meta.data',
    true,
    'Keep names, versions, docs, parameters and defaults of Connect schemas as attributes.',
  ),
  mappingFlag('scrub.invalid.names', false, 'Replace characters in names that Avro does not allow.'),
  mappingFlag(
    'discard.type.doc.default',
    false,
    'Take docs of fields for docs of their schemas, and drop docs and defaults of types.',
  ),
  mappingFlag('allow.optional.map.keys', false, 'Write maps with optional string keys as Avro maps.'),
  mappingFlag('flatten.singleton.unions', true, 'Read a union of one branch as that branch.'),
  mappingFlag(
    'generalized.sum.type.support',
    false,
    'Read unions and enums in the form that all schema formats of Connect share.',
  ),
  mappingFlag(
    'ignore.default.for.nullables',
    false,
    'Write null for a null field even when its schema has a default.',
  ),
];

export const AVRO_CONVERTER_CONFIG = new ConfigDef(
  registryConverterKeys(MAPPING_KEYS),
  REGISTRY_CONVERTER_PREFIXES,
);

export interface AvroConverterSettings extends RegistryConverterSettings {
  readonly data: AvroDataOptions;
}

/** Throws ConfigError. */
export const converterSettings = (config: Config, isKey: boolean): AvroConverterSettings => ({
  ...registrySettings(config, isKey),
  data: dataOptions(config),
});

function dataOptions(config: Config): AvroDataOptions {
  const options = {
    connectMetaData: config.boolean('connect.meta.data'),
    enhanced: config.boolean('enhanced.avro.schema.support'),
    generalizedSums: config.boolean('generalized.sum.type.support'),
    scrubNames: config.boolean('scrub.invalid.names'),
    discardTypeDocDefault: config.boolean('discard.type.doc.default'),
    optionalMapKeys: config.boolean('allow.optional.map.keys'),
    flattenSingletonUnions: config.boolean('flatten.singleton.unions'),
    ignoreDefaultForNullables: config.boolean('ignore.default.for.nullables'),
  };
  if (options.enhanced && options.generalizedSums) {
    throw new ConfigError('enhanced.avro.schema.support and generalized.sum.type.support exclude each other');
  }
  return options;
}
