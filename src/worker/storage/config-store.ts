/** A store of configurations over any log that reads its own writes back: Kafka's, or one in memory. */
import type { Logger } from '../../kernel';
import * as records from './config-records';
import { createConfigTable } from './config-state';
import type { ConfigEvent, ConfigStore } from './types';

export interface ConfigLogWrite {
  readonly records: readonly records.StoredRecord[];
  /** What is said when it fails, in Connect's words. */
  readonly failure: string;
  /** Any worker may write it, leader or not. */
  readonly byAnyWorker?: boolean;
}

export interface ConfigLog {
  /** Applies what is there, then follows. Offsets ascend; there may be gaps. */
  start(
    apply: (offset: number, key: string, value: string | null) => void,
    signal?: AbortSignal,
  ): Promise<void>;
  readToEnd(): Promise<void>;
  /** In order; resolves when they are applied. */
  write(write: ConfigLogWrite): Promise<void>;
  takeOver(): Promise<void>;
  stop(): Promise<void>;
}

export function createConfigStore(log: ConfigLog, logger: Logger): ConfigStore {
  const state = createConfigTable((ignored) => logger.error(ignored, 'Ignored a record of the config topic'));
  let tell: ((event: ConfigEvent) => void) | null = null;
  return {
    state,
    async start(onEvent, signal) {
      await log.start((offset, key, value) => {
        const events = state.apply(offset, key, value);
        if (tell !== null) for (const event of events) tell(event);
      }, signal);
      tell = onEvent;
    },
    readToEnd: () => log.readToEnd(),
    takeOver: () => log.takeOver(),
    stop: () => log.stop(),
    ...writesOf(log),
  };
}

type Writes = Pick<
  ConfigStore,
  | 'putConnector'
  | 'removeConnector'
  | 'putTasks'
  | 'putTarget'
  | 'putRestart'
  | 'putSessionKey'
  | 'putFencedTasks'
  | 'putLoggerLevel'
>;

const writesOf = (log: ConfigLog): Writes => ({
  putConnector: (connector, config, target) =>
    log.write({
      // So no worker ever sees the connector in another state than the one asked for.
      records: [
        ...(target === undefined ? [] : [records.targetRecord(connector, target)]),
        records.connectorRecord(connector, config),
      ],
      failure: 'Error writing connector configuration to Kafka',
    }),
  removeConnector: (connector) =>
    log.write({
      records: records.removalRecords(connector),
      failure: 'Error removing connector configuration from Kafka',
    }),
  putTasks: (connector, tasks) =>
    log.write({
      records: records.taskRecords(connector, tasks),
      failure: 'Error writing task configurations to Kafka',
    }),
  putTarget: (connector, target) =>
    log.write({
      records: [records.targetRecord(connector, target)],
      failure: 'Error writing target state to Kafka',
      byAnyWorker: true,
    }),
  putRestart: (request) =>
    log.write({
      records: [records.restartRecord(request)],
      failure: `Error writing restart request for ${request.connector} to Kafka`,
      byAnyWorker: true,
    }),
  putSessionKey: (key) =>
    log.write({ records: [records.sessionKeyRecord(key)], failure: 'Error writing session key to Kafka' }),
  putFencedTasks: (connector, tasks) =>
    log.write({
      records: [records.fencingRecord(connector, tasks)],
      failure: 'Error writing task count record to Kafka',
    }),
  putLoggerLevel: (namespace, level) =>
    log.write({
      records: [records.loggerRecord(namespace, level)],
      failure: 'Error writing logger level to Kafka',
      byAnyWorker: true,
    }),
});
