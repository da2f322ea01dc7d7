/**
 * Scheduled loads of sources. Between loads the connector is PAUSED and has no tasks running; to fire is to start it; its
 * tasks end when they are through (PAUSED while the target is STARTED), and when all have, the leader lets it rest. So a
 * load that is over comes to rest whoever fired it, and whether there is a queue or not.
 */
import { ConfigError, causeChain, type Logger } from '../../kernel';
import type { Core } from '../herding/core';
import { changeStopped } from '../herding/offset-changes';
import { configOf } from '../herding/views';
import { announceLoad, requireLeader } from '../herding/writes';
import { isScheduled, ownDef } from '../own-keys';
import type { RawConfig } from '../storage/types';
import { type Cron, firingsBetween, nextFiring } from './cron';
import { fenceOf } from './fence';

export interface Schedule extends Cron {
  readonly connector: string;
  readonly from: 'start' | 'where-it-was';
  readonly fence: string;
}

/** `running`: the load before was not through, so there was none; `stopped`: the connector is not to run at all. */
export type FiringOutcome = 'started' | 'restarted' | 'running' | 'stopped' | 'outdated';

export interface Firing {
  readonly at: Date;
  readonly outcome: FiringOutcome;
  /** Firings between the one that was due and now. */
  readonly missed: number;
}

export interface ScheduleInfo extends Cron {
  readonly from: Schedule['from'];
  readonly nextAt: Date;
  /** As far as this worker knows. */
  readonly last: Firing | null;
}

export interface FireOptions {
  /** Null: whatever the connector is by now. */
  readonly fence: string | null;
  /** When it should have fired; null: now. */
  readonly dueAt: number | null;
  /** By hand, a connector that is stopped is started, too. */
  readonly byHand: boolean;
}

export interface Schedules {
  all(): Schedule[];
  /** Null for a connector without a schedule. */
  info(connector: string): ScheduleInfo | null;
  /** The leader's: throws OtherWorkerError. NOT_FOUND; CONFIG_INVALID for a connector without a schedule. */
  fire(connector: string, options: FireOptions): Promise<Firing>;
  /** Called when schedules may have changed. */
  onChange: () => void;
}

const LOOK_MS = 500;

export const createSchedules = (core: Core): Schedules => new Loads(core);

class Loads implements Schedules {
  onChange: () => void = () => {};
  readonly #core: Core;
  readonly #last = new Map<string, Firing>();

  constructor(core: Core) {
    this.#core = core;
    const timer = setInterval(() => void this.#settle(), LOOK_MS).unref();
    core.leaving.addEventListener('abort', () => clearInterval(timer), { once: true });
    core.watchers.push({
      configEvent: ({ kind, ...event }) => {
        if (kind !== 'connector' && kind !== 'removed') return;
        if (kind === 'removed' && 'connector' in event) this.#last.delete(event.connector);
        this.onChange();
      },
    });
  }

  get #logger(): Logger {
    return this.#core.parts.logger;
  }

  all(): Schedule[] {
    const { state } = this.#core.configs;
    return state.connectors().flatMap((connector) => {
      const schedule = scheduleOf(state.config(connector)!);
      return schedule === null ? [] : [{ ...schedule, connector, fence: fenceOf(this.#core, connector)! }];
    });
  }

  info(connector: string): ScheduleInfo | null {
    const config = this.#core.configs.state.config(connector);
    const schedule = config && scheduleOf(config);
    if (schedule === null) return null;
    const nextAt = new Date(nextFiring(schedule, Date.now()));
    return { ...schedule, nextAt, last: this.#last.get(connector) ?? null };
  }

  async fire(connector: string, { fence, dueAt, byHand }: FireOptions): Promise<Firing> {
    requireLeader(this.#core);
    const schedule = scheduleOf(configOf(this.#core, connector));
    if (schedule === null) {
      throw new ConfigError(`${connector} has no schedule`, {
        hint: 'millrace.schedule.cron gives it one.',
      });
    }
    const isOutdated = fence !== null && fence !== fenceOf(this.#core, connector);
    const outcome = isOutdated
      ? 'outdated'
      : await this.#core.writes.run(() => this.#begin(connector, schedule.from, byHand));
    const now = Date.now();
    const firing = { at: new Date(now), outcome, missed: firingsBetween(schedule, dueAt ?? now, now) };
    if (!isOutdated) this.#last.set(connector, firing);
    this.#tell(connector, firing, dueAt);
    return firing;
  }

  #tell(connector: string, { outcome, missed }: Firing, dueAt: number | null): void {
    if (outcome === 'running')
      this.#logger.warn({ connector }, `${connector} does not load: the load before is not through`);
    if (missed === 0 || dueAt === null) return;
    const due = new Date(dueAt).toISOString();
    const what = `${missed} ${missed === 1 ? 'firing' : 'firings'} of ${connector} since ${due} were missed`;
    this.#logger.warn({ connector }, `${what}: one load stands for all of them`);
  }

  async #begin(connector: string, from: Schedule['from'], byHand: boolean): Promise<FiringOutcome> {
    const { configs } = this.#core;
    const target = configs.state.target(connector);
    if (target === null) return 'outdated';
    if (target === 'STOPPED' && !byHand) return 'stopped';
    if (target === 'STARTED' && !this.#isStranded(connector)) return 'running';
    if (from === 'start') await this.#startOver(connector);
    if (target === 'STARTED' && from !== 'start') {
      // Tasks that are through stay so: they belong to the same load.
      await configs.putRestart({ connector, includeTasks: true, onlyFailed: true });
      return 'restarted';
    }
    announceLoad(this.#core, connector);
    await configs.putTarget(connector, 'STARTED');
    return target === 'STARTED' ? 'restarted' : 'started';
  }

  /** Nothing of it runs, and something failed. */
  #isStranded(connector: string): boolean {
    const { statuses } = this.#core.parts;
    const states = [statuses.connector(connector), ...this.#rows(connector)].map((row) => row?.state);
    const isOver = (state: string | undefined): boolean => state === 'FAILED' || state === 'PAUSED';
    return states.includes('FAILED') && (states[0] === 'FAILED' || states.slice(1).every(isOver));
  }

  #rows(connector: string) {
    const { statuses, configs } = this.#core.parts;
    const count = configs.state.tasks(connector).length;
    return statuses.tasks(connector).filter(({ id }) => id < count);
  }

  async #startOver(connector: string): Promise<void> {
    const { configs } = this.#core;
    await configs.putTasks(connector, []);
    await configs.putTarget(connector, 'STOPPED');
    await this.#core.reconcile(connector);
    try {
      await changeStopped(this.#core, connector, null);
    } catch (error) {
      await configs.putTarget(connector, 'PAUSED');
      throw error;
    }
  }

  /** Lets rest what is through. */
  async #settle(): Promise<void> {
    const { membership, configs, isStarted } = this.#core;
    if (!isStarted || !membership.isLeader) return;
    const { state } = configs;
    const through = state
      .connectors()
      .filter((name) => isScheduled(state.config(name)!) && this.#isThrough(name));
    for (const name of through) {
      try {
        await this.#core.writes.run(async () => {
          if (this.#isThrough(name)) await configs.putTarget(name, 'PAUSED');
        });
        this.#logger.info({ connector: name }, `${name} has loaded and rests`);
      } catch (error) {
        this.#logger.warn({ connector: name }, `${name} does not rest yet: ${causeChain(error).join(': ')}`);
      }
    }
  }

  #isThrough(name: string): boolean {
    const { state } = this.#core.configs;
    if (state.target(name) !== 'STARTED') return false;
    const rows = this.#rows(name);
    const count = state.tasks(name).length;
    return count > 0 && rows.length === count && rows.every((row) => row.state === 'PAUSED');
  }
}

function scheduleOf(config: RawConfig): (Cron & Pick<Schedule, 'from'>) | null {
  if (!isScheduled(config)) return null;
  const entries = Object.entries(config).filter(([key]) => key.startsWith('millrace.schedule.'));
  const parsed = ownDef('source').parse(Object.fromEntries(entries));
  return {
    pattern: parsed.string('millrace.schedule.cron').trim(),
    timezone: parsed.string('millrace.schedule.timezone').trim(),
    from: parsed.string('millrace.schedule.from') as Schedule['from'],
  };
}
