/** Everything that runs on this worker, kept as the herder wants it. Knows nothing of groups, topics of the worker or REST. */
import { addProgress, NO_PROGRESS } from '../connector-status';
import type { Progress, TaskId } from '../worker-view';
import type { HostedConnector } from './connector';
import { ConnectorSlot, TaskSlot } from './slots';
import type { HostedTask } from './task';
import { type Desired, type HostEnvironment, type HostEvents, taskKey } from './types';

export class Host {
  readonly #connectors = new Map<string, ConnectorSlot>();
  readonly #tasks = new Map<string, TaskSlot>();
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
    for (const [name, slot] of this.#connectors) {
      if (desired.connectors.has(name)) continue;
      slot.set(null);
      this.#connectors.delete(name);
    }
    for (const [name, each] of desired.connectors) this.#connectorSlot(name).set(each);
    const stopping = [...this.#tasks].map(async ([key, slot]) => {
      if (desired.tasks.has(key)) return;
      await slot.set(null, graceMs);
      if (slot.isEmpty) this.#tasks.delete(key);
    });
    const starting = [...desired.tasks].map(([key, each]) => this.#taskSlot(key).set(each, graceMs));
    await Promise.all([...stopping, ...starting]);
  }

  #connectorSlot(name: string): ConnectorSlot {
    let slot = this.#connectors.get(name);
    if (slot === undefined) {
      slot = new ConnectorSlot(this.#environment, this.#events);
      this.#connectors.set(name, slot);
    }
    return slot;
  }

  #taskSlot(key: string): TaskSlot {
    let slot = this.#tasks.get(key);
    if (slot === undefined) {
      slot = new TaskSlot(this.#environment, this.#events, (task) => this.#keepProgress(task));
      this.#tasks.set(key, slot);
    }
    return slot;
  }

  connector(name: string): HostedConnector | null {
    return this.#connectors.get(name)?.current ?? null;
  }

  task(id: TaskId): HostedTask | null {
    return this.#tasks.get(taskKey(id))?.current ?? null;
  }

  connectors(): HostedConnector[] {
    return [...this.#connectors.values()].flatMap(({ current }) => (current === null ? [] : [current]));
  }

  tasks(connector?: string): HostedTask[] {
    return [...this.#tasks.values()].flatMap(({ current }) =>
      current === null || (connector !== undefined && current.id.connector !== connector) ? [] : [current],
    );
  }

  /** False when the connector is not here. */
  restartConnector(name: string): boolean {
    const connector = this.connector(name);
    connector?.handle('restart');
    return connector !== null;
  }

  /** Resolves when the task was started again; false when it is not here. */
  async restartTask(id: TaskId, graceMs: number): Promise<boolean> {
    const slot = this.#tasks.get(taskKey(id));
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
