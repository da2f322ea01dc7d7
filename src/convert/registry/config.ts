/** The configuration that all converters with a registry share: the keys of Confluent's serializers. */
import { atLeast, type Config, type ConfigKey } from '../../kernel';
import { REGISTRY_KEYS, type RegistryOptions, registryOptions } from '../../schemas/registry-options';
import {
  DEFAULT_SUBJECT_STRATEGY,
  FALLBACK_STRATEGIES,
  SUBJECT_STRATEGIES,
  type SubjectNaming,
  subjectStrategy,
} from '../../schemas/subjects';
import { CONVERTER_TYPE } from '../converter-type';

const flag = (name: string, byDefault: boolean, group: string, doc: string): ConfigKey => ({
  name,
  type: 'BOOLEAN',
  default: byDefault,
  importance: 'MEDIUM',
  group,
  doc,
});

/** A switch of how types are mapped. */
export const mappingFlag = (name: string, byDefault: boolean, doc: string): ConfigKey =>
  flag(name, byDefault, MAPPING, doc);

export const WRITING = 'Writing';
export const MAPPING = 'Mapping';
const FRAMING = 'Framing';

const oneOfNames =
  (names: ReadonlyMap<string, unknown>) =>
  (value: unknown): string | null =>
    names.has(value as string) ? null : `Must be one of ${[...names.keys()].join(', ')}`;

const strategy = (side: 'key' | 'value'): ConfigKey => ({
  name: `${side}.subject.name.strategy`,
  type: 'CLASS',
  default: DEFAULT_SUBJECT_STRATEGY,
  importance: 'MEDIUM',
  group: WRITING,
  recommended: [
    'TopicNameStrategy',
    'RecordNameStrategy',
    'TopicRecordNameStrategy',
    'AssociatedNameStrategy',
  ],
  validator: oneOfNames(SUBJECT_STRATEGIES),
  doc: `Subject of ${side}s: TopicNameStrategy (<topic>-${side}), RecordNameStrategy (full name of the record), TopicRecordNameStrategy (<topic>-<full name>) or AssociatedNameStrategy (the one that the registry associates with the topic, else that of subject.name.strategy.fallback.type).`,
});

export type WriteFrame = 'prefix' | 'header';
export type ReadFrame = 'dual' | 'prefix' | 'header';

const ID_PACKAGE = 'io.confluent.kafka.serializers.schema.id.';
const WRITE_FRAMES: ReadonlyMap<string, WriteFrame> = new Map([
  [`${ID_PACKAGE}PrefixSchemaIdSerializer`, 'prefix'],
  [`${ID_PACKAGE}HeaderSchemaIdSerializer`, 'header'],
  ['PrefixSchemaIdSerializer', 'prefix'],
  ['HeaderSchemaIdSerializer', 'header'],
]);
const READ_FRAMES: ReadonlyMap<string, ReadFrame> = new Map([
  [`${ID_PACKAGE}DualSchemaIdDeserializer`, 'dual'],
  [`${ID_PACKAGE}PrefixSchemaIdDeserializer`, 'prefix'],
  [`${ID_PACKAGE}HeaderSchemaIdDeserializer`, 'header'],
  ['DualSchemaIdDeserializer', 'dual'],
  ['PrefixSchemaIdDeserializer', 'prefix'],
  ['HeaderSchemaIdDeserializer', 'header'],
]);

const framing = (side: 'key' | 'value'): ConfigKey[] => [
  {
    name: `${side}.schema.id.serializer`,
    type: 'CLASS',
    default: `${ID_PACKAGE}PrefixSchemaIdSerializer`,
    importance: 'LOW',
    group: FRAMING,
    recommended: ['PrefixSchemaIdSerializer', 'HeaderSchemaIdSerializer'],
    validator: oneOfNames(WRITE_FRAMES),
    doc: `Where ${side}s say which schema they have: PrefixSchemaIdSerializer, a zero byte and the id before the data; HeaderSchemaIdSerializer, the guid in the record header __${side}_schema_id, which needs a registry with guids.`,
  },
  {
    name: `${side}.schema.id.deserializer`,
    type: 'CLASS',
    default: `${ID_PACKAGE}DualSchemaIdDeserializer`,
    importance: 'LOW',
    group: FRAMING,
    recommended: ['DualSchemaIdDeserializer', 'PrefixSchemaIdDeserializer', 'HeaderSchemaIdDeserializer'],
    validator: oneOfNames(READ_FRAMES),
    doc: `Where the schema of ${side}s is looked for: DualSchemaIdDeserializer, the header when there is one and else before the data; PrefixSchemaIdDeserializer or HeaderSchemaIdDeserializer, there alone.`,
  },
];

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
  {
    name: 'subject.name.strategy.fallback.type',
    type: 'STRING',
    default: 'TOPIC',
    importance: 'LOW',
    group: WRITING,
    recommended: [...FALLBACK_STRATEGIES.keys()],
    validator: (value) => oneOfNames(FALLBACK_STRATEGIES)(String(value).toUpperCase()),
    doc: 'With AssociatedNameStrategy: the strategy for topics that no subject is associated with. TOPIC, RECORD, TOPIC_RECORD, or NONE, which makes it an error.',
  },
  {
    name: 'subject.name.strategy.kafka.cluster.id',
    type: 'STRING',
    default: '-',
    importance: 'LOW',
    group: WRITING,
    doc: 'With AssociatedNameStrategy: the Kafka cluster of the topic as the registry knows it. -: any.',
  },
];

const CACHE_KEYS: readonly ConfigKey[] = [
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

/** Keys of every converter with a registry, around those of its own mapping. */
export const registryConverterKeys = (mapping: readonly ConfigKey[]): ConfigKey[] => [
  CONVERTER_TYPE,
  ...REGISTRY_KEYS,
  ...WRITING_KEYS,
  ...framing('key'),
  ...framing('value'),
  ...mapping,
  ...CACHE_KEYS,
];

export const REGISTRY_CONVERTER_PREFIXES = [
  {
    prefix: 'schema.registry.ssl.',
    doc: "TLS to the registry: Kafka's ssl.* keys, stores as PEM or PKCS12.",
  },
  {
    prefix: 'request.header.',
    doc: 'Headers of every request to the registry: request.header.X-Team=billing.',
  },
];

export interface WriteSettings {
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
  readonly frame: WriteFrame;
}

export interface RegistryConverterSettings {
  readonly registry: RegistryOptions;
  readonly isKey: boolean;
  readonly cacheSize: number;
  readonly naming: SubjectNaming;
  readonly readFrame: ReadFrame;
  readonly write: WriteSettings;
}

/** Throws ConfigError. */
export function registrySettings(config: Config, isKey: boolean): RegistryConverterSettings {
  const side = isKey ? 'key' : 'value';
  const strategyKey = `${side}.subject.name.strategy`;
  return {
    registry: registryOptions(config),
    isKey,
    cacheSize: config.optionalNumber('schemas.cache.size') ?? config.number('schemas.cache.config'),
    naming: {
      strategy: subjectStrategy(strategyKey, config.string(strategyKey)),
      fallback:
        FALLBACK_STRATEGIES.get(config.string('subject.name.strategy.fallback.type').toUpperCase()) ?? null,
      cluster: config.string('subject.name.strategy.kafka.cluster.id'),
    },
    readFrame: READ_FRAMES.get(config.string(`${side}.schema.id.deserializer`))!,
    write: writeSettings(config, WRITE_FRAMES.get(config.string(`${side}.schema.id.serializer`))!),
  };
}

function writeSettings(config: Config, frame: WriteFrame): WriteSettings {
  const ttlSeconds = config.number('latest.cache.ttl.sec');
  const metadata = config.list('use.latest.with.metadata').map((entry) => {
    const equals = entry.indexOf('=');
    return [entry.slice(0, equals).trim(), entry.slice(equals + 1).trim()] as const;
  });
  return {
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
    frame,
  };
}

/** Whether what data are written with may change while the converter runs. */
export const followsLatest = ({ write }: RegistryConverterSettings): boolean =>
  Number.isFinite(write.latestTtlMs) && (write.useLatest || write.withMetadata !== null);
