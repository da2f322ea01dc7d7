import { createCoordinators } from '../../src/kafka/coordinator';
import { unreachable } from '../../src/kafka/errors';
import { type ApiRequest, createDirectory, type Lane } from '../../src/kafka/lane';
import { createMetadata } from '../../src/kafka/metadata';
import { ByteReader, ByteWriter } from '../../src/kafka/wire/bytes';

/** A lane that notes what it is asked and answers as told, a little later. */
class ScriptedLane implements Lane {
  readonly asked: string[][] = [];
  answer: (request: unknown) => unknown = () => {
    throw unreachable('no answer prepared');
  };

  async send<T>(_nodeId: number | 'any', request: ApiRequest<T>): Promise<T> {
    const writer = new ByteWriter();
    request.encode(writer);
    const body = new ByteReader(Buffer.from(writer.bytes()));
    this.asked.push(request.apiName === 'Metadata' ? body.array((r) => r.string()) : [body.string()]);
    await new Promise(setImmediate);
    return this.answer(this.asked.at(-1)) as T;
  }

  async close(): Promise<void> {}
}

interface Topic {
  error?: number;
  leaders?: number[];
}

let lane: ScriptedLane;
let topics: Record<string, Topic>;

beforeEach(() => {
  topics = {};
  lane = new ScriptedLane();
  lane.answer = (names) => ({
    brokers: [{ nodeId: 1, host: 'h', port: 1 }],
    clusterId: 'c',
    topics: (names as string[]).map((topic) => ({
      topic,
      error: topics[topic]?.error ?? (topics[topic] ? 0 : 3),
      isInternal: false,
      partitions: (topics[topic]?.leaders ?? []).map((leader, partition) => ({
        partition,
        leader,
        error: leader < 0 ? 5 : 0,
      })),
    })),
  });
});

const create = () => createMetadata(lane, createDirectory(['h:1']));

test('questions at the same time share a request, later ones the answer', async () => {
  topics = { a: { leaders: [1, 2] }, b: { leaders: [3] } };
  const metadata = create();
  const leaders = [
    metadata.leader('a', 0),
    metadata.leader('a', 1),
    metadata.leader('b', 0),
    metadata.partitions('a'),
  ];
  expect(await Promise.all(leaders)).toEqual([1, 2, 3, 2]);
  expect(await metadata.leader('a', 0)).toBe(1);
  expect(lane.asked).toEqual([['a', 'b']]);
});

test('who asks after an invalidation does not get an answer from before', async () => {
  topics = { a: { leaders: [1] } };
  const metadata = create();
  const before = metadata.leader('a', 0);
  // The question is on its way, the answer comes from what is true now.
  while (lane.asked.length === 0) await Promise.resolve();
  const answer = lane.answer;
  lane.answer = (names) => {
    const old = answer(names);
    topics = { a: { leaders: [2] } };
    return old;
  };
  metadata.invalidate('a');
  const after = metadata.leader('a', 0);
  expect(await before).toBe(1);
  expect(await after).toBe(2);
  expect(await metadata.leader('a', 0)).toBe(2);
});

test('waits for a leader', async () => {
  topics = { a: { leaders: [-1] } };
  const metadata = create();
  const leader = metadata.leader('a', 0);
  setTimeout(() => {
    topics = { a: { leaders: [7] } };
  }, 100);
  expect(await leader).toBe(7);
});

test('a missing topic is believed after a second, a forbidden one at once', async () => {
  topics = { secret: { error: 29 } };
  const metadata = create();
  await expect(metadata.leader('secret', 0)).rejects.toMatchObject({ kafkaCode: 29, retriable: false });
  expect(lane.asked).toHaveLength(1);
  const start = performance.now();
  await expect(metadata.leader('none', 0)).rejects.toMatchObject({ kafkaCode: 3, retriable: false });
  expect(performance.now() - start).toBeGreaterThan(300);
});

test('a topic that fails does not spoil the answer for another', async () => {
  topics = { good: { leaders: [1] }, bad: { error: 17 } };
  const metadata = create();
  const [good, bad] = await Promise.allSettled([metadata.leader('good', 0), metadata.leader('bad', 0)]);
  expect(good).toEqual({ status: 'fulfilled', value: 1 });
  expect(bad.status).toBe('rejected');
});

test('no answer is an error for who asked, and nothing stays behind', async () => {
  topics = { a: { leaders: [1] } };
  const metadata = create();
  const answer = lane.answer;
  lane.answer = () => {
    throw unreachable('gone');
  };
  await expect(metadata.leader('a', 0)).rejects.toThrow('gone');
  lane.answer = answer;
  expect(await metadata.leader('a', 0)).toBe(1);
});

describe('coordinators', () => {
  const found = (nodeId: number) => ({ error: 0, message: null, nodeId, host: 'h', port: nodeId });

  test('are asked for once, by all callers together', async () => {
    lane.answer = () => found(4);
    const directory = createDirectory([]);
    const coordinators = createCoordinators(lane, directory);
    expect(await Promise.all([coordinators.find('group', 'g'), coordinators.find('group', 'g')])).toEqual([
      4, 4,
    ]);
    expect(await coordinators.find('group', 'g')).toBe(4);
    expect(lane.asked).toHaveLength(1);
    expect(directory.address(4)).toEqual({ host: 'h', port: 4 });
    coordinators.invalidate('group', 'g');
    await coordinators.find('group', 'g');
    await coordinators.find('transaction', 'g');
    expect(lane.asked).toHaveLength(3);
  });

  test('a refusal is not kept', async () => {
    const answers = [{ ...found(0), error: 15 }, found(5)];
    lane.answer = () => answers.shift();
    const coordinators = createCoordinators(lane, createDirectory([]));
    await expect(coordinators.find('group', 'g')).rejects.toMatchObject({ kafkaCode: 15, retriable: true });
    expect(await coordinators.find('group', 'g')).toBe(5);
  });

  test('retrying finds the new one when it has moved', async () => {
    const answers = [found(1), found(2)];
    lane.answer = () => answers.shift();
    const coordinators = createCoordinators(lane, createDirectory([]));
    const tried: number[] = [];
    const attempt = async (nodeId: number) => {
      tried.push(nodeId);
      if (nodeId === 1) throw unreachable('gone');
      return 'done';
    };
    expect(await coordinators.retrying('group', 'g', attempt)).toBe('done');
    expect(tried).toEqual([1, 2]);
  });
});
