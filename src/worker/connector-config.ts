/** Checks a connector's configuration as a whole: framework, transforms, predicates, converters, client keys, connector. */
import { ConfigDef, type ConfigIssue, MillraceError } from '../kernel';
import type { Plugin, SinkConnector, SourceConnector } from '../plugin';
import type { Catalog, LookupKind } from './catalog';
import { CLIENT_DEFS, CLIENT_KINDS, isIgnoredByClients, type OverridePolicy } from './client-keys';
import { checkWithHints, prefixDef } from './config-compose';
import { CONNECTOR_KEYS, SINK_DEF, SINK_KEYS, SOURCE_DEF, SOURCE_KEYS } from './connector-keys';
import { ownDef } from './own-keys';
import { REGISTRY_URL } from './pipeline';
import { checkSinkTopics, checkTopicCreation, TOPIC_CREATION_PREFIX } from './topic-keys';
import { chainKeys } from './validation/chain';
import { overrideRefusal } from './validation/overrides';

export type Connector = SourceConnector | SinkConnector;

export interface CheckedConnector {
  /** Null when the class is missing or unknown; the issues say so. */
  readonly plugin: Connector | null;
  /** Everything wrong; `unknown` keys are a mistake for lint and a warning for a worker. */
  readonly issues: readonly ConfigIssue[];
  /** Keys of Kafka's clients that mean nothing here. */
  readonly withoutEffect: readonly string[];
}

export interface CheckOptions {
  readonly catalog: Catalog;
  /** What a pipeline file says the connector is. */
  readonly kind?: 'source' | 'sink' | null;
  readonly policy?: OverridePolicy;
  /** Whether the worker has a converter of this role; without it the connector must name one. */
  readonly workerHas?: (role: 'key' | 'value') => boolean;
  /** The worker's `schema.registry.url`; null when it has none, undefined when the worker is not known. */
  readonly workerRegistry?: string | null;
}

type Raw = Readonly<Record<string, string>>;

/** `raw` has its references resolved. */
export async function checkConnector(raw: Raw, options: CheckOptions): Promise<CheckedConnector> {
  return new ConnectorCheck(raw, options).run();
}

const ROLES = ['key', 'value', 'header'] as const;

class ConnectorCheck {
  readonly #raw: Raw;
  readonly #options: CheckOptions;
  readonly #issues: ConfigIssue[] = [];
  readonly #withoutEffect: string[] = [];
  #known = new ConfigDef([]);

  constructor(raw: Raw, options: CheckOptions) {
    this.#raw = raw;
    this.#options = options;
  }

  async run(): Promise<CheckedConnector> {
    const plugin = await this.#findConnector();
    const kind = plugin?.kind ?? this.#options.kind ?? null;
    this.#check(frameworkDef(kind));
    this.#check(ownDef(kind));
    await this.#checkTransforms();
    await this.#checkConverters();
    if (plugin !== null) this.#check(plugin.config);
    this.#checkOverrides();
    if (kind === 'sink') this.#issues.push(...checkSinkTopics(this.#raw));
    if (kind === 'source') {
      this.#issues.push(...checkTopicCreation(this.#raw));
      this.#checkExactlyOnce();
    }
    this.#checkUnknown();
    return { plugin, issues: this.#firstPerKey(), withoutEffect: this.#withoutEffect };
  }

  #check(def: ConfigDef): void {
    this.#issues.push(...checkWithHints(def, this.#raw));
    this.#known = this.#known.extend(def);
  }

  #complain(key: string, message: string, kind: ConfigIssue['kind'] = 'invalid'): void {
    this.#issues.push({ key, value: this.#raw[key] ?? null, message, kind });
  }

  async #findConnector(): Promise<Connector | null> {
    const name = this.#raw['connector.class']?.trim();
    if (name === undefined || name === '') return null;
    const plugin = await this.#find('connector', 'connector.class', name);
    const { kind } = this.#options;
    if (plugin !== null && kind && plugin.kind !== kind) {
      this.#complain(
        'connector.class',
        `${name} is a ${plugin.kind} connector and stands among the ${kind}s`,
      );
    }
    return plugin;
  }

  async #find<K extends LookupKind>(kind: K, key: string, name: string) {
    try {
      return await this.#options.catalog.find(kind, name);
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      this.#complain(
        key,
        `Invalid value ${name} for configuration ${key}: ${error.message}. ${error.hint ?? ''}`.trim(),
      );
      return null;
    }
  }

  #list(key: string): readonly string[] {
    const text = this.#raw[key]?.trim() ?? '';
    return text === '' ? [] : text.split(/\s*,\s*/);
  }

  async #checkTransforms(): Promise<void> {
    const predicates = this.#list('predicates');
    for (const alias of predicates) {
      await this.#checkChained('predicate', `predicates.${alias}.`, `Predicates: ${alias}`);
    }
    for (const alias of this.#list('transforms')) {
      const prefix = `transforms.${alias}.`;
      await this.#checkChained('transform', prefix, `Transforms: ${alias}`);
      const predicate = this.#raw[`${prefix}predicate`];
      if (predicate === undefined && this.#raw[`${prefix}negate`] !== undefined) {
        this.#complain(`${prefix}negate`, `${prefix}negate has no meaning without ${prefix}predicate`);
      } else if (predicate !== undefined && !predicates.includes(predicate)) {
        const known =
          predicates.length === 0 ? 'predicates names none' : `known are ${predicates.join(', ')}`;
        this.#complain(
          `${prefix}predicate`,
          `Invalid value ${predicate} for configuration ${prefix}predicate: ${known}`,
        );
      }
    }
  }

  async #checkChained(kind: 'transform' | 'predicate', prefix: string, group: string): Promise<void> {
    this.#check(prefixDef(new ConfigDef(chainKeys(kind)), prefix, group));
    const type = this.#raw[`${prefix}type`];
    const plugin: Plugin | null =
      type === undefined ? null : await this.#find(kind, `${prefix}type`, type.trim());
    // Keys of a class nobody knows cannot be judged.
    if (plugin === null) this.#known = this.#known.extend(new ConfigDef([], [{ prefix, doc: '' }]));
    else this.#check(prefixDef(plugin.config, prefix, group));
  }

  async #checkConverters(): Promise<void> {
    const { workerHas } = this.#options;
    for (const role of ROLES) {
      const key = `${role}.converter`;
      const name = this.#raw[key];
      if (name !== undefined) {
        const plugin: Plugin | null = await this.#find(
          role === 'header' ? 'header-converter' : 'converter',
          key,
          name.trim(),
        );
        if (plugin === null)
          this.#known = this.#known.extend(new ConfigDef([], [{ prefix: `${key}.`, doc: '' }]));
        else this.#check(prefixDef(this.#converterDef(plugin.config, `${key}.`), `${key}.`));
      } else if (role !== 'header' && workerHas?.(role) === false) {
        this.#complain(key, `${key} must be set here, or in the worker's configuration`, 'missing');
      }
    }
  }

  /** A converter that names no registry takes the worker's; a worker that is not known may have one. */
  #converterDef(def: ConfigDef, prefix: string): ConfigDef {
    const url = def.keys.get(REGISTRY_URL);
    const needsOwn = this.#options.workerRegistry === null || this.#raw[prefix + REGISTRY_URL] !== undefined;
    if (url === undefined || needsOwn) return def;
    return def.extend(new ConfigDef([{ ...url, default: null, validator: undefined }]));
  }

  #checkOverrides(): void {
    const { policy = 'all' } = this.#options;
    for (const kind of CLIENT_KINDS) {
      const prefix = `${kind}.override.`;
      const keys = Object.keys(this.#raw).filter((key) => key.startsWith(prefix));
      if (keys.length > 0) this.#check(prefixDef(CLIENT_DEFS[kind], prefix));
      for (const key of keys) {
        const name = key.slice(prefix.length);
        if (!CLIENT_DEFS[kind].keys.has(name) && isIgnoredByClients(name)) this.#withoutEffect.push(key);
        const refusal = overrideRefusal(policy, name);
        if (refusal !== null) this.#complain(key, refusal);
      }
    }
  }

  /** A promise that cannot be kept is refused; `requested` leaves it open. */
  #checkExactlyOnce(): void {
    const key = 'exactly.once.support';
    if (this.#raw[key]?.trim().toLowerCase() !== 'required') return;
    this.#complain(
      key,
      `${key}=required cannot be had: sources deliver at least once. Leave it at requested`,
    );
  }

  #checkUnknown(): void {
    for (const issue of this.#known.unknown(this.#raw)) {
      if (this.#withoutEffect.includes(issue.key)) continue;
      const role = ROLES.find((each) => issue.key.startsWith(`${each}.converter.`));
      const message =
        role !== undefined && this.#raw[`${role}.converter`] === undefined
          ? `${issue.key} has no effect without ${role}.converter beside it: the worker's converter has the worker's settings`
          : issue.message;
      this.#issues.push({ ...issue, message });
    }
  }

  /** A connector may define a key of the framework again, and both complain. */
  #firstPerKey(): ConfigIssue[] {
    const seen = new Set<string>();
    return this.#issues.filter(({ key }) => !seen.has(key) && seen.add(key));
  }
}

export function frameworkDef(kind: 'source' | 'sink' | null): ConfigDef {
  if (kind === 'source') return SOURCE_DEF.extend(new ConfigDef([], [TOPIC_CREATION_PREFIX]));
  if (kind === 'sink') return SINK_DEF;
  return new ConfigDef([...CONNECTOR_KEYS, ...SOURCE_KEYS, ...SINK_KEYS], [TOPIC_CREATION_PREFIX]);
}
