/** A transactional producer driven by hand: every call answers the broker's code, right or wrong. */

import { addOffsetsToTxnRequest } from '../../../src/kafka/wire/add-offsets-to-txn';
import { addPartitionsToTxnRequest } from '../../../src/kafka/wire/add-partitions-to-txn';
import { endTxnRequest, type Transaction } from '../../../src/kafka/wire/end-txn';
import { type InitProducerIdAnswer, initProducerIdRequest } from '../../../src/kafka/wire/init-producer-id';
import { txnOffsetCommitRequest } from '../../../src/kafka/wire/txn-offset-commit';
import type { Position } from '../../../src/kernel';
import { waitFor } from '../../support/wait';
import { batchOf } from './batches';
import { Client, type Fetched } from './client';
import type { Target } from './harness';

/** The coordinator may be loading, or its topic be made, when a transactional id is used for the first time. */
const NOT_YET = [14, 15, 16];
const CONCURRENT = 51;
const LATEST = -1;

export class Producer {
  readonly client: Client;
  /** As the last `init` gave it; scenarios may take another one. */
  identity: Transaction;
  readonly #sequences = new Map<string, number>();

  constructor(
    readonly target: Target,
    readonly transactionalId = target.name('txn'),
  ) {
    this.client = new Client(target);
    this.identity = { transactionalId, producerId: -1, epoch: -1 };
  }

  /** Once; CONCURRENT_TRANSACTIONS stays. */
  async askInit(timeoutMs = 60_000): Promise<InitProducerIdAnswer> {
    const request = initProducerIdRequest(this.transactionalId, timeoutMs);
    const answer = await waitFor(async () => {
      const tried = await this.client.send(request);
      return NOT_YET.includes(tried.error) ? null : tried;
    });
    if (answer.error === 0) this.#become(answer);
    return answer;
  }

  /** Until an open transaction has been aborted. */
  async init(timeoutMs?: number): Promise<this> {
    const answer = await waitFor(async () => {
      const tried = await this.askInit(timeoutMs);
      return tried.error === CONCURRENT ? null : tried;
    });
    expect(answer.error).toBe(0);
    return this;
  }

  #become({ producerId, epoch }: InitProducerIdAnswer): void {
    this.identity = { transactionalId: this.transactionalId, producerId, epoch };
    this.#sequences.clear();
  }

  /** Codes in the order asked for. */
  async askAdd(...places: readonly { topic: string; partition?: number }[]): Promise<number[]> {
    const partitions = places.map(({ topic, partition = 0 }) => ({ topic, partition }));
    const answer = await this.client.send(addPartitionsToTxnRequest(this.identity, partitions));
    const codes = new Map(answer.partitions.map((each) => [`${each.topic} ${each.partition}`, each.error]));
    return partitions.map(({ topic, partition }) => codes.get(`${topic} ${partition}`) ?? Number.NaN);
  }

  /** Until the markers of the transaction before are written. */
  async add(topic: string, partition = 0): Promise<void> {
    const code = await notConcurrent(async () => (await this.askAdd({ topic, partition }))[0]!);
    expect(code).toBe(0);
  }

  /** One record per value in one batch of the transaction. */
  async askProduce(topic: string, values: readonly string[], partition = 0): Promise<number> {
    const place = `${topic} ${partition}`;
    const sequence = this.#sequences.get(place) ?? 0;
    const bytes = batchOf(values, { ...this.identity, sequence, transactional: true });
    const { transactionalId } = this;
    const { error } = await this.client.produce(topic, bytes, { partition, transactionalId });
    if (error === 0) this.#sequences.set(place, sequence + values.length);
    return error;
  }

  /** Adds the partition, then produces. */
  async write(topic: string, values: readonly string[], partition = 0): Promise<void> {
    await this.add(topic, partition);
    expect(await this.askProduce(topic, values, partition)).toBe(0);
  }

  async askAddOffsets(groupId: string): Promise<number> {
    return (await this.client.send(addOffsetsToTxnRequest(this.identity, groupId))).error;
  }

  /** Codes as answered, one per position. */
  async askCommitOffsets(groupId: string, ...positions: readonly Position[]): Promise<number[]> {
    const answer = await this.client.send(txnOffsetCommitRequest(this.identity, groupId, positions));
    return answer.partitions.map(({ error }) => error);
  }

  async sendOffset(groupId: string, topic: string, offset: number): Promise<void> {
    expect(await notConcurrent(() => this.askAddOffsets(groupId))).toBe(0);
    expect(await this.askCommitOffsets(groupId, { topic, partition: 0, offset })).toEqual([0]);
  }

  async askEnd(commit: boolean): Promise<number> {
    return (await this.client.send(endTxnRequest(this.identity, commit))).error;
  }

  /** Resolves when the markers are written: only then the same request again is no longer concurrent. */
  async end(commit: boolean): Promise<void> {
    expect(await this.askEnd(commit)).toBe(0);
    expect(await notConcurrent(() => this.askEnd(commit))).toBe(0);
  }

  commit(): Promise<void> {
    return this.end(true);
  }

  abort(): Promise<void> {
    return this.end(false);
  }

  /** Of partition 0, as consumers see it. */
  read(topic: string, committed = true, offset = 0): Promise<Fetched> {
    return this.client.fetch(topic, offset, { committed });
  }

  async lastStableOffset(topic: string): Promise<number> {
    return (await this.client.offset(topic, LATEST, { committed: true })).offset;
  }

  async endOffset(topic: string): Promise<number> {
    return (await this.client.offset(topic, LATEST)).offset;
  }
}

/** The code that comes when it is not CONCURRENT_TRANSACTIONS any more. */
async function notConcurrent(ask: () => Promise<number>): Promise<number> {
  const found = await waitFor(async () => {
    const code = await ask();
    return code === CONCURRENT ? null : { code };
  });
  return found.code;
}

export const startProducer = (target: Target, timeoutMs?: number): Promise<Producer> =>
  new Producer(target).init(timeoutMs);
