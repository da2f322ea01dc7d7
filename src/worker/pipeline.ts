/** Builds what a record passes between connector and Kafka: the transform chain and the converters of one task. */
import type { NamedTransform, Pipeline } from '../flow';
import { ConfigError, type RawConfig } from '../kernel';
import type {
  ConverterContext,
  ConverterPlugin,
  HeaderConverterPlugin,
  Predicate,
  Transform,
} from '../plugin';
import type { Catalog } from './catalog';
import { stripPrefix } from './config-compose';
import { listOf } from './topic-keys';

export interface PipelineOptions {
  /** Connector configuration, references resolved. */
  readonly connector: Readonly<Record<string, string>>;
  /** Worker configuration, references resolved. */
  readonly worker: Readonly<Record<string, string>>;
  readonly catalog: Catalog;
  readonly context: ConverterContext;
}

export async function buildPipeline(options: PipelineOptions): Promise<Pipeline> {
  const [key, value] = await Promise.all([converter('key', options), converter('value', options)]);
  const header = await headerConverter(options);
  return {
    transforms: await buildTransforms(options.connector, options.catalog),
    keyConverter: key.plugin.create(options.context, key.plugin.config.parse(key.config), true),
    valueConverter: value.plugin.create(options.context, value.plugin.config.parse(value.config), false),
    headerConverter: header.plugin.create(options.context, header.plugin.config.parse(header.config)),
    classNames: { key: key.className, value: value.className, header: header.className },
  };
}

/** Lets go of what converters hold. */
export async function closePipeline({ keyConverter, valueConverter }: Pipeline): Promise<void> {
  await Promise.all([keyConverter.close?.(), valueConverter.close?.()]);
}

type Role = 'key' | 'value' | 'header';

interface Choice<P> {
  readonly plugin: P;
  readonly className: string;
  readonly config: RawConfig;
}

/** A connector that names a converter brings its settings too; else both are the worker's. */
function choose(
  role: Role,
  { connector, worker }: PipelineOptions,
): { className: string; config: Record<string, string> } {
  const key = `${role}.converter`;
  const source = connector[key] === undefined ? worker : connector;
  const className = source[key]?.trim();
  if (!className) {
    throw new ConfigError(`${key} must be set in the connector's configuration, or in the worker's`, {
      hint: `For example ${key}=org.apache.kafka.connect.json.JsonConverter`,
    });
  }
  return { className, config: { ...stripPrefix(source, `${key}.`), 'converter.type': role } };
}

async function converter(role: 'key' | 'value', options: PipelineOptions): Promise<Choice<ConverterPlugin>> {
  const { className, config } = choose(role, options);
  const plugin = await options.catalog.find('converter', className);
  return { plugin, className, config: withRegistry(plugin, config, options.worker) };
}

async function headerConverter(options: PipelineOptions): Promise<Choice<HeaderConverterPlugin>> {
  const worker = { 'header.converter': DEFAULT_HEADER_CONVERTER, ...options.worker };
  const { className, config } = choose('header', { ...options, worker });
  const plugin = await options.catalog.find('header-converter', className);
  return { plugin, className, config };
}

export const DEFAULT_HEADER_CONVERTER = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';

export const REGISTRY_URL = 'schema.registry.url';

/** The worker's `schema.registry.url` serves converters that need one and name none. */
export function withRegistry(
  plugin: Pick<ConverterPlugin, 'config'>,
  config: Record<string, string>,
  worker: RawConfig,
): Record<string, string> {
  const url = worker[REGISTRY_URL];
  if (
    config[REGISTRY_URL] !== undefined ||
    typeof url !== 'string' ||
    !plugin.config.keys.has(REGISTRY_URL)
  ) {
    return config;
  }
  return { ...config, [REGISTRY_URL]: url };
}

async function buildTransforms(
  raw: Readonly<Record<string, string>>,
  catalog: Catalog,
): Promise<NamedTransform[]> {
  const predicates = new Map<string, Predicate>();
  for (const alias of listOf(raw.predicates))
    predicates.set(alias, await buildPredicate(alias, raw, catalog));
  const chain: NamedTransform[] = [];
  for (const name of listOf(raw.transforms)) {
    const config = stripPrefix(raw, `transforms.${name}.`);
    const className = config.type ?? '';
    const plugin = await catalog.find('transform', className.trim());
    const apply = plugin.create(plugin.config.parse(config));
    chain.push({ name, className, apply: guarded(apply, name, config, predicates) });
  }
  return chain;
}

async function buildPredicate(
  alias: string,
  raw: Readonly<Record<string, string>>,
  catalog: Catalog,
): Promise<Predicate> {
  const config = stripPrefix(raw, `predicates.${alias}.`);
  const plugin = await catalog.find('predicate', (config.type ?? '').trim());
  return plugin.create(plugin.config.parse(config));
}

/** Records that the predicate leaves out pass unchanged. */
function guarded(
  apply: Transform,
  name: string,
  config: Readonly<Record<string, string>>,
  predicates: ReadonlyMap<string, Predicate>,
): Transform {
  if (config.predicate === undefined) return apply;
  const predicate = predicates.get(config.predicate.trim());
  if (predicate === undefined) {
    const wanted = config.predicate.trim();
    throw new ConfigError(`Unknown configuration 'predicates.${wanted}.plugin.version'`, {
      hint: `transforms.${name}.predicate names ${wanted}, predicates names ${[...predicates.keys()].join(', ') || 'none'}.`,
    });
  }
  const wanted = config.negate?.trim().toLowerCase() !== 'true';
  return (record) => (predicate(record) === wanted ? apply(record) : record);
}
