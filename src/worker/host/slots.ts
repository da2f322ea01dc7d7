/**
 * A place for one connector or task: what shall run there and what does. Each place converges by itself, one step after
 * the other, so that a plug-in that hangs holds up nobody else's place.
 */
import { isDeepStrictEqual } from 'node:util';
import { HostedConnector } from './connector';
import { HostedTask } from './task';
import type { DesiredConnector, DesiredTask, HostEnvironment, HostEvents } from './types';

export class ConnectorSlot {
  current: HostedConnector | null = null;
  readonly #environment: HostEnvironment;
  readonly #events: HostEvents;

  constructor(environment: HostEnvironment, events: HostEvents) {
    this.#environment = environment;
    this.#events = events;
  }

  /** A connector has nothing that must be waited for: its plans end with its signal. */
  set(desired: DesiredConnector | null): void {
    const { current } = this;
    if (current !== null && current.written !== desired?.config) this.#giveUp(current);
    if (desired === null) return;
    if (this.current === null) {
      this.current = new HostedConnector(desired, this.#environment, this.#events);
      this.current.aim(desired.target);
    } else if (this.current.target !== desired.target) this.current.aim(desired.target);
  }

  #giveUp(current: HostedConnector): void {
    this.current = null;
    current.handle('shutdown');
    this.#events.connectorGone(current.name);
  }
}

export class TaskSlot {
  current: HostedTask | null = null;
  #desired: DesiredTask | null = null;
  /** Runs here, and nothing is under way. */
  #reached: DesiredTask | null = null;
  #restart = false;
  #working: Promise<void> = Promise.resolve();
  #steps = 0;
  readonly #environment: HostEnvironment;
  readonly #events: HostEvents;
  readonly #onStopped: (task: HostedTask) => void;

  constructor(environment: HostEnvironment, events: HostEvents, onStopped: (task: HostedTask) => void) {
    this.#environment = environment;
    this.#events = events;
    this.#onStopped = onStopped;
  }

  get isEmpty(): boolean {
    return this.current === null && this.#desired === null;
  }

  /** Nothing is to be done for it. Asked of all places at any change in the cluster, so it compares by identity. */
  isAt({ config, connectorConfig, paused }: DesiredTask): boolean {
    const reached = this.#reached;
    return (
      reached !== null &&
      reached.config === config &&
      reached.connectorConfig === connectorConfig &&
      reached.paused === paused
    );
  }

  /** Resolves when what must not run any more has stopped; what shall run was started by then. */
  set(desired: DesiredTask | null, graceMs: number): Promise<void> {
    this.#desired = desired;
    return this.#converge(graceMs);
  }

  restart(graceMs: number): Promise<void> {
    this.#restart = true;
    return this.#converge(graceMs);
  }

  #converge(graceMs: number): Promise<void> {
    this.#steps++;
    this.#reached = null;
    this.#working = this.#working.then(async () => {
      await this.#step(graceMs);
      if (--this.#steps === 0) this.#reached = this.#desired;
    });
    return this.#working;
  }

  async #step(graceMs: number): Promise<void> {
    const { current } = this;
    if (current !== null && (this.#restart || !isSameTask(current.desired, this.#desired))) {
      await current.stop(graceMs, !this.#events.isWanted(current.id));
      this.current = null;
      this.#onStopped(current);
      if (this.#desired === null) this.#events.taskGone(current.id);
    }
    this.#restart = false;
    const desired = this.#desired;
    if (desired === null) return;
    if (this.current === null) this.current = new HostedTask(desired, this.#environment, this.#events);
    else this.current.paused = desired.paused;
  }
}

const isSameTask = (running: DesiredTask, desired: DesiredTask | null): boolean =>
  desired !== null &&
  isSame(running.config, desired.config) &&
  isSame(running.connectorConfig, desired.connectorConfig);

const isSame = (a: object, b: object): boolean => a === b || isDeepStrictEqual(a, b);
