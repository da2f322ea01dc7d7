/** Runs one connector: asks it for its plan, keeps the planned tasks running, follows the life-cycle table. */
import { type Config, causeChain, createBackoff, isRetriable, MillraceError } from '../kernel';
import type { PlanContext, TaskConfig } from '../plugin';
import { type Connector, frameworkDef, type OverridePolicy } from './connector-config';
import {
  addProgress,
  hideSecrets,
  hintField,
  NO_PROGRESS,
  taskClass,
  taskStatus,
  traceOf,
} from './connector-status';
import type { ConnectorSpec } from './files';
import { type ConnectorEvent, type ConnectorState, type Effect, nextStep } from './lifecycle';
import { type Providers, resolveReferences } from './references';
import { type RunningTask, startTask, type TaskEnvironment } from './task-runner';
import type { ConnectorStateInfo, ConnectorType, Progress, TaskInfo } from './worker-view';

export interface ConnectorEnvironment extends TaskEnvironment {
  readonly providers: Providers;
  readonly policy: OverridePolicy;
  /** `host:port` that status shows. */
  workerId(): string;
}

interface Plan {
  readonly plugin: Connector;
  readonly framework: Config;
  /** References resolved. */
  readonly config: Readonly<Record<string, string>>;
  readonly tasks: readonly TaskConfig[];
}

const MAX_PLAN_DELAY_MS = 10_000;

export class ConnectorRunner {
  readonly name: string;
  readonly usedTopics = new Set<string>();
  #state: ConnectorState = 'UNASSIGNED';
  #error: Error | null = null;
  #waiting: string | null = null;
  #plan: Plan | null = null;
  #tasks: RunningTask[] = [];
  /** Aborted when the connector stops or plans anew; its plug-in may watch things for as long. */
  #life = new AbortController();
  #working: Promise<void> = Promise.resolve();
  #planning: Promise<void> = Promise.resolve();
  #replanWanted = false;
  /** Records of tasks that are gone. */
  #past: Progress = NO_PROGRESS;

  constructor(
    readonly spec: ConnectorSpec,
    readonly plugin: Connector,
    readonly environment: ConnectorEnvironment,
  ) {
    this.name = spec.name;
  }

  get state(): ConnectorState {
    return this.#state;
  }

  get type(): ConnectorType {
    return this.plugin.kind;
  }

  /** References resolved; empty before the first plan. */
  get resolvedConfig(): Readonly<Record<string, string>> {
    return this.#plan?.config ?? {};
  }

  /** Topics a sink names; none for a source or a pattern. */
  get topics(): readonly string[] {
    return this.#plan !== null && this.type === 'sink' ? this.#plan.framework.list('topics') : [];
  }

  get isWaiting(): boolean {
    return this.#waiting !== null || this.#tasks.some(({ waiting }) => waiting !== null);
  }

  get tasks(): readonly RunningTask[] {
    return this.#tasks;
  }

  begin(): Promise<void> {
    if (this.spec.initialState === 'PAUSED') return this.handle('pause');
    return this.handle(this.spec.initialState === 'STOPPED' ? 'stop' : 'begin');
  }

  /** Events are carried out one after the other, except that those which end a plan do not wait for it. */
  handle(event: ConnectorEvent, graceMs = 5000): Promise<void> {
    if (event === 'stop' || event === 'shutdown') this.#life.abort();
    const work = this.#working.then(() => this.#step(event, graceMs));
    this.#working = work.catch(() => {});
    return work;
  }

  async #step(event: ConnectorEvent, graceMs: number): Promise<void> {
    const { state, effects } = nextStep(this.#state, event);
    if (state !== 'FAILED') this.#error = null;
    this.#state = state;
    for (const effect of effects) await this.#carryOut(effect, graceMs);
  }

  async #carryOut(effect: Effect, graceMs: number): Promise<void> {
    switch (effect) {
      case 'plan':
        // Planning may wait for a database for hours; pause and stop must get past it.
        this.#planning = this.#planUntilDone();
        return;
      case 'runTasks':
        return this.#runTasks();
      case 'stopTasks':
        return this.#stopTasks(this.#tasks, graceMs);
      case 'pauseTasks':
        for (const task of this.#tasks) task.pause();
        return;
      case 'resumeTasks':
        for (const task of this.#tasks) task.resume();
        if (this.#tasks.length === 0) this.#planning = this.#planUntilDone();
        return;
    }
  }

  async #planUntilDone(): Promise<void> {
    this.#life.abort();
    this.#life = new AbortController();
    const { signal } = this.#life;
    try {
      const plan = await this.#planWithRetries(signal);
      if (signal.aborted) return;
      this.#plan = plan;
      await this.handle('planned');
    } catch (error) {
      if (signal.aborted) return;
      this.#error = error instanceof Error ? error : new Error(String(error));
      await this.handle('planFailed');
      this.environment.logger.error(
        { connector: this.name, ...hintField(error) },
        `Connector ${this.name} failed: ${causeChain(error).join(': ')}`,
      );
    } finally {
      this.#waiting = null;
    }
  }

  /** A service that does not answer yet is waited for, and said once. */
  async #planWithRetries(signal: AbortSignal): Promise<Plan> {
    const backoff = createBackoff({ initialMs: 250, maxMs: MAX_PLAN_DELAY_MS });
    for (;;) {
      try {
        return await this.#makePlan(signal);
      } catch (error) {
        if (!isRetriable(error) || signal.aborted) throw error;
        const reason = causeChain(error).join(': ');
        if (reason !== this.#waiting) {
          this.environment.logger.warn({ connector: this.name }, `Connector ${this.name} waits: ${reason}`);
        }
        this.#waiting = reason;
        await sleep(backoff.next(), signal);
      }
    }
  }

  async #makePlan(signal: AbortSignal): Promise<Plan> {
    const { spec, plugin, environment } = this;
    const { config } = await resolveReferences(spec.config, environment.providers);
    const framework = frameworkDef(plugin.kind).parse(config);
    const maxTasks = framework.number('tasks.max');
    const tasks = await this.#planTasks(config, maxTasks, signal);
    if (tasks.length > maxTasks && framework.boolean('tasks.max.enforce'))
      throw tooManyTasks(this.name, tasks.length, maxTasks);
    return { plugin, framework, config, tasks: tasks.map((task) => Object.freeze({ ...task })) };
  }

  async #planTasks(
    config: TaskConfig,
    maxTasks: number,
    signal: AbortSignal,
  ): Promise<readonly TaskConfig[]> {
    const { plugin, environment, name } = this;
    const parsed = plugin.config.parse(config);
    if (plugin.plan === undefined)
      return plugin.kind === 'source' ? [config] : Array.from({ length: maxTasks }, () => config);
    const { offsets, logger } = environment;
    const context: PlanContext = {
      connector: name,
      logger: logger.child({ connector: name }),
      signal,
      offsets: {
        offset: async (partition) => (await offsets.get(name, [partition]))[0] ?? null,
        offsets: (partitions) => offsets.get(name, partitions),
      },
      requestReplan: () => this.#requestReplan(signal),
    };
    return plugin.plan(context, parsed, maxTasks);
  }

  /** Several wishes at once are one. */
  #requestReplan(signal: AbortSignal): void {
    if (this.#replanWanted || signal.aborted) return;
    this.#replanWanted = true;
    setImmediate(() => {
      this.#replanWanted = false;
      if (!signal.aborted) void this.handle('replan');
    });
  }

  /** Tasks whose configuration is the planned one go on undisturbed. */
  async #runTasks(): Promise<void> {
    const plan = this.#plan;
    if (plan === null) return;
    const kept = new Map<number, RunningTask>();
    const leaving: RunningTask[] = [];
    for (const task of this.#tasks) {
      const same = JSON.stringify(task.spec.config) === JSON.stringify(plan.tasks[task.spec.task]);
      if (same && task.state !== 'FAILED') kept.set(task.spec.task, task);
      else leaving.push(task);
    }
    await this.#stopTasks(leaving, this.environment.workerConfig.number('task.shutdown.graceful.timeout.ms'));
    this.#tasks = plan.tasks.map((config, task) => kept.get(task) ?? this.#startTask(plan, config, task));
  }

  #startTask(
    { plugin, framework, config: connectorConfig }: Plan,
    config: TaskConfig,
    task: number,
  ): RunningTask {
    const { name: connector, usedTopics } = this;
    const spec = { connector, task, plugin, framework, connectorConfig, config, usedTopics };
    return startTask(spec, this.environment, { paused: this.#state === 'PAUSED', onChange: () => {} });
  }

  async #stopTasks(tasks: readonly RunningTask[], graceMs: number): Promise<void> {
    await Promise.all(tasks.map((task) => task.stop(graceMs)));
    for (const { progress } of tasks) this.#past = addProgress(this.#past, progress);
    this.#tasks = this.#tasks.filter((task) => !tasks.includes(task));
  }

  get progress(): Progress {
    return this.#tasks.reduce((sum, task) => addProgress(sum, task.progress), this.#past);
  }

  /** What is wrong or waited for, one sentence each. */
  problems(): string[] {
    const problems: string[] = [];
    if (this.#waiting !== null) problems.push(`connector ${this.name} waits: ${this.#waiting}`);
    if (this.#error !== null)
      problems.push(`connector ${this.name} failed: ${causeChain(this.#error).join(': ')}`);
    for (const { spec, error, waiting } of this.#tasks) {
      const task = `task ${this.name}-${spec.task}`;
      if (error !== null) problems.push(`${task} failed: ${causeChain(error).join(': ')}`);
      else if (waiting !== null) problems.push(`${task} waits: ${waiting}`);
    }
    return problems;
  }

  status(): ConnectorStateInfo {
    const { version } = this.plugin;
    const worker_id = this.environment.workerId();
    const trace = this.#error === null ? {} : { trace: traceOf(this.#error) };
    return {
      name: this.name,
      connector: { state: this.#state, worker_id, version, ...trace },
      tasks: this.#tasks.map((task) => taskStatus(task, worker_id, version)),
      type: this.type,
    };
  }

  taskInfos(): TaskInfo[] {
    const resolved = this.#plan?.config ?? {};
    return this.#tasks.map(({ spec }) => ({
      id: { connector: this.name, task: spec.task },
      config: {
        'task.class': taskClass(this.plugin),
        ...hideSecrets(spec.config, this.spec.config, resolved),
      },
    }));
  }

  /** Settles when every task has ended. Rejects with the first failure, that of the connector included. */
  async ended(): Promise<void> {
    await this.#working;
    await this.#planning;
    if (this.#error !== null) throw this.#error;
    await Promise.all(this.#tasks.map((task) => task.done));
  }
}

const tooManyTasks = (name: string, planned: number, most: number): MillraceError =>
  new MillraceError(
    'TASK_FAILED',
    `The connector ${name} has generated ${planned} tasks, which is greater than ${most}, the maximum number of tasks it is configured to create.`,
  );

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
