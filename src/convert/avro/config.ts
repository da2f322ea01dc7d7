/** The configuration of the Avro converter: the keys of Confluent's. */
import { atLeast, type Config, ConfigDef, ConfigError, type ConfigKey } from '../../kernel';
import { REGISTRY_KEYS, type RegistryOptions, registryOptions } from '../../schemas/registry-options';
import {
  DEFAULT_SUBJECT_STRATEGY,
  SUBJECT_STRATEGIES,
  type SubjectStrategy,
  subjectStrategy,
} from '../../schemas/subjects';
import { CONVERTER_TYPE } from '../converter-type';
import type { AvroDataOptions } from './options';

const flag = (name: string, byDefault: boolean, group: string, doc: string): ConfigKey => ({
  name,
  type: 'BOOLEAN',
  default: byDefault,
  importance: 'MEDIUM',
  group,
  doc,
});

const WRITING = 'Writing';
const MAPPING = 'Mapping';

const strategy = (side: 'key' | 'value'): ConfigKey => ({
  name: `${side}.subject.name.strategy`,
  type: 'CLASS',
  default: DEFAULT_SUBJECT_STRATEGY,
  importance: 'MEDIUM',
  group: WRITING,
  recommended: ['TopicNameStrategy', 'RecordNameStrategy', 'TopicRecordNameStrategy'],
  validator: (value) =>
    SUBJECT_STRATEGIES.has(value as string)
      ? null
      : `Must be one of ${[...SUBJECT_STRATEGIES.keys()].join(', ')}`,
  doc: `Subject of ${side}s: TopicNameStrategy (<topic>-${side}), RecordNameStrategy (full name of the record) or TopicRecordNameStrategy (<topic>-<full name>).`,
});

const WRITING_KEYS: readonly ConfigKey[] = [
  flag(
    'auto.register.schemas',
    true,
    WRITING,
    'Register schemas that the registry does not have yet. Otherwise they are only looked up.',
  ),
  {
    name: 'use.schema.id',
    type: 'INT',
    default: -1,
    importance: 'LOW',
    group: WRITING,
    doc: 'Write with the schema of this id instead of one of the data. -1: do not.',
  },
  flag(
    'id.compatibility.strict',
    true,
    WRITING,
    'With use.schema.id: refuse data whose own schema the given one cannot read.',
  ),
  flag(
    'use.latest.version',
    false,
    WRITING,
    'Write with the latest schema of the subject instead of registering one.',
  ),
  flag(
    'latest.compatibility.strict',
    true,
    WRITING,
    'With use.latest.version: refuse data whose own schema the latest one cannot read.',
  ),
  {
    name: 'use.latest.with.metadata',
    type: 'LIST',
    default: [],
    importance: 'LOW',
    group: WRITING,
    example: 'application.version=2,owner=billing',
    validator: (value) =>
      (value as readonly string[]).every((entry) => entry.indexOf('=') > 0)
        ? null
        : 'Entries must be key=value',
    doc: 'Write with the latest schema of the subject whose metadata has these properties: key=value, separated by commas.',
  },
  {
    name: 'latest.cache.size',
    type: 'INT',
    default: 1000,
    importance: 'LOW',
    group: WRITING,
    validator: atLeast(1),
    doc: 'How many latest schemas are kept.',
  },
  {
    name: 'latest.cache.ttl.sec',
    type: 'INT',
    default: -1,
    importance: 'LOW',
    group: WRITING,
    doc: 'Seconds after which the latest schema is asked for again. -1: never.',
  },
  flag(
    'normalize.schemas',
    false,
    WRITING,
    'Let the registry normalise schemas, so that spellings of one schema are one.',
  ),
  {
    name: 'max.schemas.per.subject',
    type: 'INT',
    default: 1000,
    importance: 'LOW',
    group: WRITING,
    validator: atLeast(1),
    doc: 'Different schemas that may be written to one subject; more is taken for a mistake.',
  },
  strategy('key'),
  strategy('value'),
];

const MAPPING_KEYS: readonly ConfigKey[] = [
  flag(
    'enhanced.avro.schema.support',
    false,
    MAPPING,
    'Keep enums as enums, and full names of union branches.',
  ),
  flag(
    'connect.meta.data',
    true,
    MAPPING,
    'Keep names, versions, docs, parameters and defaults of Connect schemas as attributes.',
  ),
  flag('scrub.invalid.names', false, MAPPING, 'Replace characters in names that Avro does not allow.'),
  flag(
    'discard.type.doc.default',
    false,
    MAPPING,
    'Take docs of fields for docs of their schemas, and drop docs and defaults of types.',
  ),
  flag('allow.optional.map.keys', false, MAPPING, 'Write maps with optional string keys as Avro maps.'),
  flag('flatten.singleton.unions', true, MAPPING, 'Read a union of one branch as that branch.'),
  flag(
    'generalized.sum.type.support',
    false,
    MAPPING,
    'Read unions and enums in the form that all schema formats of Connect share.',
  ),
  flag(
    'ignore.default.for.nullables',
    false,
    MAPPING,
    'Write null for a null field even when its schema has a default.',
  ),
  {
    name: 'schemas.cache.config',
    type: 'INT',
    default: 1000,
    importance: 'LOW',
    group: MAPPING,
    validator: atLeast(1),
    doc: 'How many topics, and schemas of a topic, are kept ready.',
  },
  {
    name: 'schemas.cache.size',
    type: 'INT',
    default: null,
    importance: 'LOW',
    group: MAPPING,
    doc: 'Another name of schemas.cache.config.',
  },
];

export const AVRO_CONVERTER_CONFIG = new ConfigDef(
  [CONVERTER_TYPE, ...REGISTRY_KEYS, ...WRITING_KEYS, ...MAPPING_KEYS],
  [
    {
      prefix: 'schema.registry.ssl.',
      doc: "TLS to the registry: Kafka's ssl.* keys, stores as PEM or PKCS12.",
    },
  ],
);

export interface WriteSettings {
  readonly strategy: SubjectStrategy;
  readonly autoRegister: boolean;
  /** -1: not set. */
  readonly useSchemaId: number;
  readonly idStrict: boolean;
  readonly useLatest: boolean;
  readonly latestStrict: boolean;
  /** Null: not set. */
  readonly withMetadata: Readonly<Record<string, string>> | null;
  readonly latestCacheSize: number;
  /** Infinity: never. */
  readonly latestTtlMs: number;
  readonly normalize: boolean;
  readonly maxSchemasPerSubject: number;
}

export interface AvroConverterSettings {
  readonly registry: RegistryOptions;
  readonly isKey: boolean;
  readonly cacheSize: number;
  readonly data: AvroDataOptions;
  readonly write: WriteSettings;
}

/** Throws ConfigError. */
export function converterSettings(config: Config, isKey: boolean): AvroConverterSettings {
  return {
    registry: registryOptions(config),
    isKey,
    cacheSize: config.optionalNumber('schemas.cache.size') ?? config.number('schemas.cache.config'),
    data: dataOptions(config),
    write: writeSettings(config, isKey),
  };
}

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

function writeSettings(config: Config, isKey: boolean): WriteSettings {
  const strategyKey = `${isKey ? 'key' : 'value'}.subject.name.strategy`;
  const ttlSeconds = config.number('latest.cache.ttl.sec');
  const metadata = config.list('use.latest.with.metadata').map((entry) => {
    const equals = entry.indexOf('=');
    return [entry.slice(0, equals).trim(), entry.slice(equals + 1).trim()] as const;
  });
  return {
    strategy: subjectStrategy(strategyKey, config.string(strategyKey)),
    autoRegister: config.boolean('auto.register.schemas'),
    useSchemaId: config.number('use.schema.id'),
    idStrict: config.boolean('id.compatibility.strict'),
    useLatest: config.boolean('use.latest.version'),
    latestStrict: config.boolean('latest.compatibility.strict'),
    withMetadata: metadata.length > 0 ? Object.fromEntries(metadata) : null,
    latestCacheSize: config.number('latest.cache.size'),
    latestTtlMs: ttlSeconds < 0 ? Number.POSITIVE_INFINITY : ttlSeconds * 1000,
    normalize: config.boolean('normalize.schemas'),
    maxSchemasPerSubject: config.number('max.schemas.per.subject'),
  };
}
