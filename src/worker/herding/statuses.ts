/** Writes down what became of what runs here (connect.md §2.1, §2.5). */
import { traceOf } from '../connector-status';
import type { HostedConnector, HostedTask } from '../host';
import type { ConnectorState } from '../lifecycle';
import type { ConfigState, StatusRow, StatusStore } from '../storage/types';
import type { TaskId, TaskStatusState } from '../worker-view';

export interface StatusWriterParts {
  readonly statuses: StatusStore;
  readonly configs: ConfigState;
  workerId(): string;
  generation(): number;
  /** Whether what runs here is sure to be this worker's. Else others may run it by now, and this one does not tell of it. */
  isOurs(): boolean;
}

export class StatusWriter {
  readonly #parts: StatusWriterParts;

  constructor(parts: StatusWriterParts) {
    this.#parts = parts;
  }

  connectorChanged(connector: HostedConnector): void {
    const { statuses, isOurs } = this.#parts;
    if (!isOurs()) return;
    const { name, state, error, version } = connector;
    const known = statuses.connector(name);
    // A connector on its way says so only where nothing was said before: what it was is worth more.
    if (state === 'UNASSIGNED' && known !== null) return;
    const row = this.#row(state, error, version ?? known?.version ?? null);
    if (!isSame(known, row)) statuses.putConnector(name, row);
  }

  taskChanged(task: HostedTask): void {
    const { statuses, isOurs } = this.#parts;
    const { id, state, error, version } = task;
    if (state === 'UNASSIGNED' || !isOurs()) return;
    // The plug-in of a task that failed is not said to have a version, as on a JVM worker.
    const row = this.#row(state, error, state === 'FAILED' ? null : version);
    if (!isSame(statuses.task(id), row)) statuses.putTask(id, row);
  }

  connectorGone(name: string): void {
    const { statuses, configs } = this.#parts;
    if (configs.config(name) === null) statuses.removeConnector(name);
    else {
      const version = statuses.connector(name)?.version ?? null;
      statuses.putConnector(name, this.#row('UNASSIGNED', null, version), { safe: true });
    }
  }

  taskGone(id: TaskId): void {
    const { statuses } = this.#parts;
    if (!this.#isConfigured(id)) statuses.removeTask(id);
    else {
      const version = statuses.task(id)?.version ?? null;
      statuses.putTask(id, this.#row('UNASSIGNED', null, version), { safe: true });
    }
  }

  connectorRestarts(name: string): void {
    const { statuses } = this.#parts;
    const version = statuses.connector(name)?.version ?? null;
    statuses.putConnector(name, this.#row('RESTARTING', null, version));
  }

  taskRestarts(id: TaskId): void {
    this.#parts.statuses.putTask(id, this.#row('RESTARTING', null, null));
  }

  /** Rows of connectors and tasks that are configured no more: the leader's to remove. */
  purge(): void {
    const { statuses, configs } = this.#parts;
    for (const name of statuses.connectors()) {
      for (const { id: task } of statuses.tasks(name)) {
        const id = { connector: name, task };
        if (!this.#isConfigured(id)) statuses.removeTask(id);
      }
      if (configs.config(name) === null) statuses.removeConnector(name);
    }
  }

  #isConfigured({ connector, task }: TaskId): boolean {
    const { configs } = this.#parts;
    return configs.config(connector) !== null && task < configs.tasks(connector).length;
  }

  #row<S extends ConnectorState | TaskStatusState>(
    state: S,
    error: Error | null,
    version: string | null,
  ): StatusRow<S> {
    const trace = state === 'FAILED' && error !== null ? traceOf(error) : null;
    const { workerId, generation } = this.#parts;
    return { state, workerId: workerId(), generation: generation(), trace, version };
  }
}

/** Whatever the generation: what goes on is told once, not again in each round of the group. */
const isSame = (a: StatusRow<string> | null, b: StatusRow<string>): boolean =>
  a !== null &&
  a.state === b.state &&
  a.workerId === b.workerId &&
  a.trace === b.trace &&
  a.version === b.version;
