/** The configuration of the JSON Schema converter: the keys of Confluent's. */
import { type Config, ConfigDef, type ConfigKey, oneOfIgnoringCase } from '../../kernel';
import type { DecimalFormat } from '../json/write';
import {
  MAPPING,
  mappingFlag,
  REGISTRY_CONVERTER_PREFIXES,
  type RegistryConverterSettings,
  registryConverterKeys,
  registrySettings,
} from '../registry/config';
import type { JsonSchemaDataOptions } from './options';

const MAPPING_KEYS: readonly ConfigKey[] = [
  {
    name: 'decimal.format',
    type: 'STRING',
    default: 'BASE64',
    importance: 'LOW',
    group: MAPPING,
    validator: oneOfIgnoringCase('BASE64', 'NUMERIC'),
    doc: 'How decimals are written: BASE64 of the unscaled number, or NUMERIC, a JSON number. Both are read.',
  },
  mappingFlag(
    'object.additional.properties',
    true,
    'Write schemas whose objects may have members that the schema does not describe.',
  ),
  mappingFlag(
    'use.optional.for.nonrequired',
    false,
    'Read properties that a schema does not require as optional fields.',
  ),
  mappingFlag(
    'generalized.sum.type.support',
    false,
    'Read unions and enums in the form that all schema formats of Connect share.',
  ),
  mappingFlag('flatten.singleton.unions', true, 'Read a union of one alternative as that alternative.'),
  mappingFlag(
    'ignore.default.for.nullables',
    false,
    'Write null for a null field even when its schema has a default.',
  ),
  mappingFlag(
    'ignore.modern.dialects',
    false,
    'Read schemas of drafts after draft-07 as if they were draft-07.',
  ),
  mappingFlag(
    'scrub.invalid.names',
    false,
    'Known so that converters can share a configuration: no name is invalid in JSON.',
  ),
  mappingFlag(
    'json.fail.invalid.schema',
    false,
    'Check every value against its schema, written and read, and refuse what does not fit. Formats are not checked. Halves the speed at best.',
  ),
];

export const JSON_SCHEMA_CONVERTER_CONFIG = new ConfigDef(
  registryConverterKeys(MAPPING_KEYS),
  REGISTRY_CONVERTER_PREFIXES,
);

export interface JsonSchemaConverterSettings extends RegistryConverterSettings {
  readonly data: JsonSchemaDataOptions;
}

/** Throws ConfigError. */
export const jsonSchemaConverterSettings = (config: Config, isKey: boolean): JsonSchemaConverterSettings => ({
  ...registrySettings(config, isKey),
  data: {
    decimalFormat: config.string('decimal.format').toLowerCase() as DecimalFormat,
    additionalProperties: config.boolean('object.additional.properties'),
    optionalForNonRequired: config.boolean('use.optional.for.nonrequired'),
    generalizedSums: config.boolean('generalized.sum.type.support'),
    flattenSingletonUnions: config.boolean('flatten.singleton.unions'),
    ignoreDefaultForNullables: config.boolean('ignore.default.for.nullables'),
    ignoreModernDialects: config.boolean('ignore.modern.dialects'),
    validate: config.boolean('json.fail.invalid.schema'),
  },
});
