/**
 * One run of a sink over given records, beside its tasks: its plug-in is opened with the connector's configuration under a
 * name of the run's own, gets the records through the connector's converters and transforms, and is closed. Nothing of
 * the connector's group moves.
 */
import { type ErrorPolicy, runSinkTask, type TaskHandle } from '../../flow';
import { pauseFor } from '../../flow/task-status';
import type { KafkaPort } from '../../kafka/port';
import {
  type Config,
  ConfigError,
  isRetriable,
  NO_METRICS,
  type SinkRecord,
  type TopicPartition,
} from '../../kernel';
import type { SinkConnector, SinkTask, TaskConfig } from '../../plugin';
import { type ConsumerSettings, consumerSettings } from '../client-settings';
import { frameworkDef } from '../connector-config';
import type { Core } from '../herding/core';
import { configOf } from '../herding/views';
import { buildPipeline, closePipeline } from '../pipeline';
import { resolveAsConnect } from '../references';
import { errorPolicy } from '../task-runner';
import { type RangeView, rangePort } from './range-port';

/** A sink that can be run beside its tasks. */
export interface RunnableSink {
  readonly connector: string;
  readonly plugin: SinkConnector;
  /** References resolved: hold secrets. */
  readonly connectorConfig: TaskConfig;
  readonly taskConfig: TaskConfig;
  readonly framework: Config;
  readonly settings: ConsumerSettings;
  readonly kafka: KafkaPort;
}

/** Throws NOT_FOUND, and CONFIG_INVALID for what is no sink. */
export async function runnableSink(core: Core, connector: string): Promise<RunnableSink> {
  const { environment, catalog, configs } = core.parts;
  const { providers, worker, clients } = environment;
  const { config: connectorConfig } = await resolveAsConnect(configOf(core, connector), providers);
  const plugin = await catalog.find('connector', connectorConfig['connector.class'] ?? '');
  if (plugin.kind !== 'sink') throw noSink(connector, plugin.alterOffsets !== undefined);
  // Tasks of a sink differ in their number at most; one that is stopped has none.
  const [task] = configs.state.tasks(connector);
  const { config } = await resolveAsConnect(task ?? configOf(core, connector), providers);
  const { 'task.class': _, ...taskConfig } = config;
  const settings = consumerSettings(worker, connectorConfig);
  const framework = frameworkDef('sink').parse(connectorConfig);
  const kafka = clients.port(settings.connection);
  return { connector, plugin, connectorConfig, taskConfig, framework, settings, kafka };
}

function noSink(connector: string, altersOffsets: boolean): ConfigError {
  const how = altersOffsets
    ? `Stop it, set its offsets back with PATCH /connectors/${connector}/offsets, and resume it: it reads from there again.`
    : 'Its offsets cannot be changed from outside: a connector of another name reads everything again.';
  return new ConfigError(`${connector} is a source: what it has read is not in Kafka to be read again`, {
    hint: how,
  });
}

export interface RangeRunOptions {
  readonly core: Core;
  readonly sink: RunnableSink;
  /** What the plug-in takes for the name of its connector. */
  readonly runName: string;
  readonly view: RangeView;
  /** The connector's own unless given. */
  readonly errors?: ErrorPolicy;
  readonly maxPollRecords?: number;
  /** Null: as fast as it goes. */
  readonly ratePerSecond?: number | null;
  readonly signal: AbortSignal;
  onGivenUp?(record: TopicPartition & { readonly offset: number }, error: Error): void;
  /** Asked from time to time. */
  isPaused?(): boolean;
}

/** A batch that the plug-in could not put, and that no retry would help. */
export class PutFailure extends Error {
  constructor(
    readonly records: readonly SinkRecord[],
    override readonly cause: Error,
  ) {
    super(cause.message, { cause });
  }
}

const GRACE_MS = 5000;
const LOOK_MS = 250;

/** Resolves when all is put and flushed, or the signal has ended it. Throws PutFailure, or what opening threw. */
export async function runRange(options: RangeRunOptions): Promise<void> {
  const { core, sink, signal } = options;
  const { worker, catalog, metrics, services, logger: workerLogger } = core.parts.environment;
  const logger = workerLogger.child({ connector: sink.connector, run: options.runName });
  const context = { logger, metrics, services };
  const pipeline = await buildPipeline({ connector: sink.connectorConfig, worker, catalog, context });
  let failed: PutFailure | null = null;
  try {
    const { workerConfig } = core.parts.environment;
    const handle = runSinkTask({
      connector: options.runName,
      task: 0,
      config: sink.taskConfig,
      pipeline,
      errors: options.errors ?? errorPolicy(sink),
      flushIntervalMs: workerConfig.number('offset.flush.interval.ms'),
      logger,
      metrics: NO_METRICS,
      plugin: watched(sink.plugin, options.ratePerSecond ?? null, (failure) => (failed = failure)),
      kafka: rangePort(sink.kafka, options.view),
      group: { groupId: options.runName, instanceId: null },
      topics: [...new Set(options.view.ranges.map(({ topic }) => topic))],
      reader: sink.settings.reader,
      autoOffsetReset: 'earliest',
      maxPollRecords: pollSize(options),
      once: Promise.resolve(),
      onGivenUp: options.onGivenUp,
    });
    await ended(handle, options);
  } catch (error) {
    if (!signal.aborted) throw failed ?? error;
  } finally {
    await closePipeline(pipeline);
  }
}

function pollSize({ sink, maxPollRecords, ratePerSecond }: RangeRunOptions): number {
  const most = maxPollRecords ?? sink.settings.maxPollRecords;
  return ratePerSecond == null ? most : Math.max(1, Math.min(most, Math.ceil(ratePerSecond)));
}

async function ended(handle: TaskHandle, { signal, isPaused }: RangeRunOptions): Promise<void> {
  const look = setInterval(() => {
    if (isPaused?.() === true) handle.pause();
    else handle.resume();
  }, LOOK_MS);
  const stop = (): void => void handle.stop(GRACE_MS);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await handle.done;
  } finally {
    clearInterval(look);
    signal.removeEventListener('abort', stop);
  }
}

/** Notes what could not be put, and keeps to the rate. */
function watched(
  plugin: SinkConnector,
  ratePerSecond: number | null,
  onFailure: (failure: PutFailure) => void,
): SinkConnector {
  return {
    ...plugin,
    async open(context, config) {
      const task = await plugin.open(context, config);
      const put: SinkTask['put'] = async (batch, signal) => {
        try {
          await task.put(batch, signal);
        } catch (error) {
          if (error instanceof Error && !isRetriable(error) && batch.length > 0)
            onFailure(new PutFailure(batch, error));
          throw error;
        }
        if (ratePerSecond !== null) await pauseFor((batch.length / ratePerSecond) * 1000, signal);
      };
      return new Proxy(task, {
        get(target, name) {
          if (name === 'put') return put;
          const member: unknown = Reflect.get(target, name, target);
          return typeof member === 'function' ? member.bind(target) : member;
        },
      });
    },
  };
}
