/** Keeps producer ids and transactions: a table of transactional ids, each change written to the journal before it counts. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Broker } from '../broker';
import type { Timer } from '../clock';
import type { Asked } from '../faults/faults';
import type { Place } from '../faults/rule';
import type { Journal } from '../log/port';
import { Code, Refusal } from '../refusal';
import { brokerConfig } from '../topics/broker-configs';
import { createJournal } from '../topics/journal';
import { TRANSACTION_STATE } from '../topics/names';
import { refusalOfOffsets, refusalOfWrite, writeMarkers } from './markers';
import type { ProducerIdentity, TopicPartition, TransactionalProducer, Transactions } from './port';
import { createProducerIds } from './producer-ids';
import { type Event, isEnding, STEPS } from './state';
import {
  addPartition,
  forgetParts,
  fromStored,
  isIdle,
  LAST_EPOCH,
  newTransaction,
  type Transaction,
  toStored,
} from './transaction';

export type TransactionCoordinator = Transactions;

export const createTransactions = (broker: Broker): TransactionCoordinator => new Coordinator(broker);

const ID_PREFIX = 'id ';
const HOUR_MS = 3_600_000;

class Coordinator implements Transactions {
  readonly #broker: Broker;
  readonly #journal: Journal;
  readonly #nextProducerId: () => number;
  readonly #known = new Map<string, Transaction>();
  readonly #timeouts = new Map<string, Timer>();
  readonly #maxTimeoutMs: number;
  readonly #expirationMs: number;
  readonly #isVerifying: boolean;
  #closed = false;

  constructor(broker: Broker) {
    this.#broker = broker;
    const { topics } = broker;
    const config = (name: string) => brokerConfig(topics.brokerConfigs, name);
    this.#maxTimeoutMs = Number(config('transaction.max.timeout.ms'));
    this.#expirationMs = Number(config('transactional.id.expiration.ms'));
    this.#isVerifying = config('transaction.partition.verification.enable') === 'true';
    this.#journal = createJournal(() => topics.internal(TRANSACTION_STATE).partitions[0]!.log, broker.clock);
    const stored = topics.get(TRANSACTION_STATE) === undefined ? new Map() : this.#journal.load();
    this.#nextProducerId = createProducerIds(this.#journal, stored);
    this.#restore(stored);
    this.#expireLater();
  }

  init(transactionalId: string | null, timeoutMs: number, asked: Asked): ProducerIdentity {
    if (transactionalId === null) return { producerId: this.#nextProducerId(), epoch: 0 };
    if (transactionalId === '') throw new Refusal(Code.INVALID_REQUEST);
    if (timeoutMs <= 0 || timeoutMs > this.#maxTimeoutMs) throw new Refusal(Code.INVALID_TRANSACTION_TIMEOUT);
    const transaction = this.#known.get(transactionalId) ?? this.#create(transactionalId);
    const { code, to } = STEPS[transaction.state].init;
    if (transaction.state === 'Ongoing') this.#fence(transaction, 'init', asked);
    if (code !== Code.NONE) throw new Refusal(code);
    transaction.state = to;
    transaction.timeoutMs = timeoutMs;
    this.#renew(transaction);
    this.#store(transaction);
    return { producerId: transaction.producerId, epoch: transaction.epoch };
  }

  addPartitions(producer: TransactionalProducer, partitions: readonly TopicPartition[]): void {
    this.#add(producer, (transaction) => {
      const news = partitions.filter(({ topic, partition }) => addPartition(transaction, topic, partition));
      return news.length > 0;
    });
  }

  addGroup(producer: TransactionalProducer, groupId: string): void {
    this.#add(producer, ({ groups }) => {
      const isNew = !groups.has(groupId);
      groups.add(groupId);
      return isNew;
    });
  }

  end(producer: TransactionalProducer, commit: boolean, asked: Asked): void {
    const transaction = this.#find(producer.transactionalId);
    check(transaction, producer);
    this.#end(transaction, commit ? 'commit' : 'abort', asked);
  }

  verify(transactionalId: string, producerId: number, epoch: number, topic: string, partition: number): void {
    const writer = this.#broker.topics.partition(topic, partition)?.log.producer(producerId);
    // Whoever has written in this transaction already may go on; the log checks its epoch.
    if (writer !== undefined && writer.openSince !== null && writer.epoch === epoch) return;
    const isAdded = ({ partitions }: Transaction) => partitions.get(topic)?.has(partition) ?? false;
    this.#verify({ transactionalId, producerId, epoch }, isAdded, refusalOfWrite);
  }

  verifyGroup(producer: TransactionalProducer, groupId: string): void {
    this.#verify(producer, ({ groups }) => groups.has(groupId), refusalOfOffsets);
  }

  list() {
    return [...this.#known.values()].map(({ id, producerId, epoch, state, partitions, groups }) => ({
      transactionalId: id,
      producerId,
      epoch,
      state,
      partitions: [...partitions].flatMap(([topic, numbers]) =>
        [...numbers].map((partition) => ({ topic, partition })),
      ),
      groups: [...groups],
    }));
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timeouts.values()) timer.cancel();
  }

  /** Completes what was decided; what was left open waits for its time-out or its next producer. */
  #restore(stored: ReadonlyMap<string, unknown>): void {
    for (const [key, value] of stored) {
      if (!key.startsWith(ID_PREFIX)) continue;
      const transaction = fromStored(key.slice(ID_PREFIX.length), value);
      this.#known.set(transaction.id, transaction);
      if (transaction.state === 'Ongoing') this.#limit(transaction);
      else if (isEnding(transaction.state)) this.#completeLater(transaction, null);
    }
  }

  #create(id: string): Transaction {
    const transaction = newTransaction(id, this.#nextProducerId(), this.#broker.clock.now());
    this.#known.set(id, transaction);
    return transaction;
  }

  #find(id: string): Transaction {
    if (id === '') throw new Refusal(Code.INVALID_REQUEST);
    const transaction = this.#known.get(id);
    if (transaction === undefined) throw new Refusal(Code.INVALID_PRODUCER_ID_MAPPING);
    return transaction;
  }

  #renew(transaction: Transaction): void {
    if (transaction.epoch < LAST_EPOCH) transaction.epoch++;
    else {
      transaction.producerId = this.#nextProducerId();
      transaction.epoch = 0;
    }
  }

  /** @param put answers whether it changed anything */
  #add(producer: TransactionalProducer, put: (transaction: Transaction) => boolean): void {
    const transaction = this.#find(producer.transactionalId);
    const { code, to } = STEPS[transaction.state].add;
    // Kafka looks at this before it looks at who asks.
    if (code !== Code.NONE) throw new Refusal(code);
    check(transaction, producer);
    const isFirst = transaction.state !== 'Ongoing';
    if (isFirst) forgetParts(transaction);
    if (!put(transaction) && !isFirst) return;
    transaction.state = to;
    if (isFirst) transaction.startedAt = this.#broker.clock.now();
    this.#store(transaction);
    if (isFirst) this.#limit(transaction);
  }

  #verify(
    producer: TransactionalProducer,
    isAdded: (transaction: Transaction) => boolean,
    refusalOf: (code: number) => Refusal,
  ): void {
    if (!this.#isVerifying) return;
    const transaction = this.#known.get(producer.transactionalId);
    if (transaction === undefined) throw new Refusal(Code.INVALID_PRODUCER_ID_MAPPING);
    try {
      check(transaction, producer);
      if (isEnding(transaction.state)) throw new Refusal(Code.CONCURRENT_TRANSACTIONS);
      if (!isAdded(transaction)) throw new Refusal(Code.INVALID_TXN_STATE);
    } catch (refusal) {
      throw refusal instanceof Refusal ? refusalOf(refusal.code) : refusal;
    }
  }

  /** Ends it on behalf of the broker, in an epoch that no producer has: what its producer sends from now on is refused. */
  #fence(transaction: Transaction, event: 'init' | 'timeout', asked: Asked): void {
    transaction.epoch++;
    this.#step(transaction, event, asked);
  }

  #end(transaction: Transaction, event: 'commit' | 'abort', asked: Asked): void {
    const { code } = STEPS[transaction.state][event];
    if (code !== Code.NONE) throw new Refusal(code);
    if (transaction.state === 'Ongoing') this.#step(transaction, event, asked);
  }

  #step(transaction: Transaction, event: Event, asked: Asked): void {
    transaction.state = STEPS[transaction.state][event].to;
    this.#timeouts.get(transaction.id)?.cancel();
    this.#timeouts.delete(transaction.id);
    this.#store(transaction);
    this.#completeLater(transaction, this.#held(transaction, asked));
  }

  /** A fault may hold the markers: of a transactional id, a topic, a partition or a group. */
  #held({ id, partitions, groups }: Transaction, asked: Asked): Promise<void> | null {
    const places: Place[] = [{ transactionalId: id }];
    for (const [topic, numbers] of partitions)
      for (const partition of numbers) places.push({ transactionalId: id, topic, partition });
    for (const group of groups) places.push({ transactionalId: id, group });
    return this.#broker.faults.heldMarkers(asked, places);
  }

  /** After the answer to EndTxn is out, as in Kafka: until then the next transaction is told to wait. */
  #completeLater(transaction: Transaction, held: Promise<void> | null): void {
    const { logger } = this.#broker.settings;
    this.#complete(transaction, held).catch((error) =>
      logger.error({ transactionalId: transaction.id, error }, 'Markers of a transaction were not written'),
    );
  }

  async #complete(transaction: Transaction, held: Promise<void> | null): Promise<void> {
    await held;
    await nextTurn();
    await this.#broker.whenRunning();
    if (this.#closed) return;
    writeMarkers(this.#broker, transaction);
    transaction.state = STEPS[transaction.state].written.to;
    forgetParts(transaction);
    this.#store(transaction);
  }

  /** Aborts it when it stays open for too long. */
  #limit(transaction: Transaction): void {
    const { clock, nodes } = this.#broker;
    const left = transaction.startedAt + transaction.timeoutMs - clock.now();
    const expire = () => {
      const node = nodes.coordinator('transaction', transaction.id).id;
      this.#fence(transaction, 'timeout', { api: 'EndTxn', node, clientId: '' });
    };
    this.#timeouts.set(transaction.id, clock.after(left, expire));
  }

  #store(transaction: Transaction): void {
    transaction.updatedAt = this.#broker.clock.now();
    this.#journal.put(ID_PREFIX + transaction.id, toStored(transaction));
  }

  #expireLater(): void {
    this.#broker.clock.after(Math.min(HOUR_MS, this.#expirationMs), () => {
      this.#expire();
      this.#expireLater();
    });
  }

  #expire(): void {
    const before = this.#broker.clock.now() - this.#expirationMs;
    for (const transaction of this.#known.values()) {
      if (transaction.updatedAt > before || !isIdle(transaction)) continue;
      this.#known.delete(transaction.id);
      this.#journal.put(ID_PREFIX + transaction.id, null);
    }
  }
}

function check(transaction: Transaction, { producerId, epoch }: ProducerIdentity): void {
  if (transaction.producerId !== producerId) throw new Refusal(Code.INVALID_PRODUCER_ID_MAPPING);
  if (transaction.epoch !== epoch) throw new Refusal(Code.PRODUCER_FENCED);
}
