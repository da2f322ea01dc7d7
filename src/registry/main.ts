/** The Schema Registry as a server: `millrace start` runs it in its process, `millrace registry` alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { type Listener, listen, type Prometheus } from '../http';
import type { KafkaPort } from '../kafka/port';
import { createBackoff, isRetriable, type Logger, NO_METRICS } from '../kernel';
import { createApp } from './api/app';
import { createStore, type Store } from './log/store';
import { ensureTopic } from './log/topic';
import { createRegistry, DEFAULT_LIMITS, type RegistryRules } from './operations/registry';
import { RegistryState } from './state/registry-state';
import type { CompatibilityLevel } from './state/settings';

export interface RegistryOptions {
  /** Stays the caller's: `close` does not close it. */
  readonly kafka: KafkaPort;
  /** `http://host:port`; port 0 takes any free one. */
  readonly listener: Listener | string;
  readonly logger: Logger;
  /** Metrics go here, and `/metrics` is served from it. Null: neither. */
  readonly prometheus?: Prometheus | null;
  readonly topic?: string;
  readonly replicationFactor?: number;
  readonly compatibilityLevel?: CompatibilityLevel;
  /** Name of this registry's cluster, told by `/v1/metadata/id`. */
  readonly groupId?: string;
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
}

export interface RunningRegistry {
  readonly url: string;
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
  const { prometheus = null, fallbackToFreePort = false } = options;
  const start = new Startup(options);
  const listening = await listen(appOf(options, start), options.listener, { fallbackToFreePort });
  const forget = prometheus === null ? () => {} : observe(prometheus, start);
  const stopping = new AbortController();
  const ready = start.run(stopping.signal);
  // Whoever does not wait for `ready` learns of a failure through `/ready` and the log.
  ready.catch(() => undefined);

  async function close(): Promise<void> {
    stopping.abort();
    await listening.close();
    await ready.catch(() => undefined);
    await start.store.stop();
    forget();
  }
  let closed: Promise<void> | undefined;
  return {
    url: listening.url,
    port: listening.port,
    ready,
    waitingFor: () => start.waitingFor(),
    close: () => (closed ??= close()),
  };
}

function appOf(options: RegistryOptions, start: Startup): FastifyInstance {
  const { kafka, logger, prometheus = null, requestLog = false, bodyLimitBytes } = options;
  const { groupId = 'schema-registry', version = 'unknown', commit = 'unknown' } = options;
  const rules = { ...DEFAULT_RULES, ...options.rules };
  return createApp({
    registry: createRegistry(start.state, start.store, rules, prometheus ?? NO_METRICS),
    identity: { clusterId: () => kafka.clusterId(), groupId, version, commit },
    logger,
    prometheus,
    requestLog,
    bodyLimitBytes,
    isReplayed: () => start.isReplayed,
    waitingFor: () => start.waitingFor(),
  });
}

/** State and log, and how far they are from being ready. */
class Startup {
  readonly topic: string;
  readonly state: RegistryState;
  readonly store: Store;
  isReplayed = false;
  #obstacle: Error | null = null;

  constructor(readonly options: RegistryOptions) {
    const { kafka, logger, topic = '_schemas', writeTimeoutMs = 10_000 } = options;
    this.topic = topic;
    this.state = new RegistryState(options.compatibilityLevel ?? 'BACKWARD');
    this.store = createStore({
      kafka,
      topic,
      state: this.state,
      logger,
      writeTimeoutMs,
      onFailure: (error) => {
        this.#obstacle = error;
        logger.error({ err: error, topic }, 'The schemas topic cannot be read on: reads go on, writes fail');
      },
    });
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

function observe(prometheus: Prometheus, { state, store }: Startup): () => void {
  const gauge = (name: string, help: string, read: () => number) =>
    prometheus.observedGauge(`millrace_registry_${name}`, help, {}, read);
  const removals = [
    gauge('subjects', 'Subjects, soft-deleted ones included', () => state.subjectCount),
    gauge('schemas', 'Different schemas', () => state.pool.size),
    gauge('records_replayed', 'Records of the schemas topic applied since the start', () => store.replayed),
    gauge('records_skipped', 'Records of the schemas topic that could not be read', () => store.skipped),
  ];
  return () => {
    for (const remove of removals) remove();
  };
}
