/** A worker alone: connectors come from files and REST and live in memory, offsets in Kafka or in a file (connect.md §2.7). */
import { hostname } from 'node:os';
import type { KafkaClients } from './clients';
import { connectorChecks } from './connector-checks';
import { type ConnectorSpec, FileIssuesError, type InitialState, issueAt } from './files';
import { type Herder, RefusedError } from './herder';
import {
  Core,
  hostEnvironment,
  NO_LOG_LEVELS,
  observeWorker,
  openClients,
  WorkerHerder,
  type WorkerOptions,
  watchOf,
} from './herding';
import { firstTarget } from './herding/writes';
import type { KafkaWatch } from './kafka-watch';
import type { TargetState } from './lifecycle';
import { aloneMembership } from './membership';
import { noOffsetStore, openOffsetStore } from './offset-storage';
import type { Operations } from './operations';
import { memoryHistoryLog } from './operations/history-log';
import { type CheckedSpec, checkSpec } from './spec-check';
import { createMemoryConfigStore, createMemoryStatusStore } from './storage';

export interface StandaloneOptions extends WorkerOptions {
  /** Sources end when exhausted, then sinks when they have written what was there. */
  readonly once?: boolean;
}

export interface StandaloneWorker extends Herder {
  readonly operations: Operations;
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
  const clients = await openClients(options);
  const { worker, catalog, logger, metrics } = options;
  const offsets = (await openOffsetStore(worker, clients.kafka, logger)) ?? noOffsetStore();
  let sourcesDone = (): void => {};
  const allSourcesDone = new Promise<void>((resolve) => (sourcesDone = resolve));
  const once = options.once ? { sourcesDone: allSourcesDone } : null;
  const environment = hostEnvironment(options, clients, offsets, once);
  let workerId = `${hostname()}:8083`;
  const watch = watchOf(options, clients);
  const core = new Core({
    environment,
    catalog,
    configs: createMemoryConfigStore(),
    statuses: createMemoryStatusStore(),
    offsets,
    membership: aloneMembership(),
    logger,
    workerId: () => workerId,
    sendTasks: async () => {},
    admitTask: async () => {},
    onEvent: (event) => {
      if (event.kind === 'restart') void core.carryOutRestart(event.request);
    },
  });
  observeWorker(core, metrics);
  const parts = { options, core, clients, watch, sourcesDone, advertise: (id: string) => (workerId = id) };
  return new Standalone(parts);
}

interface StandaloneParts {
  readonly options: StandaloneOptions;
  readonly core: Core;
  readonly clients: KafkaClients;
  readonly watch: KafkaWatch;
  sourcesDone(): void;
  advertise(workerId: string): void;
}

const TARGETS: Readonly<Record<InitialState, TargetState>> = {
  RUNNING: 'STARTED',
  PAUSED: 'PAUSED',
  STOPPED: 'STOPPED',
};

class Standalone extends WorkerHerder implements StandaloneWorker {
  readonly #parts: StandaloneParts;
  #stopping: Promise<void> | null = null;

  constructor(parts: StandaloneParts) {
    const { options, core, watch } = parts;
    const { metrics } = options;
    super({
      core,
      watch,
      metrics,
      ...connectorChecks(core.parts.environment, null),
      settled: (name) => core.settled(name),
      // Nobody else belongs to a worker alone: such a request is none of another worker, and comes in without a login.
      verify: () => {
        throw new RefusedError(
          500,
          'Kafka Connect in standalone mode has no other workers to take requests from.',
        );
      },
      fence: async () => {},
      history: memoryHistoryLog(),
      logLevels: options.logLevels ?? NO_LOG_LEVELS,
      beside: options.beside ?? (() => []),
    });
    this.#parts = parts;
  }

  advertise(host: string, port: number): void {
    this.#parts.advertise(`${host}:${port}`);
    this.#parts.core.announce();
  }

  async start(specs: readonly ConnectorSpec[]): Promise<void> {
    const { core, options } = this.#parts;
    const checked = await Promise.all(specs.map((spec) => checkSpec(spec, this.#checkOptions())));
    const errors = [...checked.flatMap((each) => each.errors), ...this.#twins(specs)];
    if (errors.length > 0) throw new FileIssuesError(errors);
    if (!core.isStarted) await this.begin();
    for (const [i, spec] of specs.entries()) await this.#create(spec, checked[i]!);
    await Promise.all(specs.map(({ name }) => core.settled(name)));
    if (options.once) void this.#awaitSources();
  }

  #checkOptions() {
    const { catalog, providers, policy, worker } = this.#parts.core.parts.environment;
    return { catalog, providers, policy, worker };
  }

  #twins(specs: readonly ConnectorSpec[]) {
    const seen = new Set(this.connectors());
    return specs.flatMap(({ file, name, lineOf }) => {
      const known = seen.has(name);
      seen.add(name);
      return known && name !== ''
        ? [issueAt(file, lineOf('name'), `Connector ${name} already exists`, { key: 'name', value: name })]
        : [];
    });
  }

  async #create(spec: ConnectorSpec, { unknown, remarks }: CheckedSpec): Promise<void> {
    const { core, options } = this.#parts;
    for (const { file, line, message } of [...unknown, ...remarks])
      options.logger.warn({ file, line }, message);
    await core.learnClass(spec.config['connector.class'] ?? '');
    const rests = options.once !== true && spec.initialState === 'RUNNING';
    const target = (rests ? firstTarget(spec.config) : undefined) ?? TARGETS[spec.initialState];
    await core.configs.putConnector(spec.name, spec.config, target);
    this.operations.history.record({
      connector: spec.name,
      kind: 'created',
      before: null,
      after: { config: spec.config, target },
      origin: { author: { name: 'worker', by: 'file', from: spec.file, forwardedFor: null } },
      at: Date.now(),
    });
  }

  async #awaitSources(): Promise<void> {
    const { core, sourcesDone } = this.#parts;
    const sources = this.connectors().filter((name) => core.typeOf(name) === 'source');
    await Promise.allSettled(sources.map((name) => core.ended(name)));
    sourcesDone();
  }

  async ended(): Promise<void> {
    await Promise.all(this.connectors().map((name) => this.#parts.core.ended(name)));
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { core, watch, clients, sourcesDone } = this.#parts;
    const { offsets } = core.parts;
    // Without Kafka, tasks that wait for their offsets would wait on for all of the time they have.
    if (watch.clusterId === null) await offsets.close();
    watch.close();
    sourcesDone();
    await core.stop();
    await clients.close(offsets.close());
  }
}
