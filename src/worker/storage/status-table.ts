/**
 * States of connectors and tasks and the topics they use, by connector. Each row has a cell: what the topic says, and over
 * it what this worker has put and not yet read back, which is what will stand there.
 */
import type { ConnectorState } from '../lifecycle';
import type { TaskId, TaskStatusState } from '../worker-view';
import {
  connectorKey,
  parseStatus,
  parseStatusKey,
  parseTopicRow,
  type StatusKey,
  statusValue,
  type TopicRow,
  taskKey,
  topicKey,
  topicValue,
} from './status-records';
import type { ConnectorRow, StatusRow, StatusStore, TaskRow } from './types';

/** What is to be written to a key; a null row is a tombstone. */
export interface Put<R> {
  readonly row: R | null;
  readonly safe: boolean;
}

export class Cell<R> {
  written: R | null = null;
  put: Put<R> | null = null;
  constructor(
    readonly id: StatusKey,
    readonly key: string,
  ) {}

  get row(): R | null {
    return this.put === null ? this.written : this.put.row;
  }
}

/** Of a put that is still to be written. */
export type AnyCell = Cell<ConnectorRow> | Cell<TaskRow> | Cell<TopicRow>;

class Group {
  connector: Cell<ConnectorRow> | null = null;
  readonly tasks = new Map<number, Cell<TaskRow>>();
  readonly topics = new Map<string, Cell<TopicRow>>();

  get isEmpty(): boolean {
    return this.connector === null && this.tasks.size === 0 && this.topics.size === 0;
  }
}

const CONNECTOR_STATES: ReadonlySet<string> = new Set<ConnectorState>([
  'UNASSIGNED',
  'RUNNING',
  'PAUSED',
  'STOPPED',
  'FAILED',
  'RESTARTING',
]);
const TASK_STATES: ReadonlySet<string> = new Set<TaskStatusState>([
  'UNASSIGNED',
  'RUNNING',
  'PAUSED',
  'FAILED',
  'RESTARTING',
]);
/** In these somebody has the connector or task in hand. */
const AT_WORK: ReadonlySet<string> = new Set(['RUNNING', 'PAUSED', 'RESTARTING']);

type Reads = Pick<StatusStore, 'connector' | 'task' | 'tasks' | 'connectors' | 'topics'>;
type Writes = Pick<
  StatusStore,
  'putConnector' | 'putTask' | 'removeConnector' | 'removeTask' | 'addTopic' | 'removeTopics'
>;

export class StatusTable implements Reads, Writes {
  readonly #groups = new Map<string, Group>();
  /** @param onPut told of each cell that got something to write. */
  constructor(
    private readonly onPut: (cell: AnyCell) => void,
    private readonly now: () => number = Date.now,
  ) {}

  /** A record of the topic. Answers why it was passed over, null when it was not. */
  apply(key: string, value: string | null): string | null {
    const id = parseStatusKey(key);
    if (id === null) return 'no such key is known';
    return id.kind === 'topic' ? this.#applyTopic(id, value) : this.#applyStatus(id, value);
  }

  /** What was put is written, or is given up. */
  settle(cell: AnyCell): void {
    cell.put = null;
    this.#dropIfEmpty(cell);
  }

  connector(name: string): ConnectorRow | null {
    return this.#groups.get(name)?.connector?.row ?? null;
  }

  task({ connector, task }: TaskId): TaskRow | null {
    return this.#groups.get(connector)?.tasks.get(task)?.row ?? null;
  }

  tasks(connector: string): readonly (TaskRow & { readonly id: number })[] {
    const rows: (TaskRow & { readonly id: number })[] = [];
    for (const [id, { row }] of this.#groups.get(connector)?.tasks ?? []) {
      if (row !== null) rows.push({ ...row, id });
    }
    return rows.sort((a, b) => a.id - b.id);
  }

  connectors(): readonly string[] {
    const hasRow = ({ connector, tasks }: Group): boolean =>
      (connector?.row ?? null) !== null || [...tasks.values()].some(({ row }) => row !== null);
    return [...this.#groups]
      .filter(([, group]) => hasRow(group))
      .map(([name]) => name)
      .sort();
  }

  topics(connector: string): readonly string[] {
    const topics = this.#groups.get(connector)?.topics ?? [];
    return [...topics]
      .filter(([, { row }]) => row !== null)
      .map(([topic]) => topic)
      .sort();
  }

  putConnector(name: string, row: ConnectorRow, { safe = false } = {}): void {
    this.#put(this.#cell({ kind: 'connector', connector: name }) as Cell<ConnectorRow>, row, safe);
  }

  putTask({ connector, task }: TaskId, row: TaskRow, { safe = false } = {}): void {
    this.#put(this.#cell({ kind: 'task', connector, task }) as Cell<TaskRow>, row, safe);
  }

  removeConnector(name: string): void {
    const group = this.#groups.get(name);
    if (group === undefined) return;
    for (const cell of group.tasks.values()) this.#remove(cell);
    if (group.connector !== null) this.#remove(group.connector);
  }

  removeTask({ connector, task }: TaskId): void {
    const cell = this.#groups.get(connector)?.tasks.get(task);
    if (cell !== undefined) this.#remove(cell);
  }

  addTopic(topic: string, { connector, task }: TaskId): void {
    const cell = this.#cell({ kind: 'topic', connector, topic }) as Cell<TopicRow>;
    if (cell.row !== null) return;
    cell.put = { row: { topic, connector, task, discoverTimestamp: this.now() }, safe: false };
    this.onPut(cell);
  }

  removeTopics(connector: string): void {
    for (const cell of this.#groups.get(connector)?.topics.values() ?? []) this.#remove(cell);
  }

  #put<S extends string>(cell: Cell<StatusRow<S>>, row: StatusRow<S>, safe: boolean): void {
    if (!mayPut(cell.row, row, safe)) return;
    cell.put = { row, safe };
    this.onPut(cell as AnyCell);
  }

  #remove(cell: AnyCell): void {
    if (cell.row === null) return;
    cell.put = { row: null, safe: false };
    this.onPut(cell);
  }

  #applyStatus(id: StatusKey & { kind: 'connector' | 'task' }, value: string | null): string | null {
    const row = value === null ? null : parseStatus(value);
    if (value !== null && row === null) return 'the value is no status';
    if (row !== null && !(id.kind === 'connector' ? CONNECTOR_STATES : TASK_STATES).has(row.state))
      return `${row.state} is no state of a ${id.kind}`;
    const cell = this.#cell(id) as Cell<StatusRow<string>>;
    if (row !== null && isStaleUnassigned(cell.written, row)) return null;
    cell.written = row;
    this.#dropIfEmpty(cell as AnyCell);
    return null;
  }

  #applyTopic(id: StatusKey, value: string | null): string | null {
    const row = value === null ? null : parseTopicRow(value);
    if (value !== null && row === null) return 'the value is no row of a topic';
    const cell = this.#cell(id) as Cell<TopicRow>;
    cell.written = row;
    this.#dropIfEmpty(cell);
    return null;
  }

  #cell(id: StatusKey): AnyCell {
    let group = this.#groups.get(id.connector);
    if (group === undefined) this.#groups.set(id.connector, (group = new Group()));
    if (id.kind === 'connector')
      return (group.connector ??= new Cell<ConnectorRow>(id, connectorKey(id.connector)));
    if (id.kind === 'task') return orNew(group.tasks, id.task, () => new Cell<TaskRow>(id, taskKey(id)));
    return orNew(group.topics, id.topic, () => new Cell<TopicRow>(id, topicKey(id.topic, id.connector)));
  }

  /** Connectors come and go: nothing is kept of those that went. */
  #dropIfEmpty(cell: AnyCell): void {
    if (cell.written !== null || cell.put !== null) return;
    const { id } = cell;
    const group = this.#groups.get(id.connector);
    if (group === undefined) return;
    if (id.kind === 'connector') group.connector = null;
    else if (id.kind === 'task') group.tasks.delete(id.task);
    else group.topics.delete(id.topic);
    if (group.isEmpty) this.#groups.delete(id.connector);
  }
}

/**
 * Whether a row may be written over what is there. A safe one not over another worker's of a newer generation, nor of the
 * same one while that worker is at work: then this one has lost the task and does not know it yet.
 */
export function mayPut(there: StatusRow<string> | null, row: StatusRow<string>, safe: boolean): boolean {
  if (there === null || there.workerId === row.workerId) return true;
  if (isStaleUnassigned(there, row)) return false;
  if (!safe || there.generation < row.generation) return true;
  return there.generation === row.generation && !AT_WORK.has(there.state);
}

/** After a rebalance the worker that lost a task may tell it later than the new one that it runs. */
const isStaleUnassigned = (there: StatusRow<string> | null, row: StatusRow<string>): boolean =>
  row.state === 'UNASSIGNED' &&
  there?.state === 'RUNNING' &&
  there.workerId !== row.workerId &&
  there.generation >= row.generation;

/** Null for a tombstone. */
export function encodeRow(cell: AnyCell): string | null {
  const row = cell.put?.row ?? null;
  if (row === null) return null;
  return 'discoverTimestamp' in row ? topicValue(row) : statusValue(row);
}

function orNew<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = create()));
  return value;
}
