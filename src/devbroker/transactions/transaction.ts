/** What is known of one transactional id, and how it is stored. */
import { isEnding, type State } from './state';

/** Beyond this a new producer id is due: one epoch stays free to fence with. */
export const LAST_EPOCH = 2 ** 15 - 2;

export interface Transaction {
  readonly id: string;
  producerId: number;
  /** -1 before the first InitProducerId was answered. */
  epoch: number;
  state: State;
  timeoutMs: number;
  /** When it was begun, ms. */
  startedAt: number;
  updatedAt: number;
  /** Partitions that were added, by topic. */
  readonly partitions: Map<string, Set<number>>;
  readonly groups: Set<string>;
}

export const newTransaction = (id: string, producerId: number, now: number): Transaction => ({
  id,
  producerId,
  epoch: -1,
  state: 'Empty',
  timeoutMs: 0,
  startedAt: now,
  updatedAt: now,
  partitions: new Map(),
  groups: new Set(),
});

/** Answers whether that is news. */
export function addPartition({ partitions }: Transaction, topic: string, partition: number): boolean {
  const known = partitions.get(topic);
  if (known === undefined) partitions.set(topic, new Set([partition]));
  else if (known.has(partition)) return false;
  else known.add(partition);
  return true;
}

export function forgetParts(transaction: Transaction): void {
  transaction.partitions.clear();
  transaction.groups.clear();
}

/** May be forgotten once nobody has used it for long. */
export const isIdle = ({ state }: Transaction): boolean => state !== 'Ongoing' && !isEnding(state);

/** As the journal keeps it; its key is the transactional id. */
interface Stored {
  readonly producerId: number;
  readonly epoch: number;
  readonly state: State;
  readonly timeoutMs: number;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly partitions: Readonly<Record<string, readonly number[]>>;
  readonly groups: readonly string[];
}

export const toStored = ({ id: _, partitions, groups, ...rest }: Transaction): Stored => ({
  ...rest,
  partitions: Object.fromEntries([...partitions].map(([topic, numbers]) => [topic, [...numbers]])),
  groups: [...groups],
});

export function fromStored(id: string, value: unknown): Transaction {
  const { partitions, groups, ...rest } = value as Stored;
  return {
    id,
    ...rest,
    partitions: new Map(Object.entries(partitions).map(([topic, numbers]) => [topic, new Set(numbers)])),
    groups: new Set(groups),
  };
}
