/** Every version that the dev broker offers, to the last byte of its answers. */
import type { ApiRequest } from '../../../src/kafka/lane';
import { deleteTopicsRequest } from '../../../src/kafka/wire/delete-topics';
import { waitFor } from '../../support/wait';
import { createTopics, describeConfigs, RESOURCE, rawMetadata } from './admin-requests';
import { batchOf, dataOffsets, readBatches } from './batches';
import { Client } from './client';
import { conformance, scenario } from './harness';
import { RawConnection } from './raw-connection';
import { deleteRecords, rawFetch, rawListOffsets, rawProduce } from './requests';

/** What stands for the operations that were not asked for. */
const NOT_ASKED = -(2 ** 31);

conformance('versions of requests', (target) => {
  const client = new Client(target);

  /** Fails when bytes of the answer are left over. */
  async function ask<T>(connection: RawConnection, request: ApiRequest<T>): Promise<T> {
    connection.send(request);
    const { body } = await connection.answer();
    const answer = request.decode(body);
    expect([request.apiName, request.apiVersion, body.remaining]).toEqual([
      request.apiName,
      request.apiVersion,
      0,
    ]);
    return answer;
  }

  async function connected(run: (connection: RawConnection) => Promise<void>): Promise<void> {
    const connection = await RawConnection.open(target.address);
    try {
      await run(connection);
    } finally {
      connection.close();
    }
  }

  const range = (first: number, last: number) =>
    Array.from({ length: last - first + 1 }, (_, n) => first + n);

  scenario('Produce 3 to 7', () =>
    connected(async (connection) => {
      const topic = await target.topic();
      const partitions = [{ topic, partition: 0, bytes: batchOf(['a']) }];
      for (const version of range(3, 7)) {
        const answer = await ask(connection, rawProduce({ version, partitions }));
        expect(answer.partitions).toMatchObject([{ topic, partition: 0, error: 0, baseOffset: version - 3 }]);
      }
    }),
  );

  scenario('Produce before version 3 is offered and ends the connection', async () => {
    const topic = await target.topic();
    const partitions = [{ topic, partition: 0, bytes: batchOf(['a']) }];
    for (const version of range(0, 2)) {
      await connected(async (connection) => {
        connection.send(rawProduce({ version, partitions }));
        await connection.ended();
      });
    }
    expect((await client.offset(topic, -1)).offset).toBe(0);
  });

  scenario('Fetch 4 to 11', () =>
    connected(async (connection) => {
      const topic = await target.topic();
      await client.append(topic, ['a', 'b']);
      const partitions = [{ topic, partition: 0, offset: 0 }];
      for (const version of range(4, 11)) {
        const answer = await ask(connection, rawFetch({ version, partitions }));
        expect(answer.partitions).toMatchObject([{ topic, partition: 0, error: 0, highWatermark: 2 }]);
        expect(dataOffsets(readBatches(answer.partitions[0]!.records))).toEqual([0, 1]);
      }
    }),
  );

  scenario('Fetch before version 10 gets zstd as well', () =>
    connected(async (connection) => {
      const topic = await target.topic();
      await client.append(topic, ['a'], { compression: 'zstd' });
      const partitions = [{ topic, partition: 0, offset: 0 }];
      const answer = await ask(connection, rawFetch({ version: 9, partitions }));
      expect(answer.partitions).toMatchObject([{ error: 0 }]);
      expect(readBatches(answer.partitions[0]!.records)).toMatchObject([{ compression: 4 }]);
    }),
  );

  scenario('ListOffsets 1 to 5', () =>
    connected(async (connection) => {
      const topic = await target.topic();
      await client.append(topic, ['a', 'b']);
      const partitions = [{ topic, partition: 0, timestamp: -1 }];
      for (const version of range(1, 5)) {
        const answer = await ask(connection, rawListOffsets({ version, partitions }));
        const epoch = version >= 4 ? { leaderEpoch: 0 } : {};
        const place = { topic, partition: 0 };
        expect(answer.partitions).toEqual([{ ...place, error: 0, timestamp: -1, offset: 2, ...epoch }]);
      }
    }),
  );

  scenario('ListOffsets 4 checks the leader epoch', async () => {
    const topic = await target.topic();
    const partition = { topic, partition: 0, timestamp: -1, leaderEpoch: 5 };
    const answer = await client.send(rawListOffsets({ version: 4, partitions: [partition] }));
    expect(answer.partitions).toMatchObject([{ error: 75, offset: -1, timestamp: -1, leaderEpoch: -1 }]);
  });

  scenario('ListOffsets 4 tells the epoch of a record that was found', async () => {
    const topic = await target.topic();
    const timestamp = Date.now();
    await client.append(topic, [{ value: 'a', timestamp }]);
    const find = (at: number) => client.offset(topic, at, { version: 4 });
    expect(await find(timestamp)).toEqual({ error: 0, timestamp, offset: 0, leaderEpoch: 0 });
    expect(await find(timestamp + 1)).toEqual({ error: 0, timestamp: -1, offset: -1, leaderEpoch: -1 });
    expect(await find(-2)).toEqual({ error: 0, timestamp: -1, offset: 0, leaderEpoch: 0 });
  });

  scenario('ListOffsets 4 of an empty partition', async () => {
    const topic = await target.topic();
    const both = await Promise.all([-1, -2].map((at) => client.offset(topic, at, { version: 4 })));
    expect(both).toEqual([
      { error: 0, timestamp: -1, offset: 0, leaderEpoch: 0 },
      { error: 0, timestamp: -1, offset: 0, leaderEpoch: 0 },
    ]);
  });

  scenario('Metadata 0 to 8', () =>
    connected(async (connection) => {
      const topic = await target.topic({ partitions: 2 });
      const node = await client.nodeId();
      for (const version of range(0, 8)) {
        const answer = await ask(connection, rawMetadata(version, [topic]));
        expect(answer.brokers).toMatchObject([{ nodeId: node }]);
        if (version >= 1) expect(answer.controllerId).toBe(node);
        const [view] = answer.topics;
        expect(view).toMatchObject({ error: 0, topic, ...(version >= 1 ? { isInternal: false } : {}) });
        const partitions = [...view!.partitions].sort((a, b) => a.partition - b.partition);
        expect(partitions).toEqual(
          [0, 1].map((partition) => ({
            error: 0,
            partition,
            leader: node,
            ...(version >= 7 ? { leaderEpoch: 0 } : {}),
            replicas: [node],
            inSync: [node],
            ...(version >= 5 ? { offline: [] } : {}),
          })),
        );
      }
    }),
  );

  scenario('Metadata 0 without topics: all of them', () =>
    connected(async (connection) => {
      const topic = await target.topic();
      const { topics } = await ask(connection, rawMetadata(0, []));
      expect(topics.map((each) => each.topic)).toContain(topic);
      expect((await ask(connection, rawMetadata(1, []))).topics).toEqual([]);
    }),
  );

  scenario('Metadata before version 4 creates topics', () =>
    connected(async (connection) => {
      const topic = target.name();
      const first = await ask(connection, rawMetadata(3, [topic]));
      expect([3, 5]).toContain(first.topics[0]!.error);
      await waitFor(async () => (await ask(connection, rawMetadata(3, [topic]))).topics[0]!.error === 0);
      await client.send(deleteTopicsRequest([topic], 10_000));
    }),
  );

  scenario('Metadata 8 tells operations when it is asked for them', () =>
    connected(async (connection) => {
      const topic = await target.topic();
      const silent = await ask(connection, rawMetadata(8, [topic]));
      expect([silent.operations, silent.topics[0]!.operations]).toEqual([NOT_ASKED, NOT_ASKED]);
      const asked = await ask(connection, rawMetadata(8, [topic], { operations: true }));
      // Bits of read, write, create, delete, alter, describe, describe configs, alter configs.
      expect(asked.topics[0]!.operations).toBe(0b1101_1111_1000);
    }),
  );

  scenario('CreateTopics 2 to 4 and DeleteTopics 1 to 3', () =>
    connected(async (connection) => {
      for (const version of range(2, 4)) {
        const topic = target.name();
        const created = await ask(connection, createTopics([{ topic }], { version }));
        expect(created.topics).toEqual([{ topic, error: 0, message: null }]);
        const remove = { ...deleteTopicsRequest([topic], 10_000), apiVersion: version - 1 };
        expect((await ask(connection, remove)).topics).toMatchObject([{ topic, error: 0 }]);
      }
    }),
  );

  scenario('CreateTopics 2 and 3 know defaults for partitions and replicas', () =>
    connected(async (connection) => {
      for (const version of [2, 3]) {
        const topic = target.name();
        const request = createTopics([{ topic, partitions: -1, replicas: -1 }], { version });
        expect((await ask(connection, request)).topics).toEqual([{ topic, error: 0, message: null }]);
        await client.send(deleteTopicsRequest([topic], 10_000));
      }
    }),
  );

  scenario('DescribeConfigs 1 to 3', () =>
    connected(async (connection) => {
      const topic = await target.topic();
      const question = [{ type: RESOURCE.topic, name: topic, keys: ['max.message.bytes', 'cleanup.policy'] }];
      for (const version of range(1, 3)) {
        const { resources } = await ask(connection, describeConfigs(question, { version, synonyms: true }));
        const types = version < 3 ? [undefined, undefined] : [7, 3];
        const configs = [...resources[0]!.configs].sort((a, b) => (a.name < b.name ? -1 : 1));
        expect(configs.map(({ name, value, type }) => [name, value, type])).toEqual([
          ['cleanup.policy', 'delete', types[0]],
          ['max.message.bytes', '1048588', types[1]],
        ]);
      }
    }),
  );

  scenario('DeleteRecords 0 and 1', () =>
    connected(async (connection) => {
      const topic = await target.topic();
      await client.append(topic, ['a', 'b']);
      for (const version of [0, 1] as const) {
        const request = deleteRecords([{ topic, partition: 0, offset: version + 1 }], version);
        const expected = { topic, partition: 0, lowWatermark: version + 1, error: 0 };
        expect((await ask(connection, request)).partitions).toEqual([expected]);
      }
    }),
  );
});
