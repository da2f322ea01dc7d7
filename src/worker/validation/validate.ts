/**
 * Validation of a connector's configuration as Kafka Connect does it (connect.md §1.4): references → framework, with the
 * transforms and predicates that are named → the connector's own keys → converters → client overrides → one answer.
 *
 * Kinder than a JVM worker, on purpose: a reference that cannot be resolved, a null for a key of the connector's own, a
 * wrong value of a client's key and an unknown version are errors of their keys; there, they pass, or fail the request.
 */
import { type Config, ConfigDef, type ConfigKey } from '../../kernel';
import { classNamed, classNameOf } from '../catalog';
import type { Connector } from '../connector-config';
import { CONNECTOR_KEYS } from '../connector-keys';
import { checkOwnKeys } from '../own-keys';
import { resolveReferences } from '../references';
import { listOf } from '../topic-keys';
import { findLinks, type Link } from './chain';
import { versionProblem } from './classes';
import { judgeSink, judgeSource } from './connector';
import { connectorOf } from './connector-class';
import type { GivenConfig, ValidationContext } from './context';
import { judgeConverter } from './converters';
import { Findings } from './findings';
import { findConverter, ROLES, type RoleConverter, workerKeys } from './framework';
import type { ConfigInfos } from './infos';
import { judgeOverrides } from './overrides';
import { hideReferences } from './secrets';

/**
 * Never throws for a wrong value. Throws ConfigError when there is no connector to ask: no class, or an unknown one.
 * References are resolved for the checks and shown as written.
 */
export async function validateConnectorConfig(
  written: GivenConfig,
  context: ValidationContext,
): Promise<ConfigInfos> {
  const { config, broken } = await resolve(written, context);
  const plugin = await connectorOf(context.catalog, config, written);
  const parts = await judge(plugin, config, context);
  for (const { key, reference, why } of broken) {
    parts[0]!.complain(key, written[key] ?? null, `${key}: ${reference} cannot be resolved: ${why}`);
  }
  return hideReferences(merge(written['connector.class']!, parts), written, config);
}

async function resolve(written: GivenConfig, { providers }: ValidationContext) {
  const texts = Object.entries(written).filter((entry): entry is [string, string] => entry[1] !== null);
  const { config, broken } = await resolveReferences(Object.fromEntries(texts), providers);
  const resolved: GivenConfig = { ...written, ...config };
  return { config: resolved, broken };
}

async function judge(
  plugin: Connector,
  config: GivenConfig,
  context: ValidationContext,
): Promise<Findings[]> {
  const badVersion = wrongVersion(plugin, config);
  if (badVersion !== null) return [judgeWithoutConnector(plugin, config, badVersion)];
  const converters = await Promise.all(ROLES.map((role) => findConverter(role, config, context)));
  const links = [
    ...(await findLinks('transform', listOf(config['transforms'] ?? ''), config, context)),
    ...(await findLinks('predicate', listOf(config['predicates'] ?? ''), config, context)),
  ];
  const [key, value, header] = converters as [RoleConverter, RoleConverter, RoleConverter];
  return [
    await judgeConnector(plugin, config, converters, links, context),
    ...[header, key, value].map((converter) => judgeConverter(converter, config, context)),
    ...judgeOverrides(plugin.kind, config, context),
  ];
}

function wrongVersion(plugin: Connector, config: GivenConfig): string | null {
  const name = classNamed(plugin, 'connector', config['connector.class'] ?? classNameOf(plugin));
  return versionProblem(name, plugin.version, config['connector.plugin.version'] ?? null);
}

/** There is no connector of that version, so nobody knows its keys. */
function judgeWithoutConnector(plugin: Connector, config: GivenConfig, why: string): Findings {
  const findings = new Findings();
  const keys = CONNECTOR_KEYS.map(
    (key): ConfigKey => ({
      ...key,
      ...(key.name === 'connector.plugin.version'
        ? { default: plugin.version, recommended: [plugin.version] }
        : { recommended: undefined }),
      ...(/\.converter\.plugin\.version$/.test(key.name) ? { visible: () => false } : {}),
    }),
  );
  const def = new ConfigDef(keys);
  findings.addAll([...def.keys.keys()], def.validate(config));
  for (const key of ['connector.class', 'connector.plugin.version']) findings.complain(key, null, why);
  return findings;
}

async function judgeConnector(
  plugin: Connector,
  config: GivenConfig,
  converters: readonly RoleConverter[],
  links: readonly Link[],
  context: ValidationContext,
): Promise<Findings> {
  const findings = new Findings();
  judgeFramework(findings, workerKeys(plugin, config, converters), config, converters);
  for (const link of links) judgeLink(findings, link, config);
  const own = new Findings();
  judgeOwnKeys(own, plugin, config);
  const ownError = own.firstError();
  const parsed = ownError === null ? plugin.config.parse(config) : null;
  if (plugin.kind === 'sink') judgeSink(findings, config, context);
  judgeSource(findings, plugin, parsed, ownError, context);
  findings.replace(own);
  if (parsed !== null) await askConnector(findings, plugin, parsed, context);
  judgeNulls(findings, config, (key) => !plugin.config.keys.has(key));
  for (const { key, value, message } of checkOwnKeys(config, plugin.kind))
    findings.complain(key, value, message);
  return findings;
}

function judgeFramework(
  findings: Findings,
  keys: readonly ConfigKey[],
  config: GivenConfig,
  converters: readonly RoleConverter[],
): void {
  const names = new Map<string, string | null>();
  for (const { role, own } of converters) {
    const given = config[`${role}.converter`];
    if (own !== null && typeof given === 'string') names.set(given.trim(), own.name);
  }
  const def = new ConfigDef(keys);
  findings.addAll(
    [...def.keys.keys()],
    def.validate(config, (name) => names.get(name) ?? null),
  );
  for (const { role, own } of converters) {
    if (own?.why == null) continue;
    findings.complain(`${role}.converter`, null, own.why);
    if (own.version !== null) findings.complain(`${role}.converter.plugin.version`, null, own.why);
  }
}

function judgeLink(findings: Findings, { prefix, keys, found, kind }: Link, config: GivenConfig): void {
  const def = new ConfigDef(keys);
  findings.addAll(
    [...def.keys.keys()],
    def.validate(config, () => found?.name ?? null, prefix),
    prefix,
  );
  const type = `${prefix}type`;
  if (found?.why != null) {
    findings.complain(type, null, found.why);
    if (found.version !== null) findings.complain(`${prefix}plugin.version`, null, found.why);
  }
  const negate = `${prefix}negate`;
  if (kind === 'predicate' || config[negate] === undefined || config[`${prefix}predicate`] !== undefined)
    return;
  if (!found?.plugin) return;
  findings.complain(
    type,
    null,
    `Config '${negate}' was provided but there is no config '${prefix}predicate' defining a predicate to be negated.`,
  );
}

/** Keys that are ours, beside those of the connector this one stands in for, are told where they are set. */
function judgeOwnKeys(own: Findings, plugin: Connector, config: GivenConfig): void {
  const judged = plugin.config.validate(config);
  const listed = judged.filter(({ key }) => key.extension !== true || config[key.name] !== undefined);
  own.addAll(
    listed.map(({ key }) => key.name),
    judged,
  );
  judgeNulls(own, config, (key) => plugin.config.keys.has(key));
  if (own.hasErrors()) return;
  for (const { key, value, message } of plugin.config.check(config)) own.complain(key, value, message);
}

async function askConnector(
  findings: Findings,
  plugin: Connector,
  parsed: Config,
  { signal }: ValidationContext,
): Promise<void> {
  const issues = (await plugin.validate?.(parsed, signal ?? new AbortController().signal)) ?? [];
  for (const { key, value, message } of issues) findings.complain(key, value, message);
}

function judgeNulls(findings: Findings, config: GivenConfig, isMeant: (key: string) => boolean): void {
  for (const [key, value] of Object.entries(config)) {
    if (value !== null || !isMeant(key)) continue;
    findings.complain(key, null, 'Null value can not be supplied as the configuration value.');
  }
}

function merge(name: string, parts: readonly Findings[]): ConfigInfos {
  const configs = parts.flatMap((part) => part.infos());
  return {
    name,
    error_count: configs.reduce((count, { value }) => count + (value?.errors.length ?? 0), 0),
    groups: [...new Set(parts.flatMap(({ groups }) => groups))],
    configs,
  };
}
