/** One task from its configuration to a running data plane. */
import {
  type ErrorPolicy,
  type OffsetStore,
  runSinkTask,
  runSourceTask,
  type SinkLag,
  type StuckCall,
  type TaskHandle,
} from '../flow';
import { type Config, causeChain, type Logger, type Metrics, MillraceError } from '../kernel';
import type { SinkConnector, SourceConnector, TaskConfig } from '../plugin';
import type { Catalog } from './catalog';
import { consumerSettings, producerSettings } from './client-settings';
import type { KafkaClients } from './clients';
import { type Connector, frameworkDef } from './connector-config';
import { hintField, NO_PROGRESS } from './connector-status';
import { isScheduled } from './own-keys';
import { buildPipeline, closePipeline } from './pipeline';
import {
  type ExactlyOnceSupport,
  exactlyOnceOptions,
  type OffsetsOfConnector,
  offsetsOf,
} from './source-offsets';
import { topicCreation, wholeName } from './topic-keys';
import { trackProducer, trackReaders } from './topic-tracker';
import type { Progress, TaskStatusState } from './worker-view';

/** What all tasks of a worker share. */
export interface TaskEnvironment {
  /** Worker configuration, references resolved. */
  readonly worker: Readonly<Record<string, string>>;
  readonly workerConfig: Config;
  readonly catalog: Catalog;
  readonly clients: KafkaClients;
  readonly offsets: OffsetStore;
  /** Whether connectors may keep their offsets in a topic of their own: not in standalone mode. */
  readonly ownOffsetTopics?: boolean;
  /** Null or absent: sources deliver at least once. */
  readonly exactlyOnce?: ExactlyOnceSupport | null;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** For converters; see ConverterContext. */
  readonly services: Readonly<Record<string, unknown>>;
  /** `run --once`: sources end when exhausted, sinks when they have what was there when this resolved. Else null. */
  readonly once: { readonly sourcesDone: Promise<void> } | null;
}

export interface TaskSpec {
  readonly connector: string;
  readonly task: number;
  readonly plugin: Connector;
  /** Connector configuration, references resolved. */
  readonly connectorConfig: Readonly<Record<string, string>>;
  /** Parsed keys of the framework. */
  readonly framework: Config;
  readonly config: TaskConfig;
  /** Topics in use are added here, once per batch. */
  readonly usedTopics: { add(topic: string): unknown };
}

export interface RunningTask {
  readonly spec: TaskSpec;
  readonly state: TaskStatusState;
  readonly error: Error | null;
  readonly waiting: string | null;
  /** The call of the plug-in that does not come back, null when none is stuck. */
  readonly stuckIn: StuckCall | null;
  /** Of a sink that has partitions; else null. */
  readonly lag: SinkLag | null;
  readonly progress: Progress;
  /** Settles when the task has ended; rejects when it failed. */
  readonly done: Promise<void>;
  pause(): void;
  resume(): void;
  /** `forGood`: nobody is to go on with it. */
  stop(graceMs: number, forGood: boolean): Promise<void>;
}

export interface StartOptions {
  /** Begins paused. */
  readonly paused: boolean;
  /** Called whenever `state` or `error` may have changed. */
  onChange(): void;
}

/** Starts at once; whatever goes wrong shows as a FAILED task. */
export function startTask(
  spec: TaskSpec,
  environment: TaskEnvironment,
  { paused, onChange }: StartOptions,
): RunningTask {
  const logger = environment.logger.child({ connector: spec.connector, task: spec.task });
  let handle: TaskHandle | null = null;
  let failure: Error | null = null;
  let stopped = false;
  let wantsPause = paused;

  const run = async (): Promise<void> => {
    const { connectorConfig: connector } = spec;
    const { worker, catalog, metrics, services } = environment;
    const context = { logger, metrics, services };
    const pipeline = await buildPipeline({ connector, worker, catalog, context });
    try {
      if (stopped) return;
      handle = launch(spec, environment, pipeline, logger);
      handle.onChange(onChange);
      onChange();
      if (wantsPause) handle.pause();
      await handle.done;
    } finally {
      await closePipeline(pipeline);
    }
  };
  const done = run().catch((error: unknown) => {
    failure = error instanceof Error ? error : new Error(String(error));
    // What was told to stop may fail at that, as when others have taken over its place in a group: no news for anybody.
    logger[stopped ? 'debug' : 'error'](
      defect(failure) ? { err: failure } : hintField(failure),
      `Task ${spec.connector}-${spec.task} failed: ${causeChain(failure).join(': ')}`,
    );
    onChange();
    throw failure;
  });
  done.catch(() => {});
  /** A scheduled load that is through: the leader lets the connector rest when all of its tasks say so. */
  const hasLoaded = (state: TaskStatusState): boolean =>
    state === 'UNASSIGNED' && handle?.state === 'STOPPED' && !stopped && isScheduled(spec.connectorConfig);

  return {
    spec,
    get state() {
      const state = stateOf(failure, handle, wantsPause);
      return hasLoaded(state) ? 'PAUSED' : state;
    },
    get error() {
      return failure ?? handle?.error ?? null;
    },
    get waiting() {
      return handle?.waiting ?? null;
    },
    get stuckIn() {
      return handle?.stuckIn ?? null;
    },
    get lag() {
      return handle?.lag ?? null;
    },
    get progress() {
      return handle?.progress ?? NO_PROGRESS;
    },
    done,
    pause() {
      wantsPause = true;
      handle?.pause();
      onChange();
    },
    resume() {
      wantsPause = false;
      handle?.resume();
      onChange();
    },
    async stop(graceMs, forGood) {
      stopped = true;
      await handle?.stop(graceMs, { forGood });
    },
  };
}

const defect = (error: Error): boolean => !(error instanceof MillraceError) || error.code === 'INTERNAL';

function stateOf(failure: Error | null, handle: TaskHandle | null, paused: boolean): TaskStatusState {
  if (failure !== null) return 'FAILED';
  if (handle === null || handle.state === 'STOPPED') return 'UNASSIGNED';
  // A task that waits for its database is running as far as anybody can act on it.
  if (handle.state === 'STARTING') return handle.waiting === null ? 'UNASSIGNED' : 'RUNNING';
  return paused && handle.state !== 'FAILED' ? 'PAUSED' : handle.state;
}

type Pipeline = Awaited<ReturnType<typeof buildPipeline>>;

function launch(
  spec: TaskSpec,
  environment: TaskEnvironment,
  pipeline: Pipeline,
  logger: Logger,
): TaskHandle {
  const { workerConfig, metrics } = environment;
  const common = {
    connector: spec.connector,
    task: spec.task,
    config: spec.config,
    pipeline,
    errors: errorPolicy(spec),
    flushIntervalMs: workerConfig.number('offset.flush.interval.ms'),
    logger,
    metrics,
  };
  return spec.plugin.kind === 'source'
    ? launchSource(spec, spec.plugin, common, environment)
    : launchSink(spec, spec.plugin, common, environment);
}

type Common = Pick<
  Parameters<typeof runSourceTask>[0],
  'connector' | 'task' | 'config' | 'pipeline' | 'errors' | 'flushIntervalMs' | 'logger' | 'metrics'
>;

function launchSource(
  spec: TaskSpec,
  plugin: SourceConnector,
  common: Common,
  environment: TaskEnvironment,
): TaskHandle {
  const { worker, workerConfig, clients, once, exactlyOnce = null } = environment;
  const settings = producerSettings(worker, spec.connectorConfig);
  const kafka = clients.port(settings.connection);
  const parts = offsetParts(spec, environment);
  const offsets = offsetsOf(kafka, parts);
  const transactions =
    exactlyOnce === null ? null : exactlyOnceOptions(spec, exactlyOnce, parts, clients, settings, offsets);
  const handle = runSourceTask({
    ...common,
    plugin,
    kafka,
    producer: trackProducer(clients.producer(settings), spec.usedTopics),
    offsets,
    exactlyOnce: transactions && {
      ...transactions,
      openProducer: () =>
        trackProducer(transactions.openProducer(), without(spec.usedTopics, transactions.offsets.topic)),
    },
    topicCreation: workerConfig.boolean('topic.creation.enable') ? topicCreation(spec.connectorConfig) : null,
    compression: settings.compression,
    batchBytes: settings.batchBytes,
    lingerMs: settings.lingerMs,
    maxRecordBytes: settings.maxRecordBytes,
    once: once !== null || isScheduled(spec.connectorConfig),
  });
  void handle.done.catch(() => {}).then(() => offsets.close());
  return handle;
}

/** What decides where a connector's offsets are; also for others than its tasks. */
export const offsetParts = (
  { framework }: Pick<TaskSpec, 'framework'>,
  { workerConfig, offsets, exactlyOnce = null, ownOffsetTopics = false }: TaskEnvironment,
): OffsetsOfConnector => ({ framework, workerConfig, offsets, exactlyOnce, ownOffsetTopics });

/** The offsets of a source connector, wherever it keeps them. @param config of the connector, references resolved */
export async function withOffsetsOf<T>(
  environment: TaskEnvironment,
  config: Readonly<Record<string, string>>,
  use: (offsets: OffsetStore) => Promise<T>,
): Promise<T> {
  const { worker, clients } = environment;
  const kafka = clients.port(producerSettings(worker, config).connection);
  const parts = offsetParts({ framework: frameworkDef('source').parse(config) }, environment);
  const offsets = offsetsOf(kafka, parts);
  try {
    return await use(offsets);
  } finally {
    await offsets.close();
  }
}

/** Offsets go with the data, but their topic is not one that the connector uses. */
const without = (topics: TaskSpec['usedTopics'], hidden: string): TaskSpec['usedTopics'] => ({
  add: (topic) => topic !== hidden && topics.add(topic),
});

function launchSink(
  spec: TaskSpec,
  plugin: SinkConnector,
  common: Common,
  { worker, clients, once }: TaskEnvironment,
): TaskHandle {
  const settings = consumerSettings(worker, spec.connectorConfig);
  const pattern = spec.framework.optionalString('topics.regex');
  return runSinkTask({
    ...common,
    plugin,
    kafka: trackReaders(clients.port(settings.connection), spec.usedTopics),
    group: {
      groupId: groupIdOf(spec.connector, settings.groupId),
      // The same id after a crash takes the dead member's place at once, without waiting for its session to end.
      instanceId: `${settings.instanceId ?? `millrace-${spec.connector}`}-${spec.task}`,
      sessionTimeoutMs: settings.sessionTimeoutMs,
      heartbeatMs: settings.heartbeatMs,
      rebalanceTimeoutMs: settings.rebalanceTimeoutMs,
      assignors: settings.assignors,
    },
    topics: pattern === null ? spec.framework.list('topics') : wholeName(pattern),
    reader: settings.reader,
    autoOffsetReset: settings.autoOffsetReset,
    maxPollRecords: settings.maxPollRecords,
    once: once === null ? null : once.sourcesDone,
  });
}

export const groupIdOf = (connector: string, configured: string | null): string =>
  configured ?? `connect-${connector}`;

export function errorPolicy({
  framework,
  connectorConfig,
  plugin,
}: Pick<TaskSpec, 'framework' | 'connectorConfig' | 'plugin'>): ErrorPolicy {
  return {
    tolerance: framework.string('errors.tolerance') as ErrorPolicy['tolerance'],
    retryTimeoutMs: framework.number('errors.retry.timeout'),
    retryDelayMaxMs: framework.number('errors.retry.delay.max.ms'),
    logEnable: framework.boolean('errors.log.enable'),
    logIncludeMessages: framework.boolean('errors.log.include.messages'),
    deadLetter: plugin.kind === 'sink' ? deadLetter(framework, connectorConfig) : null,
  };
}

const REPLICATION = 'errors.deadletterqueue.topic.replication.factor';

function deadLetter(framework: Config, raw: Readonly<Record<string, string>>): ErrorPolicy['deadLetter'] {
  const topic = framework.optionalString('errors.deadletterqueue.topic.name');
  if (topic === null) return null;
  return {
    topic,
    // Kafka's default of 3 cannot be had of a single broker; who does not ask for a number gets the broker's own.
    replicationFactor: raw[REPLICATION] === undefined ? -1 : framework.number(REPLICATION),
    contextHeaders: framework.boolean('errors.deadletterqueue.context.headers.enable'),
  };
}
