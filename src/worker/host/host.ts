/** Everything that runs on this worker, kept as the herder wants it. Knows nothing of groups, topics of the worker or REST. */
import { addProgress, NO_PROGRESS } from '../connector-status';
import type { Progress, TaskId } from '../worker-view';
import type { HostedConnector } from './connector';
import { ConnectorSlot, TaskSlot } from './slots';
import type { HostedTask } from './task';
import type { Desired, DesiredTask, HostEnvironment, HostEvents } from './types';

export class Host {
  readonly #connectors = new Map<string, ConnectorSlot>();
  /** By connector and number. */
  readonly #tasks = new Map<string, Map<number, TaskSlot>>();
  /** Records of tasks that are gone, by connector. */
  readonly #past = new Map<string, Progress>();
  readonly #environment: HostEnvironment;
  readonly #events: HostEvents;

  constructor(environment: HostEnvironment, events: HostEvents) {
    this.#environment = environment;
    this.#events = events;
  }

  /** Starts, changes and stops. Resolves when all that is not wanted has stopped, at the latest after the grace time. */
  async reconcile(desired: Desired, graceMs: number): Promise<void> {
    const changing: Promise<void>[] = [];
    const names = desired.names ?? new Set([...this.#connectors.keys(), ...this.#tasks.keys()]);
    for (const name of names) {
      if (!desired.connectors.has(name)) this.#emptyConnector(name);
      changing.push(...this.#emptyTasks(name, desired.tasks.get(name), graceMs));
    }
    for (const [name, each] of desired.connectors) this.#connectorSlot(name).set(each);
    for (const [name, tasks] of desired.tasks) {
      for (const [task, each] of tasks) {
        const slot = this.#taskSlot(name, task);
        if (!slot.isAt(each)) changing.push(slot.set(each, graceMs));
      }
    }
    await Promise.all(changing);
  }

  #emptyConnector(name: string): void {
    this.#connectors.get(name)?.set(null);
    this.#connectors.delete(name);
  }

  #emptyTasks(
    name: string,
    wanted: ReadonlyMap<number, DesiredTask> | undefined,
    graceMs: number,
  ): Promise<void>[] {
    const slots = [...(this.#tasks.get(name) ?? [])].filter(([task]) => !wanted?.has(task));
    return slots.map(async ([task, slot]) => {
      await slot.set(null, graceMs);
      if (slot.isEmpty) this.#dropTask(name, task);
    });
  }

  #dropTask(name: string, task: number): void {
    const slots = this.#tasks.get(name);
    slots?.delete(task);
    if (slots?.size === 0) this.#tasks.delete(name);
  }

  #connectorSlot(name: string): ConnectorSlot {
    let slot = this.#connectors.get(name);
    if (slot === undefined) {
      slot = new ConnectorSlot(this.#environment, this.#events);
      this.#connectors.set(name, slot);
    }
    return slot;
  }

  #taskSlot(name: string, task: number): TaskSlot {
    let slots = this.#tasks.get(name);
    if (slots === undefined) this.#tasks.set(name, (slots = new Map()));
    let slot = slots.get(task);
    if (slot === undefined) {
      slot = new TaskSlot(this.#environment, this.#events, (stopped) => this.#keepProgress(stopped));
      slots.set(task, slot);
    }
    return slot;
  }

  connector(name: string): HostedConnector | null {
    return this.#connectors.get(name)?.current ?? null;
  }

  task(id: TaskId): HostedTask | null {
    return this.#slotOf(id)?.current ?? null;
  }

  connectors(): HostedConnector[] {
    return [...this.#connectors.values()].flatMap(({ current }) => (current === null ? [] : [current]));
  }

  tasks(connector?: string): HostedTask[] {
    const places = connector === undefined ? [...this.#tasks.values()] : [this.#tasks.get(connector)];
    return places.flatMap((slots) =>
      [...(slots?.values() ?? [])].flatMap(({ current }) => (current === null ? [] : [current])),
    );
  }

  #slotOf({ connector, task }: TaskId): TaskSlot | undefined {
    return this.#tasks.get(connector)?.get(task);
  }

  /** False when the connector is not here. */
  restartConnector(name: string): boolean {
    const connector = this.connector(name);
    connector?.handle('restart');
    return connector !== null;
  }

  /** Resolves when the task was started again; false when it is not here. */
  async restartTask(id: TaskId, graceMs: number): Promise<boolean> {
    const slot = this.#slotOf(id);
    if (slot?.current == null) return false;
    await slot.restart(graceMs);
    return true;
  }

  /** Records moved by the connector's tasks on this worker since it began. */
  progress(connector: string): Progress {
    return this.tasks(connector).reduce(
      (sum, { progress }) => addProgress(sum, progress),
      this.#past.get(connector) ?? NO_PROGRESS,
    );
  }

  #keepProgress(task: HostedTask): void {
    const { connector } = task.id;
    this.#past.set(connector, addProgress(this.#past.get(connector) ?? NO_PROGRESS, task.progress));
  }
}
