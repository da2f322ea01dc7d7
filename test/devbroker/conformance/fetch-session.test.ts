/** Fetch sessions: a broker that remembers what was asked, and tells only what is new. */
import { dataOffsets, readBatches } from './batches';
import { Client } from './client';
import { conformance, scenario } from './harness';
import type { RawFetchAnswer } from './requests';

conformance('fetch sessions', (target) => {
  const client = new Client(target);

  const summary = (answer: RawFetchAnswer) =>
    answer.partitions.map(({ partition, error, records }) => [
      partition,
      error,
      dataOffsets(readBatches(records)),
    ]);

  scenario('without a session the id is 0', async () => {
    const topic = await target.topic();
    const answer = await client.fetchAll({ partitions: [{ topic, partition: 0, offset: 0 }] });
    expect(answer).toMatchObject({ error: 0, sessionId: 0 });
  });

  scenario('a session that nobody opened', async () => {
    const topic = await target.topic();
    const partitions = [{ topic, partition: 0, offset: 0 }];
    const answer = await client.fetchAll({ partitions, session: { id: 123_456, epoch: 1 } });
    expect(answer).toEqual({ throttleMs: 0, error: 70, sessionId: 0, partitions: [] });
  });

  scenario('version 7 knows sessions', async () => {
    const topic = await target.topic();
    const partitions = [{ topic, partition: 0, offset: 0 }];
    const answer = await client.fetchAll({ version: 7, partitions, session: { id: 99, epoch: 3 } });
    expect(answer).toMatchObject({ error: 70, sessionId: 0 });
  });

  scenario('a session tells what is new', async () => {
    const topic = await target.topic({ partitions: 2 });
    await client.append(topic, ['a'], { partition: 0 });
    const asked = [0, 1].map((partition) => ({ topic, partition, offset: 0 }));
    const first = await client.fetchAll({ partitions: asked, session: { id: 0, epoch: 0 } });
    expect(first.error).toBe(0);
    expect(first.sessionId).not.toBe(0);
    expect(summary(first).sort()).toEqual([
      [0, 0, [0]],
      [1, 0, []],
    ]);
    const id = first.sessionId!;
    const moved = [{ topic, partition: 0, offset: 1 }];
    const second = await client.fetchAll({ partitions: moved, session: { id, epoch: 1 } });
    expect(second).toMatchObject({ error: 0, sessionId: id, partitions: [] });
    await client.append(topic, ['b'], { partition: 1 });
    const third = await client.fetchAll({ partitions: [], session: { id, epoch: 2 } });
    expect(summary(third)).toEqual([[1, 0, [0]]]);
  });

  scenario('partitions can be taken out of a session', async () => {
    const topic = await target.topic({ partitions: 2 });
    const asked = [0, 1].map((partition) => ({ topic, partition, offset: 0 }));
    const { sessionId } = await client.fetchAll({ partitions: asked, session: { id: 0, epoch: 0 } });
    for (const partition of [0, 1]) await client.append(topic, ['a'], { partition });
    const answer = await client.fetchAll({
      partitions: [],
      forget: [{ topic, partition: 0 }],
      session: { id: sessionId!, epoch: 1 },
    });
    expect(summary(answer)).toEqual([[1, 0, [0]]]);
  });

  scenario('an epoch that is not the next one', async () => {
    const topic = await target.topic();
    const partitions = [{ topic, partition: 0, offset: 0 }];
    const { sessionId } = await client.fetchAll({ partitions, session: { id: 0, epoch: 0 } });
    const answer = await client.fetchAll({ partitions: [], session: { id: sessionId!, epoch: 5 } });
    expect(answer).toEqual({ throttleMs: 0, error: 71, sessionId: 0, partitions: [] });
  });

  scenario('epoch -1 closes a session', async () => {
    const topic = await target.topic();
    const partitions = [{ topic, partition: 0, offset: 0 }];
    const { sessionId } = await client.fetchAll({ partitions, session: { id: 0, epoch: 0 } });
    const last = await client.fetchAll({ partitions, session: { id: sessionId!, epoch: -1 } });
    expect(last).toMatchObject({ error: 0, sessionId: 0 });
    const answer = await client.fetchAll({ partitions: [], session: { id: sessionId!, epoch: 1 } });
    expect(answer.error).toBe(70);
  });
});
