/**
 * Starts again what failed on this worker, when its connector asks for that. Each restart is a ticket for one failure: it
 * is worth nothing once the connector or task is another one, so it may come late, twice or after a delete.
 */
import { randomUUID } from 'node:crypto';
import { causeChain } from '../../kernel';
import type { Core, CoreWatcher } from '../herding/core';
import { type HostedConnector, type HostedTask, taskKey } from '../host';
import type { ConfigEvent } from '../storage/types';
import type { TaskId } from '../worker-view';
import type { RestartCountdown, RestartPlans } from './health';
import { Attempts, lastingCause, type RestartPolicy, restartDelay, restartPolicyOf } from './restart-policy';

export interface RestartTicket {
  readonly id: string;
  readonly connector: string;
  /** Null: the connector itself. */
  readonly task: number | null;
  readonly attempt: number;
  /** Null: without end. */
  readonly of: number | null;
  /** When it is due, wall time in ms. */
  readonly at: number;
}

/** Keeps tickets elsewhere and brings them back with `due`: late, twice, or never. */
export interface RestartScheduler {
  schedule(ticket: RestartTicket): Promise<void>;
  cancel(ticket: RestartTicket): Promise<void>;
  /** Whether it is still there: somebody may have cancelled it. */
  has(ticket: RestartTicket): Promise<boolean>;
}

export interface AutoRestarts extends RestartPlans {
  /** Restarts what the ticket is for; false when that is over. */
  due(ticketId: string): Promise<boolean>;
  /** False when there is no such ticket. */
  cancel(ticketId: string): boolean;
  /** Null: tickets are kept here alone. */
  use(scheduler: RestartScheduler | null): void;
}

/** How much later than a scheduler this worker comes itself. */
const LATE_MS = 5000;

const RESTARTS = 'millrace_restarts_total';

const labelsOf = ({ connector, task }: Pick<RestartTicket, 'connector' | 'task'>) => ({
  connector,
  task: task === null ? '' : String(task),
});

interface Unit {
  readonly key: string;
  readonly connector: string;
  readonly task: TaskId | null;
  /** What failed: each start of a task is another one, while a connector stays the same. */
  readonly of: HostedConnector | HostedTask;
  readonly error: Error | null;
}

interface Pending {
  readonly ticket: RestartTicket;
  readonly unit: Unit;
  timer: NodeJS.Timeout;
  readonly forget: () => void;
}

export function createAutoRestarts(core: Core): AutoRestarts {
  return new Restarts(core);
}

const ofConnector = (of: HostedConnector): Unit => ({
  key: `connector ${of.name}`,
  connector: of.name,
  task: null,
  of,
  error: of.error,
});

const ofTask = (of: HostedTask): Unit => ({
  key: `task ${taskKey(of.id)}`,
  connector: of.id.connector,
  task: of.id,
  of,
  error: of.error,
});

class Restarts implements AutoRestarts, CoreWatcher {
  readonly #core: Core;
  readonly #pending = new Map<string, Pending>();
  readonly #attempts = new Map<string, Attempts>();
  /** The failure of each that was dealt with last, and its attempt; null: there is none any more. */
  readonly #failures = new Map<string, { readonly of: Unit['of']; readonly attempt: number | null }>();
  #scheduler: RestartScheduler | null = null;

  constructor(core: Core) {
    this.#core = core;
    core.watchers.push(this);
    core.leaving.addEventListener('abort', () => this.#cancelWhere(() => true), { once: true });
  }

  use(scheduler: RestartScheduler | null): void {
    this.#scheduler = scheduler;
  }

  countdown(connector: string, task: number | null): RestartCountdown | null {
    const key = task === null ? `connector ${connector}` : `task ${taskKey({ connector, task })}`;
    const ticket = this.#pending.get(key)?.ticket;
    return ticket === undefined
      ? null
      : { attempt: ticket.attempt, of: ticket.of, nextAt: new Date(ticket.at) };
  }

  connectorChanged(connector: HostedConnector): void {
    this.#changed(ofConnector(connector), connector.state);
  }

  taskChanged(task: HostedTask): void {
    this.#changed(ofTask(task), task.state);
  }

  connectorGone(name: string): void {
    this.#forget(`connector ${name}`);
    this.#core.parts.environment.metrics.remove(RESTARTS, labelsOf({ connector: name, task: null }));
  }

  taskGone(id: TaskId): void {
    this.#forget(`task ${taskKey(id)}`);
    this.#core.parts.environment.metrics.remove(RESTARTS, labelsOf(id));
  }

  configEvent(event: ConfigEvent): void {
    if (event.kind === 'target') this.#cancelOf(event.connector);
    else if (event.kind === 'connector' || event.kind === 'removed') this.#startOver(event.connector);
    else return;
    if (event.kind !== 'removed')
      void this.#core.reconcile(event.connector).then(() => this.#lookAt(event.connector));
  }

  #changed(unit: Unit, state: string): void {
    if (state === 'FAILED' && unit.error !== null) {
      this.#failed(unit, unit.error);
      return;
    }
    this.#cancel(unit.key);
    this.#failures.delete(unit.key);
    if (state === 'RUNNING') this.#attemptsOf(unit.key).running(Date.now());
  }

  /** What failed before the target or the configuration changed is looked at anew. */
  #lookAt(connector: string): void {
    const { host } = this.#core;
    const own = host.connector(connector);
    const units = [...(own === null ? [] : [ofConnector(own)]), ...host.tasks(connector).map(ofTask)];
    for (const unit of units) if (unit.error !== null) this.#failed(unit, unit.error);
  }

  #failed(unit: Unit, error: Error): void {
    const { configs, parts } = this.#core;
    const config = configs.state.config(unit.connector);
    if (config === null || configs.state.target(unit.connector) !== 'STARTED' || this.#core.isStopping)
      return;
    if (this.#pending.get(unit.key)?.unit.of === unit.of) return;
    const policy = restartPolicyOf(config, parts.environment.workerConfig);
    if (policy === null || !this.#isHere(unit)) return;
    const known = this.#failures.get(unit.key);
    const attempt = known?.of === unit.of ? known.attempt : this.#newAttempt(unit, error, policy);
    if (attempt !== null) this.#plan(unit, policy, attempt);
  }

  #newAttempt(unit: Unit, error: Error, policy: RestartPolicy): number | null {
    const lasting = lastingCause(error);
    const attempt = lasting === null ? this.#attemptsOf(unit.key).failed(policy, Date.now()) : null;
    this.#failures.set(unit.key, { of: unit.of, attempt });
    if (lasting !== null)
      this.#tell(unit, `is not restarted: time does not heal this: ${causeChain(lasting)[0]}`);
    else if (attempt === null)
      this.#tell(unit, `is not restarted any more: ${policy.maxAttempts} restarts did not help`);
    return attempt;
  }

  #plan(unit: Unit, policy: RestartPolicy, attempt: number): void {
    const delayMs = restartDelay(policy, attempt);
    const ticket: RestartTicket = {
      id: randomUUID(),
      connector: unit.connector,
      task: unit.task?.task ?? null,
      attempt,
      of: policy.maxAttempts,
      at: Date.now() + delayMs,
    };
    const of = policy.maxAttempts === null ? '' : ` of ${policy.maxAttempts}`;
    this.#tell(unit, `restarts in ${(delayMs / 1000).toFixed(1)} s, attempt ${attempt}${of}`);
    this.#cancel(unit.key);
    const timer = this.#timer(ticket, delayMs);
    const pending: Pending = { ticket, unit, timer, forget: this.#observe(ticket) };
    this.#pending.set(unit.key, pending);
    void this.#delegate(pending, delayMs);
  }

  /** A scheduler that takes the ticket is given a little time to bring it before this worker acts by itself. */
  async #delegate(pending: Pending, delayMs: number): Promise<void> {
    const { ticket, unit } = pending;
    if (this.#scheduler === null) return;
    try {
      await this.#scheduler.schedule(ticket);
    } catch {
      // Nobody else comes: the timer is set for the time itself.
      return;
    }
    if (this.#pending.get(unit.key) !== pending) return void this.#withdraw(ticket);
    clearTimeout(pending.timer);
    pending.timer = setTimeout(() => void this.#overdue(pending), delayMs + LATE_MS).unref();
  }

  /** Nobody brought the ticket: because it was cancelled, or because nobody could. */
  async #overdue(pending: Pending): Promise<void> {
    const { ticket } = pending;
    const isWanted = (await this.#scheduler?.has(ticket).catch(() => true)) ?? true;
    if (isWanted) await this.due(ticket.id);
    else if (this.#pending.get(pending.unit.key) === pending) this.#drop(pending);
  }

  #timer(ticket: RestartTicket, ms: number): NodeJS.Timeout {
    return setTimeout(() => void this.due(ticket.id), ms).unref();
  }

  #observe(ticket: RestartTicket): () => void {
    return this.#core.parts.environment.metrics.observedGauge(
      'millrace_restart_countdown_seconds',
      'Time until what failed is restarted by itself',
      labelsOf(ticket),
      () => Math.max(0, (ticket.at - Date.now()) / 1000),
    );
  }

  async due(ticketId: string): Promise<boolean> {
    const pending = [...this.#pending.values()].find(({ ticket }) => ticket.id === ticketId);
    if (pending === undefined) return false;
    const { unit, ticket } = pending;
    this.#drop(pending);
    if (!this.#isStillDue(unit)) return false;
    this.#core.parts.environment.metrics
      .counter(RESTARTS, 'Restarts of what failed, without anybody asking', labelsOf(ticket))
      .add(1);
    const { writer, host, graceMs } = this.#core;
    if (unit.task === null) {
      writer.connectorRestarts(unit.connector);
      host.restartConnector(unit.connector);
    } else {
      writer.taskRestarts(unit.task);
      await host.restartTask(unit.task, graceMs);
    }
    return true;
  }

  #isStillDue(unit: Unit): boolean {
    const { configs, isStopping } = this.#core;
    return !isStopping && configs.state.target(unit.connector) === 'STARTED' && this.#isHere(unit);
  }

  /** What failed is here still, has not been started again, and is this worker's. */
  #isHere({ connector, task, of }: Unit): boolean {
    const { host } = this.#core;
    if (task === null) return host.connector(connector) === of && of.error !== null;
    return host.task(task) === of && this.#core.owns(task);
  }

  cancel(ticketId: string): boolean {
    const pending = [...this.#pending.values()].find(({ ticket }) => ticket.id === ticketId);
    if (pending === undefined) return false;
    this.#cancel(pending.unit.key);
    return true;
  }

  #cancel(key: string): void {
    const pending = this.#pending.get(key);
    if (pending === undefined) return;
    this.#drop(pending);
    this.#withdraw(pending.ticket);
  }

  #drop({ unit, timer, forget }: Pending): void {
    clearTimeout(timer);
    forget();
    this.#pending.delete(unit.key);
  }

  /** One that stays where it is does no harm when it comes. */
  #withdraw(ticket: RestartTicket): void {
    this.#scheduler?.cancel(ticket).catch(() => {});
  }

  #cancelWhere(test: (unit: Unit) => boolean): void {
    for (const { unit } of [...this.#pending.values()]) if (test(unit)) this.#cancel(unit.key);
  }

  #cancelOf(connector: string): void {
    this.#cancelWhere((unit) => unit.connector === connector);
  }

  #startOver(connector: string): void {
    this.#cancelOf(connector);
    const keys = [...this.#attempts.keys(), ...this.#failures.keys()];
    const isOf = (key: string): boolean =>
      key === `connector ${connector}` || /^(.*)-\d+$/.exec(key)?.[1] === `task ${connector}`;
    for (const key of keys.filter(isOf)) this.#forget(key);
  }

  #forget(key: string): void {
    this.#cancel(key);
    this.#attempts.delete(key);
    this.#failures.delete(key);
  }

  #attemptsOf(key: string): Attempts {
    let attempts = this.#attempts.get(key);
    if (attempts === undefined) this.#attempts.set(key, (attempts = new Attempts()));
    return attempts;
  }

  #tell({ connector, task }: Unit, what: string): void {
    const name = task === null ? `Connector ${connector}` : `Task ${taskKey(task)}`;
    const fields = task === null ? { connector } : { connector, task: task.task };
    this.#core.parts.logger.info(fields, `${name} ${what}`);
  }
}
