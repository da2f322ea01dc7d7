/** The Schema Registry as a server: `millrace start` runs it in its process, `millrace registry` alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import {
  type ConnectionLimits,
  type Listener,
  type LogLevel,
  listen,
  type Prometheus,
  parseListener,
} from '../http';
import type { KafkaPort } from '../kafka/port';
import { createBackoff, isRetriable, type Logger, NO_METRICS } from '../kernel';
import { closeSecurity, describeSecurity, NO_SECURITY, type Security } from './access/security';
import { createApp } from './api/app';
import type { NodeAddress } from './election/identity';
import { createStore, type Store } from './log/store';
import { ensureTopic } from './log/topic';
import { createNode, DEFAULT_GROUP, groupOf, type NodeOptions, type RegistryNode, writerIdOf } from './node';
import { createRegistry, DEFAULT_LIMITS, type Registry, type RegistryRules } from './operations/registry';
import { RegistryState } from './state/registry-state';
import type { CompatibilityLevel } from './state/settings';

export interface RegistryOptions {
  /** Stays the caller's: `close` does not close it. */
  readonly kafka: KafkaPort;
  /** `http://host:port`; port 0 takes any free one. Of several, the first is what other nodes are told of. */
  readonly listener: Listener | string | readonly Listener[];
  readonly logger: Logger;
  /** Metrics go here, and `/metrics` is served from it. Null: neither. */
  readonly prometheus?: Prometheus | null;
  readonly topic?: string;
  readonly replicationFactor?: number;
  readonly compatibilityLevel?: CompatibilityLevel;
  /** Group of the registries that share the topic, told by `/v1/metadata/id`. */
  readonly groupId?: string;
  /** Several registries may share the topic: they choose the one that writes. Null or absent: this is the only one. */
  readonly node?: NodeOptions | null;
  /** How long one write may take, ms. */
  readonly writeTimeoutMs?: number;
  readonly rules?: Partial<RegistryRules>;
  readonly bodyLimitBytes?: number;
  readonly requestLog?: boolean;
  /** Told by `/v1/metadata/version`. */
  readonly version?: string;
  readonly commit?: string;
  /** Takes a free port when the one of `listener` is taken. */
  readonly fallbackToFreePort?: boolean;
  /** HTTPS, logins, permissions and the audit log; `close` closes them. None of it unless given. */
  readonly security?: Security;
  readonly limits?: ConnectionLimits;
  /** How long requests under way may take after `close`, ms. */
  readonly closeGraceMs?: number;
}

export interface RunningRegistry {
  readonly url: string;
  /** Those of all listeners. */
  readonly urls: readonly string[];
  readonly port: number;
  /** Resolves when the topic is replayed and requests are answered. Rejects when the topic is unfit, or on `close` before. */
  readonly ready: Promise<void>;
  /** What keeps it from being ready, one sentence each; empty when it is. */
  waitingFor(): readonly string[];
  close(): Promise<void>;
}

const DEFAULT_RULES: RegistryRules = {
  incompatibleErrorCode: 409,
  validateNewSchemas: true,
  validateFields: false,
  modeMutability: true,
  limits: DEFAULT_LIMITS,
};

/** Listens at once, so that `/ready` can tell what it waits for, and answers when the topic is replayed. */
export async function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const { prometheus = null, fallbackToFreePort = false, limits, closeGraceMs } = options;
  const { security = NO_SECURITY } = options;
  const start = new Startup(options);
  const listening = await listen(appOf(options, start), options.listener, {
    fallbackToFreePort,
    tls: security.tls,
    limits,
    closeGraceMs,
  });
  options.logger.info({ urls: listening.urls }, describeSecurity(security));
  const forget = prometheus === null ? () => {} : observe(prometheus, start);
  const stopping = new AbortController();
  const ready = start.run(stopping.signal).then(() => start.node.join(addressOf(options, listening)));
  // Whoever does not wait for `ready` learns of a failure through `/ready` and the log.
  ready.catch(() => undefined);

  async function close(): Promise<void> {
    stopping.abort();
    // First, so that another node takes the writes while this one answers what it has.
    await start.node.leave();
    await listening.close();
    await ready.catch(() => undefined);
    await start.node.close();
    await start.store.stop();
    closeSecurity(security);
    forget();
  }
  let closed: Promise<void> | undefined;
  return {
    url: listening.url,
    urls: listening.urls,
    port: listening.port,
    ready,
    waitingFor: () => start.waitingFor(),
    close: () => (closed ??= close()),
  };
}

function addressOf(
  { listener }: RegistryOptions,
  { url, port }: Pick<RunningRegistry, 'url' | 'port'>,
): NodeAddress {
  const first = [listener].flat()[0]!;
  const { host } = typeof first === 'string' ? parseListener(first) : first;
  return { scheme: url.slice(0, url.indexOf(':')), host, port };
}

function appOf(options: RegistryOptions, start: Startup): FastifyInstance {
  const { kafka, logger, prometheus = null, requestLog = false, bodyLimitBytes } = options;
  const { groupId = DEFAULT_GROUP, version = 'unknown', commit = 'unknown' } = options;
  return createApp({
    registry: start.registry,
    identity: { clusterId: () => kafka.clusterId(), groupId, version, commit },
    logger,
    prometheus,
    requestLog,
    bodyLimitBytes,
    isReplayed: () => start.isReplayed,
    waitingFor: () => start.waitingFor(),
    standing: () => start.node.standing(),
    forwarder: start.node.forwarder,
    security: options.security ?? NO_SECURITY,
    logLevel: hasLevel(logger) ? logger : null,
  });
}

const hasLevel = (logger: object): logger is { level: LogLevel } => 'level' in logger;

/** State and log, the node's place among others, and how far it is from being ready. */
class Startup {
  readonly topic: string;
  readonly state: RegistryState;
  readonly store: Store;
  readonly node: RegistryNode;
  readonly registry: Registry;
  isReplayed = false;
  #obstacle: Error | null = null;

  constructor(readonly options: RegistryOptions) {
    const { kafka, logger, topic = '_schemas', writeTimeoutMs = 10_000, prometheus, node = null } = options;
    const metrics = prometheus ?? NO_METRICS;
    this.topic = topic;
    this.state = new RegistryState(options.compatibilityLevel ?? 'BACKWARD');
    this.store = createStore({
      kafka,
      topic,
      state: this.state,
      logger,
      writeTimeoutMs,
      ...(node !== null && { writerId: writerIdOf(topic) }),
      onFailure: (error) => this.#broken(error),
    });
    this.node = createNode(node, {
      kafka,
      groupId: groupOf(options.groupId ?? DEFAULT_GROUP, topic),
      store: this.store,
      waitMs: writeTimeoutMs,
      logger,
      metrics,
      // Nothing that was on its way can arrive any more.
      onTakenOver: () => this.registry.doubtfulIds.clear(),
    });
    const rules = { ...DEFAULT_RULES, ...options.rules };
    this.registry = createRegistry(this.state, this.store, rules, metrics, this.node.primacy);
  }

  #broken(error: Error): void {
    const { topic } = this;
    this.#obstacle = error;
    this.options.logger.error(
      { err: error, topic },
      'The schemas topic cannot be read on: reads go on, writes fail',
    );
    void this.node.leave();
  }

  waitingFor(): readonly string[] {
    if (this.#obstacle !== null) return [this.#obstacle.message];
    if (this.isReplayed) return [];
    return [`The topic ${this.topic} is being read: ${this.store.replayed} records so far.`];
  }

  async run(signal: AbortSignal): Promise<void> {
    const { topic, store } = this;
    const { kafka, logger, replicationFactor = 3 } = this.options;
    const started = Date.now();
    try {
      await this.#untilReachable(signal);
      await ensureTopic(kafka, { topic, replicationFactor }, logger);
      await store.start(signal);
    } catch (error) {
      if (!signal.aborted) {
        this.#obstacle = error as Error;
        logger.error({ err: error, topic }, 'The Schema Registry cannot start');
      }
      throw error;
    }
    this.isReplayed = true;
    const { replayed: records, skipped } = store;
    logger.info({ topic, records, skipped, ms: Date.now() - started }, 'The Schema Registry is ready');
  }

  /** Kafka may come up later than the registry: it is waited for without end, and said once. */
  async #untilReachable(signal: AbortSignal): Promise<void> {
    const { kafka, logger } = this.options;
    const backoff = createBackoff({ initialMs: 100, maxMs: 2000 });
    for (;;) {
      try {
        await kafka.connect(AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]));
        this.#obstacle = null;
        return;
      } catch (error) {
        if (signal.aborted || !isRetriable(error)) throw error;
        if (this.#obstacle === null) logger.warn({ err: error }, 'Waiting for Kafka');
        this.#obstacle = error as Error;
        await sleep(backoff.next(), undefined, { signal });
      }
    }
  }
}

/** After so long `/ready` tells that Kafka does not answer. */
const CONNECT_MS = 3000;

function observe(prometheus: Prometheus, { state, store, node }: Startup): () => void {
  const gauge = (name: string, help: string, read: () => number) =>
    prometheus.observedGauge(`millrace_registry_${name}`, help, {}, read);
  const removals = [
    gauge('subjects', 'Subjects, soft-deleted ones included', () => state.subjectCount),
    gauge('schemas', 'Different schemas', () => state.pool.size),
    gauge('primary', 'Whether this node writes', () => (node.standing().role === 'primary' ? 1 : 0)),
    gauge('records_replayed', 'Records of the schemas topic applied since the start', () => store.replayed),
    gauge('records_skipped', 'Records of the schemas topic that could not be read', () => store.skipped),
  ];
  return () => {
    for (const remove of removals) remove();
  };
}
