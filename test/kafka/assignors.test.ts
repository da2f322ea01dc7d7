import { ASSIGNORS, type Assignments, type Consumer } from '../../src/kafka/assignors';

const consumer = (memberId: string, topics: string[], more: Partial<Consumer> = {}): Consumer => ({
  memberId,
  instanceId: null,
  topics,
  owned: [],
  generation: -1,
  ...more,
});

const counts = (entries: Record<string, number>) => new Map(Object.entries(entries));

const plain = (assignments: Assignments) =>
  Object.fromEntries(
    [...assignments].map(([id, partitions]) => [
      id,
      partitions.map((p) => `${p.topic}${p.partition}`).sort(),
    ]),
  );

const { range, roundrobin, sticky } = ASSIGNORS;

test('range: consecutive partitions per topic, the first members get the rest', () => {
  const consumers = [consumer('m2', ['a', 'b']), consumer('m1', ['a', 'b'])];
  expect(plain(range(consumers, counts({ a: 3, b: 3 })))).toEqual({
    m1: ['a0', 'a1', 'b0', 'b1'],
    m2: ['a2', 'b2'],
  });
});

test('range: static members come first, in the order of their instance ids', () => {
  const consumers = [
    consumer('m1', ['a']),
    consumer('m2', ['a'], { instanceId: 'y' }),
    consumer('m3', ['a'], { instanceId: 'x' }),
  ];
  expect(plain(range(consumers, counts({ a: 3 })))).toEqual({ m3: ['a0'], m2: ['a1'], m1: ['a2'] });
});

test('range: members of different topics, more members than partitions, missing topics', () => {
  const consumers = [consumer('m1', ['a']), consumer('m2', ['a', 'b']), consumer('m3', ['b', 'missing'])];
  expect(plain(range(consumers, counts({ a: 1, b: 2 })))).toEqual({ m1: ['a0'], m2: ['b0'], m3: ['b1'] });
});

test('roundrobin: all partitions in a circle', () => {
  const consumers = [consumer('m1', ['a', 'b']), consumer('m2', ['a', 'b'])];
  expect(plain(roundrobin(consumers, counts({ a: 3, b: 3 })))).toEqual({
    m1: ['a0', 'a2', 'b1'],
    m2: ['a1', 'b0', 'b2'],
  });
});

test('roundrobin: members of other topics are passed over', () => {
  const consumers = [consumer('m1', ['a']), consumer('m2', ['a', 'b']), consumer('m3', ['a', 'b', 'c'])];
  expect(plain(roundrobin(consumers, counts({ a: 1, b: 2, c: 3 })))).toEqual({
    m1: ['a0'],
    m2: ['b0'],
    m3: ['b1', 'c0', 'c1', 'c2'],
  });
});

test('sticky: a newcomer gets its share, the others keep the rest', () => {
  const had = (...partitions: number[]) => ({
    owned: partitions.map((partition) => ({ topic: 'a', partition })),
    generation: 4,
  });
  const consumers = [
    consumer('m1', ['a'], had(0, 1, 2)),
    consumer('m2', ['a'], had(3, 4, 5)),
    consumer('m3', ['a']),
  ];
  const result = plain(sticky(consumers, counts({ a: 6 })));
  expect(Object.values(result).map((each) => each.length)).toEqual([2, 2, 2]);
  expect(['a0', 'a1', 'a2']).toEqual(expect.arrayContaining(result.m1!));
  expect(['a3', 'a4', 'a5']).toEqual(expect.arrayContaining(result.m2!));
});

test('sticky: of two that claim a partition the later generation has it', () => {
  const owned = [{ topic: 'a', partition: 0 }];
  const consumers = [
    consumer('m1', ['a'], { owned, generation: 3 }),
    consumer('m2', ['a'], { owned, generation: 4 }),
  ];
  expect(plain(sticky(consumers, counts({ a: 1 })))).toEqual({ m1: [], m2: ['a0'] });
});

test('sticky: what somebody had of topics that are gone, or not wanted any more, is forgotten', () => {
  const owned = [
    { topic: 'a', partition: 9 },
    { topic: 'b', partition: 0 },
  ];
  const consumers = [consumer('m1', ['a'], { owned, generation: 1 }), consumer('m2', ['b'])];
  expect(plain(sticky(consumers, counts({ a: 1, b: 1 })))).toEqual({ m1: ['a0'], m2: ['b0'] });
});

/** Any set of members and histories: each partition once, loads differ by one at most when all want the same. */
test('sticky: balanced whatever there was before', () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  for (let round = 0; round < 200; round++) {
    const count = 1 + random(30);
    const consumers = Array.from({ length: 1 + random(8) }, (_, i) =>
      consumer(`m${i}`, ['a'], {
        owned: Array.from({ length: random(12) }, () => ({ topic: 'a', partition: random(40) })),
        generation: random(3),
      }),
    );
    const loads = Object.values(plain(sticky(consumers, counts({ a: count }))));
    const all = loads.flat();
    expect(new Set(all).size).toBe(count);
    expect(all).toHaveLength(count);
    const sizes = loads.map((each) => each.length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  }
});
