/** A worker as REST sees it, in either mode: reads from memory, writes through the config store. */
import type { Metrics } from '../../kernel';
import type { GivenConfig, Herder, InternalSignature, OffsetChange, Stage } from '../herder';
import type { KafkaWatch } from '../kafka-watch';
import type { TargetState } from '../lifecycle';
import { createOperations, type Operations, type Origin } from '../operations';
import type { HistoryLog } from '../operations/history-log';
import type { ConfigInfos } from '../validation/infos';
import { VERSION } from '../version';
import type { ConnectorOffset, Health, TaskId } from '../worker-view';
import type { Core } from './core';
import { observeHealth } from './health-gauges';
import { changeOffsets } from './offset-changes';
import { connectorOffsets } from './offsets';
import { restartConnector, restartConnectorAndTasks, restartTask } from './restarts';
import { configOf, connectorInfo, connectorStatus, notFound, runningProblems, taskInfos } from './views';
import {
  type CheckConfig,
  createConnector,
  deleteConnector,
  patchConnector,
  putConnector,
  requireLeader,
  setTarget,
  withoutNulls,
} from './writes';

export interface HerderParts {
  readonly core: Core;
  readonly watch: KafkaWatch;
  readonly metrics: Metrics;
  validate(config: GivenConfig): Promise<ConfigInfos>;
  readonly check: CheckConfig;
  /** Resolves once what a write began is under way: a worker alone answers with the tasks. */
  settled(name: string): Promise<void>;
  /** Throws what REST answers when the signature of a request between workers is not good. */
  verify(signature: InternalSignature): void;
  /** On the leader: fences older instances of the tasks of an exactly-once source. */
  fence(name: string): Promise<void>;
  readonly logLevels: {
    set(namespace: string, level: string): readonly string[];
  };
  /** Where versions of configurations are kept. */
  readonly history: HistoryLog;
  /** Problems of other services in the process, told with the worker's own. */
  readonly beside: () => readonly string[];
}

export class WorkerHerder implements Herder {
  readonly #parts: HerderParts;
  readonly #core: Core;
  readonly operations: Operations;

  constructor(parts: HerderParts) {
    this.#parts = parts;
    this.#core = parts.core;
    this.operations = createOperations({
      core: parts.core,
      history: parts.history,
      put: (name, config, origin) => this.putConnector(name, config, origin),
    });
    observeHealth(this, this.operations.health, parts.metrics);
  }

  /** Reads the topics and joins the group. */
  begin(signal?: AbortSignal): Promise<void> {
    return this.#core.start(signal);
  }

  async info() {
    return { ...VERSION, kafka_cluster_id: this.#parts.watch.clusterId };
  }

  health(): Health {
    if (this.#core.isStopping) return { status: 'unhealthy', stage: 'shutting down' };
    if (!this.#core.isStarted) {
      const description = this.#core.stages.current?.description ?? 'awaiting startup';
      return { status: 'starting', stage: description };
    }
    return this.#parts.watch.clusterId === null
      ? { status: 'starting', stage: 'waiting for Kafka' }
      : { status: 'healthy', stage: null };
  }

  problems(): readonly string[] {
    if (this.#core.isStopping) return ['the worker is shutting down'];
    const { watch, beside } = this.#parts;
    const group = this.#core.membership.problems();
    return [...watch.problems(), ...group, ...beside(), ...runningProblems(this.#core)];
  }

  async healthCheck(): Promise<void> {
    await this.#core.startedUp;
    await this.#core.writes.run(async () => {});
  }

  stage(): Stage | null {
    return this.#core.stages.current;
  }

  connectors(): readonly string[] {
    return this.#core.configs.state.connectors();
  }

  connector(name: string) {
    return connectorInfo(this.#core, name);
  }

  config(name: string) {
    return configOf(this.#core, name);
  }

  status(name: string) {
    return connectorStatus(this.#core, name);
  }

  tasks(name: string) {
    return taskInfos(this.#core, name);
  }

  topics(name: string): readonly string[] | null {
    const { environment, statuses } = this.#core.parts;
    return environment.workerConfig.boolean('topic.tracking.enable') ? statuses.topics(name) : null;
  }

  offsets(name: string): Promise<readonly ConnectorOffset[]> {
    return connectorOffsets(this.#core, name);
  }

  progress(name: string) {
    if (this.#core.configs.state.config(name) === null) throw notFound(`Connector ${name} not found`);
    return this.#core.host.progress(name);
  }

  plugins() {
    return this.#core.parts.catalog.all();
  }

  validate(config: GivenConfig): Promise<ConfigInfos> {
    const stage = `performing multi-property validation for the connector ${config.name ?? ''}`;
    return this.#core.stages.run(stage.trimEnd(), () => this.#parts.validate(config));
  }

  async createConnector(
    name: string,
    config: GivenConfig,
    initialState: TargetState | null,
    origin?: Origin,
  ) {
    await createConnector(this.#core, this.#parts.check, name, config, initialState ?? undefined, origin);
    await this.#parts.settled(name);
    return connectorInfo(this.#core, name);
  }

  async putConnector(name: string, config: GivenConfig, origin?: Origin) {
    const { created } = await putConnector(this.#core, this.#parts.check, name, config, origin);
    await this.#parts.settled(name);
    return { created, info: connectorInfo(this.#core, name) };
  }

  async patchConnector(name: string, patch: GivenConfig, origin?: Origin) {
    await patchConnector(this.#core, this.#parts.check, name, patch, origin);
    await this.#parts.settled(name);
    return { info: connectorInfo(this.#core, name) };
  }

  deleteConnector(name: string, origin?: Origin): Promise<void> {
    return deleteConnector(this.#core, name, origin);
  }

  setTarget(name: string, target: TargetState, origin?: Origin): Promise<void> {
    return setTarget(this.#core, name, target, origin);
  }

  restartConnector(name: string): Promise<void> {
    return restartConnector(this.#core, name);
  }

  restartConnectorAndTasks(
    name: string,
    options: { readonly includeTasks: boolean; readonly onlyFailed: boolean },
  ) {
    return restartConnectorAndTasks(this.#core, name, options);
  }

  restartTask(id: TaskId): Promise<void> {
    return restartTask(this.#core, id);
  }

  alterOffsets(name: string, changes: readonly OffsetChange[] | null): Promise<string> {
    return this.#core.stages.run(`modifying offsets for connector ${name}`, () =>
      changeOffsets(this.#core, name, changes),
    );
  }

  async resetTopics(name: string): Promise<void> {
    this.#core.parts.statuses.removeTopics(name);
  }

  async setLoggerLevel(namespace: string, level: string, scope: 'worker' | 'cluster') {
    if (scope === 'worker') return this.#parts.logLevels.set(namespace, level);
    await this.#core.configs.putLoggerLevel(namespace, level);
    return [];
  }

  async putTasks(name: string, tasks: readonly GivenConfig[], signature: InternalSignature): Promise<void> {
    this.#parts.verify(signature);
    requireLeader(this.#core);
    await this.#core.storeTasks(name, tasks.map(withoutNulls));
  }

  async fenceZombies(name: string, signature: InternalSignature): Promise<void> {
    this.#parts.verify(signature);
    requireLeader(this.#core);
    await this.#parts.fence(name);
  }
}
