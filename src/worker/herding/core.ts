/**
 * The heart of a worker in either mode: what the cluster is to run (ConfigStore) and what of it is this worker's
 * (Membership) make what shall run here; the host is made to run that, again and again, whenever one of them changed.
 *
 *   REST ─► writes ─► ConfigStore ─► events ─┐
 *                     Membership ─► assigned ─┴─► reconcile ─► Host ─► states ─► StatusStore
 *                                                               └─► plans ─► task configurations ─► ConfigStore
 */
import { isDeepStrictEqual } from 'node:util';
import type { OffsetStore } from '../../flow';
import { causeChain, createBackoff, type Logger } from '../../kernel';
import type { Catalog } from '../catalog';
import {
  Host,
  type HostEnvironment,
  type HostEvents,
  type HostedConnector,
  type HostedTask,
  type Plan,
  taskKey,
} from '../host';
import type { Assignment, Membership } from '../membership';
import type { Change } from '../operations/changes';
import { Transitions } from '../operations/transitions';
import type { ConfigEvent, ConfigStore, RawConfig, RestartRequest, StatusStore } from '../storage/types';
import type { TaskSpec } from '../task-runner';
import type { ConnectorType, TaskId } from '../worker-view';
import { desiredOf, NOTHING } from './desired';
import { carryOutRestart } from './restarts';
import { Serial } from './serial';
import { Stages } from './stages';
import { StatusWriter } from './statuses';

export interface CoreParts {
  readonly environment: HostEnvironment;
  readonly catalog: Catalog;
  readonly configs: ConfigStore;
  readonly statuses: StatusStore;
  readonly offsets: OffsetStore;
  readonly membership: Membership;
  readonly logger: Logger;
  /** `host:port` that status shows. */
  workerId(): string;
  /** Brings the plan of a connector to the leader, when that is another worker. */
  sendTasks(leaderUrl: string, connector: string, tasks: readonly RawConfig[]): Promise<void>;
  /** Resolves when the task may open. */
  admitTask(spec: TaskSpec): Promise<void>;
  /** What else a change of configuration is to somebody: session keys, log levels, restarts. */
  onEvent(event: ConfigEvent): void;
}

/** Told of what happens on this worker, after the states were written. */
export interface CoreWatcher {
  connectorChanged?(connector: HostedConnector): void;
  taskChanged?(task: HostedTask): void;
  connectorGone?(name: string): void;
  taskGone?(id: TaskId): void;
  configEvent?(event: ConfigEvent): void;
}

/** Rounds of the group often come one after the other. */
const ANNOUNCE_MS = 500;

export class Core {
  readonly parts: CoreParts;
  readonly host: Host;
  readonly stages = new Stages();
  /** By `connector <name>` and `task <taskKey>`. */
  readonly transitions = new Transitions();
  /** Checks and writes of configurations. */
  readonly writes = new Serial();
  readonly watchers: CoreWatcher[] = [];
  readonly writer: StatusWriter;
  readonly graceMs: number;
  /** Told of changes of configurations and target states once they are written. */
  onChange: (change: Change) => void = () => {};
  readonly #leaving = new AbortController();
  #assignment: Assignment = NOTHING;
  /** As of the last round. */
  #leads = false;
  #started = false;
  #sayStarted: () => void = () => {};
  /** Resolves once the worker has read its topics and is in its group. */
  readonly startedUp = new Promise<void>((resolve) => (this.#sayStarted = resolve));
  #stopping = false;
  #reconciling: Promise<void> | null = null;
  #announcing: NodeJS.Timeout | undefined;
  /** Connectors to look at in the next round; null: all. */
  #changed: Set<string> | null = new Set();
  /** Tasks by connector, as far as the group was told. */
  readonly #sizes = new Map<string, number>();
  readonly #types = new Map<string, ConnectorType>();
  /** The newest plan of each connector, on its way into the config topic. */
  readonly #publishing = new Map<string, Promise<void>>();

  constructor(parts: CoreParts) {
    this.parts = parts;
    this.graceMs = parts.environment.workerConfig.number('task.shutdown.graceful.timeout.ms');
    this.writer = new StatusWriter({
      statuses: parts.statuses,
      configs: parts.configs.state,
      workerId: () => parts.workerId(),
      generation: () => parts.membership.generation,
      isOurs: () => parts.membership.isCurrent,
    });
    this.host = new Host(parts.environment, this.#hostEvents());
  }

  get configs(): ConfigStore {
    return this.parts.configs;
  }

  get membership(): Membership {
    return this.parts.membership;
  }

  get isStarted(): boolean {
    return this.#started;
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  /** Aborted when the worker ends. */
  get leaving(): AbortSignal {
    return this.#leaving.signal;
  }

  async start(signal?: AbortSignal): Promise<void> {
    const { configs, statuses, membership } = this.parts;
    await this.stages.run('initializing and reading to the end of internal topics', async () => {
      await statuses.start(signal);
      await configs.start((event) => this.#onEvent(event), signal);
      const names = configs.state.connectors();
      for (const name of names) this.#sizes.set(name, configs.state.tasks(name).length);
      await Promise.all(names.map((name) => this.#learnType(name)));
    });
    await this.stages.run('ensuring membership in the cluster', () =>
      membership.start({
        assigned: (assignment) => this.#onAssigned(assignment),
        lost: () => this.#onAssigned(NOTHING),
      }),
    );
    this.#started = true;
    this.#sayStarted();
  }

  /** Gives up everything, then leaves the group. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#leaving.abort();
    const { membership, configs, statuses } = this.parts;
    await this.#onAssigned(NOTHING);
    await membership.stop();
    await statuses.flush(this.graceMs);
    await Promise.all([configs.stop(), statuses.stop()]);
  }

  async #onAssigned(assignment: Assignment): Promise<void> {
    this.#assignment = assignment;
    const leads = this.membership.isLeader && !this.#stopping;
    if (leads && !this.#leads) this.writer.purge();
    this.#leads = leads;
    await this.reconcile();
    // A worker that was out of the group and did not know it may have told of what is this worker's.
    this.#announcing ??= setTimeout(() => this.announce(), ANNOUNCE_MS).unref();
  }

  #onEvent(event: ConfigEvent): void {
    if (event.kind === 'connector') void this.#learnType(event.connector);
    if (event.kind === 'removed' && this.membership.isLeader) this.writer.purge();
    if (event.kind === 'tasks' && this.membership.isLeader) this.#purgeTasks(event.connector);
    this.parts.onEvent(event);
    for (const watcher of this.watchers) watcher.configEvent?.(event);
    if (this.#setChanged(event)) this.membership.requestRejoin();
    if ('connector' in event) void this.reconcile(event.connector);
  }

  /** Whether there is more or less to assign than before; other changes are each owner's own business. */
  #setChanged(event: ConfigEvent): boolean {
    if (event.kind === 'removed') return this.#sizes.delete(event.connector);
    if (event.kind !== 'connector' && event.kind !== 'tasks') return false;
    const size = this.parts.configs.state.tasks(event.connector).length;
    const changed = this.#sizes.get(event.connector) !== size;
    this.#sizes.set(event.connector, size);
    return changed;
  }

  #purgeTasks(connector: string): void {
    const { statuses, configs } = this.parts;
    const count = configs.state.tasks(connector).length;
    for (const { id: task } of statuses.tasks(connector)) {
      if (task >= count) statuses.removeTask({ connector, task });
    }
  }

  /**
   * Resolves when nothing runs here that must not, of one connector or of all. Calls that come before it begins are one
   * with it: every record of the topic is a call, and a worker may have thousands of connectors.
   */
  reconcile(connector?: string): Promise<void> {
    if (connector === undefined) this.#changed = null;
    else this.#changed?.add(connector);
    this.#reconciling ??= Promise.resolve().then(() => {
      const names = this.#changed;
      this.#reconciling = null;
      this.#changed = new Set();
      const assignment = this.#stopping ? NOTHING : this.#assignment;
      return this.host.reconcile(desiredOf(this.parts.configs.state, assignment, names), this.graceMs);
    });
    return this.#reconciling;
  }

  #hostEvents(): HostEvents {
    const { writer, parts } = this;
    return {
      connectorChanged: (connector) => {
        this.#note(`connector ${connector.name}`, connector);
        writer.connectorChanged(connector);
        for (const watcher of this.watchers) watcher.connectorChanged?.(connector);
      },
      planned: (connector, plan) => this.#publishing.set(connector.name, this.#publish(connector, plan)),
      reloadDue: ({ name }) => void this.#reload(name),
      taskChanged: (task) => {
        this.#note(`task ${taskKey(task.id)}`, task);
        writer.taskChanged(task);
        for (const watcher of this.watchers) watcher.taskChanged?.(task);
      },
      connectorGone: (name) => {
        this.transitions.forget(`connector ${name}`);
        writer.connectorGone(name);
        for (const watcher of this.watchers) watcher.connectorGone?.(name);
      },
      taskGone: (id) => {
        this.transitions.forget(`task ${taskKey(id)}`);
        writer.taskGone(id);
        for (const watcher of this.watchers) watcher.taskGone?.(id);
      },
      isWanted: ({ connector, task }) => {
        const { state } = parts.configs;
        return state.target(connector) !== 'STOPPED' && task < state.tasks(connector).length;
      },
      topicUsed: (topic, id) => parts.statuses.addTopic(topic, id),
      admitTask: (spec) => parts.admitTask(spec),
    };
  }

  #note(key: string, { state, waiting }: HostedConnector | HostedTask): void {
    this.transitions.note(key, `${state} ${waiting ?? ''}`);
  }

  /** Its tasks may be on other workers, which read the record of a restart. */
  async #reload(connector: string): Promise<void> {
    const { configs, logger } = this.parts;
    logger.info({ connector }, `Values from config providers expired: ${connector} is restarted`);
    try {
      await configs.putRestart({ connector, includeTasks: true, onlyFailed: false });
    } catch (error) {
      logger.warn({ connector }, `${connector} is not restarted: ${causeChain(error).join(': ')}`);
    }
  }

  /** A plan that says nothing new is not written: tasks go on undisturbed. */
  async #publish(connector: HostedConnector, plan: Plan): Promise<void> {
    const { logger } = this.parts;
    const backoff = createBackoff({ initialMs: 250, maxMs: 60_000 });
    while (this.#isCurrent(connector, plan) && !this.#isPublished(connector.name, plan)) {
      try {
        await this.#writeTasks(connector.name, plan.tasks);
        return;
      } catch (error) {
        const reason = causeChain(error).join(': ');
        logger.warn(
          { connector: connector.name },
          `The tasks of ${connector.name} are not stored yet: ${reason}`,
        );
        await new Promise((resolve) => setTimeout(resolve, backoff.next()).unref());
      }
    }
  }

  #isCurrent({ name }: HostedConnector, { written }: Plan): boolean {
    const { configs } = this.parts;
    return this.host.connector(name)?.written === written && configs.state.target(name) !== 'STOPPED';
  }

  #isPublished(name: string, { written, tasks }: Plan): boolean {
    const { state } = this.parts.configs;
    return (
      !state.isInconsistent(name) &&
      // The very record, not its like: compaction must not leave a newer one behind the commit (KAFKA-17719).
      state.appliedConfig(name) === written &&
      isDeepStrictEqual(state.tasks(name), tasks)
    );
  }

  async #writeTasks(name: string, tasks: readonly RawConfig[]): Promise<void> {
    const { membership, configs } = this.parts;
    if (membership.isLeader) return this.storeTasks(name, tasks);
    const { leaderUrl } = membership;
    if (leaderUrl === null) throw new Error('no leader is known');
    await this.parts.sendTasks(leaderUrl, name, tasks);
    await configs.readToEnd();
  }

  /** On the leader. Tasks of a connector that was stopped or removed meanwhile are nobody's. */
  storeTasks(name: string, tasks: readonly RawConfig[]): Promise<void> {
    const { configs } = this.parts;
    const isAtRest = (): boolean => (configs.state.target(name) ?? 'STOPPED') === 'STOPPED';
    return this.writes.run(async () => {
      // Whoever planned may have read on: that the connector was resumed, which any worker may write.
      if (isAtRest()) await configs.readToEnd();
      if (!isAtRest()) await configs.putTasks(name, tasks);
    });
  }

  /** Writes the states of what runs here once more, where they differ from what is written. */
  announce(): void {
    clearTimeout(this.#announcing);
    this.#announcing = undefined;
    for (const connector of this.host.connectors()) this.writer.connectorChanged(connector);
    for (const task of this.host.tasks()) this.writer.taskChanged(task);
  }

  /** Resolves when the connector has its tasks, failed, or waits for something. */
  async settled(name: string): Promise<void> {
    await this.reconcile(name);
    await this.host.connector(name)?.settled;
    await this.#publishing.get(name);
    await this.reconcile(name);
  }

  /** Resolves when every task has ended. Rejects with the first failure, that of the connector included. */
  async ended(name: string): Promise<void> {
    await this.reconcile(name);
    const connector = this.host.connector(name);
    await connector?.planning;
    if (connector?.error) throw connector.error;
    await this.#publishing.get(name);
    await this.reconcile(name);
    await Promise.all(this.host.tasks(name).map(({ done }) => done));
  }

  carryOutRestart(request: RestartRequest): Promise<void> {
    return carryOutRestart(this, request);
  }

  typeOf(name: string): ConnectorType {
    const config = this.parts.configs.state.config(name);
    return this.#types.get(config?.['connector.class'] ?? '') ?? 'unknown';
  }

  async #learnType(name: string): Promise<void> {
    await this.learnClass(this.parts.configs.state.config(name)?.['connector.class'] ?? '');
  }

  /** Classes nobody knows stay `unknown`: topics may name any. */
  async learnClass(className: string): Promise<void> {
    if (this.#types.has(className)) return;
    try {
      const { kind } = await this.parts.catalog.find('connector', className);
      this.#types.set(className, kind);
    } catch {
      this.#types.set(className, 'unknown');
    }
  }

  /** Whether the task is still to run here, by what the group and the configurations say now. */
  owns(id: TaskId): boolean {
    const isConfigured = id.task < this.configs.state.tasks(id.connector).length;
    return isConfigured && this.#assignment.hasTask(id) && this.membership.isCurrent && !this.#stopping;
  }

  taskIds(name: string): TaskId[] {
    return this.parts.configs.state.tasks(name).map((_, task) => ({ connector: name, task }));
  }
}
