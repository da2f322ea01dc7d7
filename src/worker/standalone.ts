/** A worker alone: connectors come from files and live in memory, offsets in Kafka or in a file (connect.md §2.7). */
import { hostname } from 'node:os';
import { type Logger, type Metrics, MillraceError } from '../kernel';
import type { Catalog } from './catalog';
import { consumerSettings } from './client-settings';
import { createClients, type OpenKafka } from './clients';
import { type ConnectorEnvironment, ConnectorRunner } from './connector-runner';
import { type ConnectorSpec, FileIssuesError, issueAt } from './files';
import { type KafkaWatch, watchKafka } from './kafka-watch';
import { noOffsetStore, openOffsetStore } from './offset-storage';
import { type CheckedSpec, checkSpec } from './spec-check';
import { groupIdOf } from './task-runner';
import { VERSION } from './version';
import type { WorkerConfig } from './worker-config';
import { refuseUnknownConverters } from './worker-converters';
import type { ConnectorOffset, Health, WorkerView } from './worker-view';

export interface StandaloneOptions {
  readonly worker: WorkerConfig;
  readonly catalog: Catalog;
  readonly openKafka: OpenKafka;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Process-wide services for converters. */
  readonly services?: Readonly<Record<string, unknown>>;
  /** Sources end when exhausted, then sinks when they have written what was there. */
  readonly once?: boolean;
  /** Problems of other services in the process, told with the worker's own. */
  readonly beside?: () => readonly string[];
}

export interface StandaloneWorker extends WorkerView {
  /** Creates and starts connectors. Throws FileIssuesError with everything that is wrong; then none was created. */
  start(specs: readonly ConnectorSpec[]): Promise<void>;
  /** Under `once`: resolves when all is through; rejects with the first failure. */
  ended(): Promise<void>;
  /** Where others reach the REST API; shown as the worker's id. */
  advertise(host: string, port: number): void;
  /** Ends tasks within `task.shutdown.graceful.timeout.ms`, then connections. */
  stop(): Promise<void>;
}

/** Throws ConfigError when the worker's converters are not known. */
export async function createStandalone(options: StandaloneOptions): Promise<StandaloneWorker> {
  const { worker, catalog, logger, metrics } = options;
  await refuseUnknownConverters(worker, catalog);
  const clients = createClients(worker.raw, options.openKafka);
  const offsets = (await openOffsetStore(worker, clients.kafka, logger)) ?? noOffsetStore();
  let sourcesDone = (): void => {};
  const allSourcesDone = new Promise<void>((resolve) => (sourcesDone = resolve));
  const environment: ConnectorEnvironment = {
    worker: worker.raw,
    workerConfig: worker.config,
    catalog,
    clients,
    offsets,
    logger,
    metrics,
    services: options.services ?? {},
    once: options.once ? { sourcesDone: allSourcesDone } : null,
    providers: worker.providers,
    policy: worker.config
      .string('connector.client.config.override.policy')
      .toLowerCase() as ConnectorEnvironment['policy'],
    workerId: () => herder.workerId,
  };
  const watch = watchKafka(clients, worker.config.list('bootstrap.servers'));
  const herder: Herder = new Herder(options, environment, watch, sourcesDone);
  return herder;
}

class Herder implements StandaloneWorker {
  readonly #options: StandaloneOptions;
  readonly #environment: ConnectorEnvironment;
  readonly #watch: KafkaWatch;
  readonly #sourcesDone: () => void;
  readonly #runners = new Map<string, ConnectorRunner>();
  #started = false;
  #stopping: Promise<void> | null = null;
  workerId = `${hostname()}:8083`;

  constructor(
    options: StandaloneOptions,
    environment: ConnectorEnvironment,
    watch: KafkaWatch,
    sourcesDone: () => void,
  ) {
    this.#options = options;
    this.#environment = environment;
    this.#watch = watch;
    this.#sourcesDone = sourcesDone;
    this.#observe();
  }

  advertise(host: string, port: number): void {
    this.workerId = `${host}:${port}`;
  }

  #observe(): void {
    const { metrics } = this.#options;
    const group = 'kafka_connect_connect_worker_metrics';
    metrics.observedGauge(
      `${group}_connector_count`,
      'Connectors of this worker',
      {},
      () => this.#runners.size,
    );
    metrics.observedGauge(`${group}_task_count`, 'Tasks of this worker', {}, () =>
      [...this.#runners.values()].reduce((sum, runner) => sum + runner.tasks.length, 0),
    );
  }

  async start(specs: readonly ConnectorSpec[]): Promise<void> {
    const checked = await Promise.all(specs.map((spec) => checkSpec(spec, this.#environment)));
    const errors = [...checked.flatMap((each) => each.errors), ...this.#twins(specs)];
    if (errors.length > 0) throw new FileIssuesError(errors);
    const runners = specs.map((spec, i) => this.#create(spec, checked[i]!));
    await Promise.all(runners.map((runner) => runner.begin()));
    this.#started = true;
    if (this.#options.once) void this.#awaitSources();
  }

  #twins(specs: readonly ConnectorSpec[]) {
    const seen = new Set(this.#runners.keys());
    return specs.flatMap(({ file, name, lineOf }) => {
      const known = seen.has(name);
      seen.add(name);
      return known && name !== ''
        ? [issueAt(file, lineOf('name'), `Connector ${name} already exists`, { key: 'name', value: name })]
        : [];
    });
  }

  #create(spec: ConnectorSpec, { plugin, unknown, remarks }: CheckedSpec): ConnectorRunner {
    const { logger } = this.#options;
    for (const { file, line, message } of [...unknown, ...remarks]) logger.warn({ file, line }, message);
    const runner = new ConnectorRunner(spec, plugin!, this.#environment);
    this.#runners.set(spec.name, runner);
    this.#observeConnector(runner);
    return runner;
  }

  #observeConnector(runner: ConnectorRunner): void {
    const { metrics } = this.#options;
    const connector = runner.name;
    const gauge = (name: string, help: string, read: () => number): void => {
      metrics.observedGauge(`kafka_connect_connector_metrics_${name}`, help, { connector }, read);
    };
    gauge('running', '1 while the connector is RUNNING', () => Number(runner.state === 'RUNNING'));
    gauge(
      'failed_task_count',
      'Tasks that are FAILED',
      () => runner.tasks.filter(({ state }) => state === 'FAILED').length,
    );
    gauge('waiting', '1 while connector or a task of it waits for a service', () => Number(runner.isWaiting));
  }

  async #awaitSources(): Promise<void> {
    const sources = [...this.#runners.values()].filter(({ type }) => type === 'source');
    await Promise.allSettled(sources.map((runner) => runner.ended()));
    this.#sourcesDone();
  }

  async ended(): Promise<void> {
    await Promise.all([...this.#runners.values()].map((runner) => runner.ended()));
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const graceMs = this.#environment.workerConfig.number('task.shutdown.graceful.timeout.ms');
    // Without Kafka, tasks that wait for their offsets would wait on for all of the time they have.
    if (this.#watch.clusterId === null) await this.#environment.offsets.close();
    this.#watch.close();
    this.#sourcesDone();
    await Promise.all([...this.#runners.values()].map((runner) => runner.handle('shutdown', graceMs)));
    await this.#environment.offsets.close();
    await this.#environment.clients.close();
  }

  async info() {
    return { ...VERSION, kafka_cluster_id: this.#watch.clusterId };
  }

  health(): Health {
    if (this.#stopping !== null) return { status: 'unhealthy', stage: 'shutting down' };
    if (!this.#started)
      return { status: 'starting', stage: 'initializing and reading to the end of internal topics' };
    return this.#watch.clusterId !== null
      ? { status: 'healthy', stage: null }
      : { status: 'starting', stage: 'waiting for Kafka' };
  }

  problems(): readonly string[] {
    if (this.#stopping !== null) return ['the worker is shutting down'];
    const beside = this.#options.beside?.() ?? [];
    const connectors = [...this.#runners.values()].flatMap((runner) => runner.problems());
    return [...this.#watch.problems(), ...beside, ...connectors];
  }

  connectors(): readonly string[] {
    return [...this.#runners.keys()].sort();
  }

  #runner(name: string, message = `Connector ${name} not found`): ConnectorRunner {
    const runner = this.#runners.get(name);
    if (runner === undefined) throw new MillraceError('NOT_FOUND', message);
    return runner;
  }

  connector(name: string) {
    const runner = this.#runner(name);
    const tasks = runner.tasks.map(({ spec }) => ({ connector: name, task: spec.task }));
    return { name, config: runner.spec.config, tasks, type: runner.type };
  }

  config(name: string) {
    return this.#runner(name).spec.config;
  }

  status(name: string) {
    return this.#runners.get(name)?.status() ?? null;
  }

  tasks(name: string) {
    return this.#runner(name).taskInfos();
  }

  topics(name: string): readonly string[] | null {
    if (!this.#environment.workerConfig.boolean('topic.tracking.enable')) return null;
    return [...(this.#runners.get(name)?.usedTopics ?? [])].sort();
  }

  async offsets(name: string): Promise<readonly ConnectorOffset[]> {
    const runner = this.#runner(name);
    if (runner.type === 'source') return this.#environment.offsets.all(name);
    const { clients, worker } = this.#environment;
    const { groupId, connection } = consumerSettings(worker, runner.resolvedConfig);
    const kafka = clients.port(connection);
    const views = await kafka.metadata([...new Set([...runner.usedTopics, ...runner.topics])]);
    const partitions = views
      .filter(({ error }) => error === 0)
      .flatMap((view) => view.partitions.map(({ partition }) => ({ topic: view.topic, partition })));
    const committed = await kafka.committed(groupIdOf(name, groupId), partitions);
    return committed.map(({ topic, partition, offset }) => ({
      partition: { kafka_topic: topic, kafka_partition: partition },
      offset: { kafka_offset: offset },
    }));
  }

  progress(name: string) {
    return this.#runner(name).progress;
  }

  plugins() {
    return this.#environment.catalog.all();
  }
}
