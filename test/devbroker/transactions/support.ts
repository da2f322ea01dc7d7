/** A transactional producer request by request: what each is answered with, and nothing else. */
import { addOffsetsToTxnRequest } from '../../../src/kafka/wire/add-offsets-to-txn';
import { addPartitionsToTxnRequest } from '../../../src/kafka/wire/add-partitions-to-txn';
import { endTxnRequest, type Transaction } from '../../../src/kafka/wire/end-txn';
import { initProducerIdRequest } from '../../../src/kafka/wire/init-producer-id';
import { offsetFetchRequest } from '../../../src/kafka/wire/offset-fetch';
import { txnOffsetCommitRequest } from '../../../src/kafka/wire/txn-offset-commit';
import { waitFor } from '../../support/wait';
import { batchOf } from '../conformance/batches';
import type { Client } from '../conformance/client';

export const init = (client: Client, transactionalId: string | null, timeoutMs = 60_000) =>
  client.send(initProducerIdRequest(transactionalId, timeoutMs));

/** Waits until the transaction before is done with. */
export async function start(client: Client, transactionalId: string, timeoutMs?: number): Promise<Producer> {
  const identity = await waitFor(async () => {
    const answer = await init(client, transactionalId, timeoutMs);
    return answer.error === 51 ? null : answer;
  });
  expect(identity).toMatchObject({ error: 0 });
  const { producerId, epoch } = identity;
  return new Producer(client, { transactionalId, producerId, epoch });
}

export class Producer {
  constructor(
    readonly client: Client,
    readonly identity: Transaction,
  ) {}

  async add(topic: string, partition = 0): Promise<number> {
    const answer = await this.client.send(addPartitionsToTxnRequest(this.identity, [{ topic, partition }]));
    return answer.partitions[0]!.error;
  }

  async produce(topic: string, value: string, sequence = 0, partition = 0): Promise<number> {
    const bytes = batchOf([value], { ...this.identity, sequence, transactional: true });
    const { transactionalId } = this.identity;
    return (await this.client.produce(topic, bytes, { partition, transactionalId })).error;
  }

  async addOffsets(group: string): Promise<number> {
    return (await this.client.send(addOffsetsToTxnRequest(this.identity, group))).error;
  }

  async commitOffset(group: string, topic: string, offset: number, partition = 0): Promise<number> {
    const request = txnOffsetCommitRequest(this.identity, group, [{ topic, partition, offset }]);
    return (await this.client.send(request)).partitions[0]!.error;
  }

  async end(commit: boolean): Promise<number> {
    return (await this.client.send(endTxnRequest(this.identity, commit))).error;
  }
}

export async function committedOffset(client: Client, group: string, topic: string): Promise<number> {
  const { topics } = await client.send(offsetFetchRequest(group, new Map([[topic, [0]]])));
  return topics[0]!.partitions[0]!.offset;
}
