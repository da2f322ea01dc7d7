/** One connector on this worker: asks it for its tasks, follows the life-cycle table. Its tasks may run elsewhere. */
import {
  type Config,
  causeChain,
  createBackoff,
  isRetriable,
  MillraceError,
  type SourcePartition,
} from '../../kernel';
import type { PlanContext, TaskConfig } from '../../plugin';
import { type Connector, frameworkDef } from '../connector-config';
import { hideSecrets, hintField, taskClass } from '../connector-status';
import { type ConnectorEvent, type ConnectorState, nextStep, type TargetState } from '../lifecycle';
import { reloadDelayMs, resolveAsConnect } from '../references';
import type { RawConfig } from '../storage/types';
import { withOffsetsOf } from '../task-runner';
import type { DesiredConnector, HostEnvironment, HostEvents } from './types';

export interface Plan {
  /** The configuration it was made from, as written. */
  readonly written: RawConfig;
  /** Configurations of the tasks as they are stored: secrets are references again. */
  readonly tasks: readonly RawConfig[];
}

const MAX_PLAN_DELAY_MS = 10_000;

const EVENT_OF: Readonly<Record<TargetState, ConnectorEvent>> = {
  STARTED: 'start',
  PAUSED: 'pause',
  STOPPED: 'stop',
};

export class HostedConnector {
  readonly name: string;
  readonly written: RawConfig;
  target: TargetState;
  #state: ConnectorState = 'UNASSIGNED';
  #error: Error | null = null;
  #waiting: string | null = null;
  #plugin: Connector | null = null;
  /** Aborted when the connector stops or plans anew; its plug-in may watch things for as long. */
  #life = new AbortController();
  #replanWanted = false;
  #settle: () => void = () => {};
  /** Resolves when the plan under way was made, failed, or waits for a service. */
  settled: Promise<void> = Promise.resolve();
  /** Resolves when the plan under way was made or failed. */
  planning: Promise<void> = Promise.resolve();
  readonly #environment: HostEnvironment;
  readonly #events: HostEvents;

  constructor(desired: DesiredConnector, environment: HostEnvironment, events: HostEvents) {
    this.name = desired.name;
    this.written = desired.config;
    this.target = desired.target;
    this.#environment = environment;
    this.#events = events;
  }

  get state(): ConnectorState {
    return this.#state;
  }

  get error(): Error | null {
    return this.#error;
  }

  /** What the plan waits for, one sentence; null when it does not. */
  get waiting(): string | null {
    return this.#waiting;
  }

  /** Null before the plug-in is loaded. */
  get version(): string | null {
    return this.#plugin?.version ?? null;
  }

  aim(target: TargetState): void {
    this.target = target;
    this.handle(EVENT_OF[target]);
    if (target !== 'STARTED') void this.#learn();
  }

  /** What is not asked for tasks shows its version all the same. */
  async #learn(): Promise<void> {
    const { catalog } = this.#environment;
    // A class that nobody knows is told when the connector is started.
    const plugin = await catalog.find('connector', this.written['connector.class'] ?? '').catch(() => null);
    if (plugin !== null) this.#know(plugin);
  }

  #know(plugin: Connector): void {
    if (this.#plugin === plugin) return;
    this.#plugin = plugin;
    this.#events.connectorChanged(this);
  }

  handle(event: ConnectorEvent): void {
    if (event === 'stop' || event === 'shutdown') this.#endLife();
    const before = this.#state;
    const { state, plan } = nextStep(before, event);
    if (state !== 'FAILED') this.#error = null;
    this.#state = state;
    if (plan) this.planning = this.#planUntilDone();
    // A restart that changes nothing is told, too: somebody may have written that it is under way.
    if (state !== before || plan || event === 'restart') this.#events.connectorChanged(this);
  }

  #endLife(): void {
    this.#life.abort();
    this.#settle();
    this.#waiting = null;
  }

  async #planUntilDone(): Promise<void> {
    this.#endLife();
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.settled = new Promise((resolve) => (this.#settle = resolve));
    const settle = this.#settle;
    try {
      const plan = await this.#planWithRetries(signal);
      if (signal.aborted) return;
      this.#waiting = null;
      this.handle('planned');
      this.#events.planned(this, plan);
    } catch (error) {
      if (signal.aborted) return;
      this.#waiting = null;
      this.#fail(error);
    } finally {
      settle();
    }
  }

  #fail(error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error));
    const { logger } = this.#environment;
    // First the error: whoever is told of the state reads it.
    this.#error = failure;
    const { state } = nextStep(this.#state, 'planFailed');
    if (state === 'FAILED') {
      this.#state = state;
      this.#events.connectorChanged(this);
    }
    logger.error(
      { connector: this.name, ...hintField(error) },
      `Connector ${this.name} failed: ${causeChain(error).join(': ')}`,
    );
  }

  /** A service that does not answer yet is waited for, and said once. */
  async #planWithRetries(signal: AbortSignal): Promise<Plan> {
    const { logger } = this.#environment;
    const backoff = createBackoff({ initialMs: 250, maxMs: MAX_PLAN_DELAY_MS });
    for (;;) {
      try {
        return await this.#makePlan(signal);
      } catch (error) {
        if (!isRetriable(error) || signal.aborted) throw error;
        const reason = causeChain(error).join(': ');
        if (reason !== this.#waiting) {
          logger.warn({ connector: this.name }, `Connector ${this.name} waits: ${reason}`);
        }
        this.#waiting = reason;
        this.#settle();
        this.#events.connectorChanged(this);
        await sleep(backoff.next(), signal);
      }
    }
  }

  async #makePlan(signal: AbortSignal): Promise<Plan> {
    const { written } = this;
    const { catalog, providers } = this.#environment;
    const resolved = await resolveAsConnect(written, providers);
    const { config } = resolved;
    const plugin = await catalog.find('connector', config['connector.class'] ?? '');
    this.#know(plugin);
    const framework = frameworkDef(plugin.kind).parse(config);
    const planned = await this.#planTasks(plugin, config, framework, signal);
    this.#scheduleReload(reloadDelayMs(resolved), signal);
    const className = { 'task.class': taskClass(plugin) };
    const tasks = planned.map((task) => ({ ...className, ...hideSecrets(task, written, config) }));
    return { written, tasks };
  }

  /** Values of config providers may be good for a while only: then the connector and its tasks begin with new ones. */
  #scheduleReload(delayMs: number | null, signal: AbortSignal): void {
    if (delayMs === null) return;
    const timer = setTimeout(() => this.#events.reloadDue(this), delayMs).unref();
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }

  async #planTasks(
    plugin: Connector,
    config: TaskConfig,
    framework: Config,
    signal: AbortSignal,
  ): Promise<readonly TaskConfig[]> {
    const most = framework.number('tasks.max');
    const parsed = plugin.config.parse(config);
    if (plugin.plan === undefined)
      return plugin.kind === 'source' ? [config] : Array.from({ length: most }, () => config);
    const tasks = await plugin.plan(this.#planContext(config, signal), parsed, most);
    if (tasks.length > most && framework.boolean('tasks.max.enforce'))
      throw tooManyTasks(this.name, tasks.length, most);
    return tasks;
  }

  #planContext(config: TaskConfig, signal: AbortSignal): PlanContext {
    const { logger } = this.#environment;
    const { name } = this;
    const read = (partitions: readonly SourcePartition[]) =>
      withOffsetsOf(this.#environment, config, (offsets) => offsets.get(name, partitions));
    return {
      connector: name,
      logger: logger.child({ connector: name }),
      signal,
      offsets: {
        offset: async (partition) => (await read([partition]))[0] ?? null,
        offsets: read,
      },
      requestReplan: () => this.#requestReplan(signal),
    };
  }

  /** Several wishes at once are one. */
  #requestReplan(signal: AbortSignal): void {
    if (this.#replanWanted || signal.aborted) return;
    this.#replanWanted = true;
    setImmediate(() => {
      this.#replanWanted = false;
      if (!signal.aborted) this.handle('replan');
    });
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
