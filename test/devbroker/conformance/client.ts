/** What most scenarios about data do, in a line each. */
import type { ApiRequest, Lane } from '../../../src/kafka/lane';
import { addPartitionsToTxnRequest } from '../../../src/kafka/wire/add-partitions-to-txn';
import { endTxnRequest, type Transaction } from '../../../src/kafka/wire/end-txn';
import { initProducerIdRequest, type ProducerIdentity } from '../../../src/kafka/wire/init-producer-id';
import { metadataRequest } from '../../../src/kafka/wire/metadata';
import { waitFor } from '../../support/wait';
import { batchOf, type ReadBatch, readBatches, type Sender, type TestRecord } from './batches';
import type { Target } from './harness';
import {
  deleteRecords,
  type RawFetch,
  type RawFetchAnswer,
  type RawFetched,
  type RawProduce,
  type RawProduced,
  rawFetch,
  rawListOffsets,
  rawProduce,
} from './requests';

/** A partition and the answer of a fetch, its records read. */
export type Fetched = RawFetched & { readonly batches: readonly ReadBatch[] };

export class Client {
  readonly #target: Target;
  #lane: Lane | null = null;

  /** The connection is made at the first request. */
  constructor(target: Target) {
    this.#target = target;
  }

  send<T>(request: ApiRequest<T>): Promise<T> {
    this.#lane ??= this.#target.connect();
    return this.#lane.send('any', request);
  }

  /** One batch, to partition 0 unless given. */
  async produce(
    topic: string,
    bytes: Buffer | null,
    { partition = 0, ...options }: Partial<RawProduce> & { partition?: number } = {},
  ): Promise<RawProduced> {
    const answer = await this.send(rawProduce({ partitions: [{ topic, partition, bytes }], ...options }));
    expect(answer.partitions).toHaveLength(1);
    return answer.partitions[0]!;
  }

  /** Answers the first offset. */
  async append(
    topic: string,
    records: readonly (string | TestRecord)[],
    {
      partition = 0,
      transactionalId = null,
      ...sender
    }: Sender & { partition?: number; transactionalId?: string | null } = {},
  ): Promise<number> {
    const produced = await this.produce(topic, batchOf(records, sender), { partition, transactionalId });
    expect(produced).toMatchObject({ error: 0 });
    return produced.baseOffset;
  }

  fetchAll(fetch: RawFetch): Promise<RawFetchAnswer> {
    return this.send(rawFetch(fetch));
  }

  /** Of one partition, 0 unless given. */
  async fetch(
    topic: string,
    offset: number,
    {
      partition = 0,
      partitionBytes,
      leaderEpoch,
      ...options
    }: Partial<RawFetch> & { partition?: number; partitionBytes?: number; leaderEpoch?: number } = {},
  ): Promise<Fetched> {
    const asked = {
      topic,
      partition,
      offset,
      ...(partitionBytes === undefined ? {} : { maxBytes: partitionBytes }),
      ...(leaderEpoch === undefined ? {} : { leaderEpoch }),
    };
    const answer = await this.fetchAll({ partitions: [asked], ...options });
    expect(answer.partitions).toHaveLength(1);
    const fetched = answer.partitions[0]!;
    return { ...fetched, batches: readBatches(fetched.records) };
  }

  /** All batches of partition 0: an answer may end with a segment. */
  async readAll(topic: string, options: Partial<RawFetch> = {}): Promise<ReadBatch[]> {
    const batches: ReadBatch[] = [];
    for (let next = 0; ; ) {
      const fetched = await this.fetch(topic, next, options);
      batches.push(...fetched.batches);
      const last = fetched.batches.at(-1);
      if (last === undefined) return batches;
      next = last.lastOffset + 1;
    }
  }

  async offset(
    topic: string,
    timestamp: number,
    { partition = 0, committed = false, version = 3 } = {},
  ): Promise<{ error: number; timestamp: number; offset: number; leaderEpoch?: number }> {
    const request = rawListOffsets({ version, committed, partitions: [{ topic, partition, timestamp }] });
    const { topic: _, partition: __, ...listed } = (await this.send(request)).partitions[0]!;
    return listed;
  }

  /** Of the only broker. */
  async nodeId(): Promise<number> {
    return (await this.send(metadataRequest([], false))).controllerId;
  }

  /** DeleteRecords; answers the new start. */
  async deleteBefore(topic: string, offset: number, partition = 0): Promise<number> {
    const answer = await this.send(deleteRecords([{ topic, partition, offset }]));
    expect(answer.partitions[0]).toMatchObject({ error: 0 });
    return answer.partitions[0]!.lowWatermark;
  }

  /** A producer of its own, without transactions. */
  async idempotentProducer(): Promise<ProducerIdentity> {
    // Every thousandth one has to wait: a broker gets new ids in blocks.
    const { producerId, epoch } = await waitFor(async () => {
      const answer = await this.send(initProducerIdRequest(null, 60_000));
      if (answer.error === 14) return null;
      expect(answer.error).toBe(0);
      return answer;
    });
    return { producerId, epoch };
  }

  async transactionalProducer(): Promise<TransactionalClient> {
    const transactionalId = this.#target.name('txn');
    const init = () => this.send(initProducerIdRequest(transactionalId, 60_000));
    // The coordinator may still be loading, or its topic be made, when a transactional id is used for the first time.
    const identity = await waitFor(async () => {
      const answer = await init();
      if ([14, 15, 16, 51].includes(answer.error)) return null;
      expect(answer.error).toBe(0);
      return answer;
    });
    const { producerId, epoch } = identity;
    return new TransactionalClient(this, { transactionalId, producerId, epoch });
  }
}

/** Keeps the sequences of a transactional producer. */
export class TransactionalClient {
  readonly #client: Client;
  readonly #sequences = new Map<string, number>();

  constructor(
    client: Client,
    readonly identity: Transaction,
  ) {
    this.#client = client;
  }

  /** Adds the partition to the transaction and appends; answers the first offset. */
  async append(topic: string, records: readonly (string | TestRecord)[], partition = 0): Promise<number> {
    await this.add(topic, partition);
    const place = `${topic} ${partition}`;
    const sequence = this.#sequences.get(place) ?? 0;
    this.#sequences.set(place, sequence + records.length);
    const sender = { ...this.identity, partition, sequence, transactional: true };
    return this.#client.append(topic, records, sender);
  }

  async add(topic: string, partition = 0): Promise<void> {
    const request = addPartitionsToTxnRequest(this.identity, [{ topic, partition }]);
    // Markers of the transaction before may still be under way.
    await waitFor(async () => {
      const { error } = (await this.#client.send(request)).partitions[0]!;
      if (error === 51) return false;
      expect(error).toBe(0);
      return true;
    });
  }

  /** Resolves when the markers are written, as later transactions show. */
  async end(commit: boolean): Promise<void> {
    expect(await this.#client.send(endTxnRequest(this.identity, commit))).toMatchObject({ error: 0 });
    await waitFor(async () => {
      const { error } = await this.#client.send(endTxnRequest(this.identity, commit));
      return error !== 51;
    });
  }
}
