/** How each connector is: what its worker knows, what the status topic says, and who is in the group, put together. */
import { addProgress } from '../connector-status';
import { OtherWorkerError } from '../herder';
import type { Core } from '../herding/core';
import { notFound } from '../herding/views';
import { taskKey } from '../host';
import type { ConnectorState, TargetState } from '../lifecycle';
import type { ConnectorRow, TaskRow } from '../storage/types';
import type { ConnectorType, Progress, TaskId, TaskStatusState } from '../worker-view';
import { addressOf } from './address';
import { type Cause, causeOf, cut, messageOf } from './cause';
import { type ConnectorFacts, factsOf, type TaskFacts, type WorkerFacts } from './facts';
import { Rates } from './rates';
import type { ScheduleInfo, Schedules } from './schedule';
import { judgeScheduled } from './schedule-verdict';
import { HEALTH_STATES, type HealthState, judge, type Sight, type Sights, type Verdict } from './verdict';

/** The next attempt of an automatic restart. */
export interface RestartCountdown {
  readonly attempt: number;
  /** Null: without a limit. */
  readonly of: number | null;
  readonly nextAt: Date;
}

/** Who restarts what has failed; `task` null is the connector itself. */
export interface RestartPlans {
  countdown(connector: string, task: number | null): RestartCountdown | null;
}

export interface LagInfo {
  readonly records: number;
  readonly seconds: number | null;
}

export interface TaskHealth {
  readonly id: number;
  /** Null: nothing was said of it yet. */
  readonly state: TaskStatusState | null;
  readonly workerId: string | null;
  readonly since: Date | null;
  /** What it is waiting out; null when nothing, or not known. */
  readonly waitingFor: string | null;
  /** The call of its plug-in that does not come back. */
  readonly stuckIn: { readonly method: string; readonly since: Date } | null;
  /** Why it failed. */
  readonly error: string | null;
  readonly cause: Cause | null;
  readonly records: number | null;
  readonly skipped: number | null;
  readonly recordsPerSecond: number | null;
  readonly lag: LagInfo | null;
  readonly restart: RestartCountdown | null;
}

export interface ConnectorHealth {
  readonly name: string;
  readonly health: HealthState;
  readonly reason: string;
  readonly since: Date | null;
  readonly type: ConnectorType;
  /** `connector.class` as written. */
  readonly class: string;
  /** Of the plug-in; null before it is loaded. */
  readonly version: string | null;
  /** As Connect's paths have it; null before it was said. */
  readonly state: ConnectorState | null;
  readonly target: TargetState;
  readonly workerId: string | null;
  readonly tasks: readonly TaskHealth[];
  readonly records: number | null;
  readonly skipped: number | null;
  readonly recordsPerSecond: number | null;
  readonly lastRecordAt: Date | null;
  readonly lag: LagInfo | null;
  readonly restart: RestartCountdown | null;
  /** Of a source that loads by one. */
  readonly schedule: ScheduleInfo | null;
}

/** What other workers said when asked. */
export interface Others {
  readonly facts: readonly WorkerFacts[];
  /** `host:port` of those that did not answer. */
  readonly silent: readonly string[];
  /** `host:port` of all in the group; null when that is not known here. */
  readonly members: readonly string[] | null;
}

export const NOBODY_ELSE: Others = { facts: [], silent: [], members: null };

export interface HealthBook {
  /** What this worker alone knows. */
  facts(): WorkerFacts;
  /** URLs of all workers, this one included; none for a worker alone. Throws OtherWorkerError unless this one leads. */
  workers(): readonly string[];
  /** Worst first, then by name. */
  all(others: Others): ConnectorHealth[];
  /** NOT_FOUND `Connector X not found`. */
  one(name: string, others: Others): ConnectorHealth;
  /** What the leader makes of it without asking anybody; null on other workers. */
  verdicts(): ReadonlyMap<string, HealthState> | null;
  /** Set by who restarts. */
  restarts: RestartPlans;
  /** Set by who keeps schedules. */
  schedules: Pick<Schedules, 'info'>;
}

const NO_RESTARTS: RestartPlans = { countdown: () => null };

export function createHealthBook(core: Core): HealthBook {
  return new Book(core);
}

class Book implements HealthBook {
  restarts: RestartPlans = NO_RESTARTS;
  schedules: Pick<Schedules, 'info'> = { info: () => null };
  readonly #core: Core;
  readonly #rates: Rates;
  /** Since when a verdict is what it is, where no worker knows better. */
  readonly #verdicts = new Map<string, { readonly health: HealthState; readonly since: number }>();

  constructor(core: Core) {
    this.#core = core;
    this.#rates = new Rates(() => core.host.tasks(), core.leaving);
  }

  facts(): WorkerFacts {
    return factsOf(this.#core, this.#rates, this.restarts);
  }

  workers(): readonly string[] {
    const { membership } = this.#core;
    const urls = membership.workers();
    if (urls === null) throw new OtherWorkerError(membership.isLeader ? null : membership.leaderUrl);
    return urls;
  }

  all(others: Others): ConnectorHealth[] {
    const { state } = this.#core.configs;
    const sources = new Sources(this.facts(), others);
    for (const name of this.#verdicts.keys()) if (state.config(name) === null) this.#verdicts.delete(name);
    const all = state.connectors().map((name) => this.#judge(name, sources));
    const rank = (each: ConnectorHealth): number => HEALTH_STATES.indexOf(each.health);
    return all.sort((a, b) => rank(a) - rank(b));
  }

  verdicts(): ReadonlyMap<string, HealthState> | null {
    const { membership, configs, isStarted } = this.#core;
    const urls = isStarted && membership.isLeader ? membership.workers() : null;
    if (urls === null) return null;
    const members = urls.length === 0 ? null : urls.map(addressOf);
    const sources = new Sources(this.facts(), { ...NOBODY_ELSE, members });
    return new Map(
      configs.state.connectors().map((name) => [name, judge(this.#look(name, sources).sights).health]),
    );
  }

  one(name: string, others: Others): ConnectorHealth {
    if (this.#core.configs.state.config(name) === null) throw notFound(`Connector ${name} not found`);
    return this.#judge(name, new Sources(this.facts(), others));
  }

  #look(name: string, sources: Sources): Look {
    const { configs, parts } = this.#core;
    const { state } = configs;
    const row = parts.statuses.connector(name);
    const own = sources.connector(name);
    const seen = this.#tasks(name, sources);
    const sights: Sights = {
      target: state.target(name) ?? 'STARTED',
      planned: state.appliedConfig(name) !== null && !state.isInconsistent(name),
      connector: { ...sightOf(row, own, sources), stuck: null },
      tasks: seen.map(({ sight }) => sight),
    };
    return { row, own, seen, sights };
  }

  #judge(name: string, sources: Sources): ConnectorHealth {
    const config = this.#core.configs.state.config(name)!;
    const { row, own, seen, sights } = this.#look(name, sources);
    const schedule = this.schedules.info(name);
    const verdict = schedule === null ? judge(sights) : judgeScheduled(schedule, sights);
    const tasks = seen.map(({ sight, facts, row: of }) => this.#taskHealth(sight, facts, of));
    return {
      name,
      health: verdict.health,
      reason: cut(verdict.reason),
      since: this.#since(name, verdict, own, seen),
      type: this.#core.typeOf(name),
      class: config['connector.class'] ?? '',
      version: row?.version ?? null,
      state: sights.connector.state,
      target: sights.target,
      workerId: sights.connector.workerId,
      tasks,
      ...totalOf(seen.flatMap(({ facts }) => (facts === null ? [] : [facts]))),
      restart: countdownOf(own),
      schedule,
    };
  }

  #tasks(name: string, sources: Sources): SeenTask[] {
    const rows = new Map(this.#core.parts.statuses.tasks(name).map((row) => [row.id, row]));
    return this.#core.taskIds(name).map((id) => {
      const row = rows.get(id.task) ?? null;
      const facts = sources.task(id);
      const stuck = facts?.stuckIn ?? null;
      const sight = {
        ...sightOf<TaskStatusState>(row, facts, sources),
        id: id.task,
        stuck: stuck && { method: stuck.method, seconds: Math.round((Date.now() - stuck.since) / 1000) },
      };
      return { sight, facts, row };
    });
  }

  #taskHealth(
    { id, state, workerId, waiting, error }: SeenTask['sight'],
    facts: TaskFacts | null,
    row: TaskRow | null,
  ): TaskHealth {
    const {
      stuckIn = null,
      records = null,
      skipped = null,
      recordsPerSecond = null,
      lag = null,
    } = facts ?? {};
    return {
      id,
      state,
      workerId,
      since: dateOf(facts?.since ?? null),
      waitingFor: waiting,
      stuckIn: stuckIn && { method: stuckIn.method, since: new Date(stuckIn.since) },
      error,
      cause: state === 'FAILED' && row?.trace != null ? causeOf(row.trace) : null,
      records,
      skipped,
      recordsPerSecond,
      lag,
      restart: countdownOf(facts),
    };
  }

  #since(
    name: string,
    { health, task }: Verdict,
    own: ConnectorFacts | null,
    seen: readonly SeenTask[],
  ): Date | null {
    const known =
      task === null ? latest(own, seen) : (seen.find(({ sight }) => sight.id === task)?.facts?.since ?? null);
    const last = this.#verdicts.get(name);
    if (last?.health !== health) this.#verdicts.set(name, { health, since: Date.now() });
    return dateOf(known ?? this.#verdicts.get(name)!.since);
  }
}

function countdownOf(facts: ConnectorFacts | TaskFacts | null): RestartCountdown | null {
  const restart = facts?.restart ?? null;
  return restart && { ...restart, nextAt: new Date(restart.nextAt) };
}

interface Look {
  readonly row: ConnectorRow | null;
  readonly own: ConnectorFacts | null;
  readonly seen: readonly SeenTask[];
  readonly sights: Sights;
}

interface SeenTask {
  readonly sight: Sights['tasks'][number];
  readonly facts: TaskFacts | null;
  readonly row: TaskRow | null;
}

/** Facts of all workers by what they are about. */
class Sources {
  readonly #connectors = new Map<string, ConnectorFacts>();
  readonly #tasks = new Map<string, TaskFacts>();
  readonly #owners = new Map<object, string>();
  readonly #members: ReadonlySet<string> | null;
  readonly #silent: ReadonlySet<string>;

  constructor(own: WorkerFacts, others: Others) {
    for (const worker of [...others.facts, own]) this.#add(worker);
    this.#silent = new Set(others.silent);
    this.#members = others.members === null ? null : new Set([...others.members, own.workerId]);
  }

  #add({ workerId, connectors, tasks }: WorkerFacts): void {
    for (const [name, facts] of Object.entries(connectors)) {
      this.#connectors.set(name, facts);
      this.#owners.set(facts, workerId);
    }
    for (const [key, facts] of Object.entries(tasks)) {
      this.#tasks.set(key, facts);
      this.#owners.set(facts, workerId);
    }
  }

  connector(name: string): ConnectorFacts | null {
    return this.#connectors.get(name) ?? null;
  }

  task(id: TaskId): TaskFacts | null {
    return this.#tasks.get(taskKey(id)) ?? null;
  }

  ownerOf(facts: object): string {
    return this.#owners.get(facts)!;
  }

  isGone(workerId: string): boolean {
    return this.#members !== null && !this.#members.has(workerId);
  }

  isSilent(workerId: string): boolean {
    return this.#silent.has(workerId);
  }
}

/** What a worker says of its own is newer than its row in the topic. */
function sightOf<S extends ConnectorState | TaskStatusState>(
  row: ConnectorRow | TaskRow | null,
  facts: ConnectorFacts | TaskFacts | null,
  sources: Sources,
): Omit<Sight<S>, 'stuck'> {
  if (facts !== null) {
    const { state, waiting, error } = facts;
    // A task that is about to start is no news beside what it was.
    const shown = state === 'UNASSIGNED' && row?.state === 'RESTARTING' ? row.state : state;
    return { state: shown as S, workerId: sources.ownerOf(facts), worker: 'here', error, waiting };
  }
  if (row === null) return { state: null, workerId: null, worker: 'here', error: null, waiting: null };
  const { state, workerId, trace } = row;
  const worker = sources.isGone(workerId) ? 'gone' : sources.isSilent(workerId) ? 'silent' : 'here';
  const error = state === 'FAILED' && trace !== null ? messageOf(trace) : null;
  return { state: state as S, workerId, worker, error, waiting: null };
}

/** A whole is as it is since the last of its parts became so. */
function latest(own: ConnectorFacts | null, seen: readonly SeenTask[]): number | null {
  const times = [own, ...seen.map(({ facts }) => facts)].map((facts) => facts?.since ?? null);
  return times.reduce<number | null>(
    (last, time) => (time === null ? last : Math.max(last ?? 0, time)),
    null,
  );
}

const dateOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

type Totals = Pick<ConnectorHealth, 'records' | 'skipped' | 'recordsPerSecond' | 'lastRecordAt' | 'lag'>;

/** Of the tasks whose workers answered; nulls where none did. */
function totalOf(tasks: readonly TaskFacts[]): Totals {
  if (tasks.length === 0)
    return { records: null, skipped: null, recordsPerSecond: null, lastRecordAt: null, lag: null };
  const progress = tasks
    .map(
      ({ records, skipped, lastRecordAt }): Progress => ({
        records,
        skipped,
        firstRecordAt: null,
        lastRecordAt,
      }),
    )
    .reduce(addProgress);
  const rates = tasks.flatMap(({ recordsPerSecond }) =>
    recordsPerSecond === null ? [] : [recordsPerSecond],
  );
  return {
    records: progress.records,
    skipped: progress.skipped,
    recordsPerSecond: rates.length === 0 ? null : Math.round(rates.reduce((a, b) => a + b) * 10) / 10,
    lastRecordAt: dateOf(progress.lastRecordAt),
    lag: lagOf(tasks.flatMap(({ lag }) => (lag === null ? [] : [lag]))),
  };
}

function lagOf(lags: readonly LagInfo[]): LagInfo | null {
  if (lags.length === 0) return null;
  const records = lags.reduce((sum, lag) => sum + lag.records, 0);
  const known = lags.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]));
  return { records, seconds: known.length === 0 ? null : Math.max(...known) };
}
