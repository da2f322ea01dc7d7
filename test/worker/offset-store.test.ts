import type { SourcePartition } from '../../src/kernel';
import { OffsetState, offsetKey } from '../../src/worker/offset-store';

const ba = '["c",{"b":1,"a":"x"}]';

describe('a partition whose members another worker wrote in another order', () => {
  function state(): OffsetState {
    const offsets = new OffsetState();
    offsets.put(ba, { position: 5 });
    return offsets;
  }
  const partition = { a: 'x', b: 1 };

  test('is found, by connector', () => {
    expect(state().get('c', [partition, { a: 'x' }, { a: 'x', b: 2 }])).toEqual([
      { position: 5 },
      null,
      null,
    ]);
    expect(state().get('d', [partition])).toEqual([null]);
  });

  test('is replaced and removed under its own key', () => {
    expect(state().keys('c', partition, { position: 6 })).toEqual([ba]);
    expect(state().keys('c', partition, null)).toEqual([ba]);
    const offsets = state();
    offsets.set('c', [{ partition, offset: { position: 6 } }]);
    expect(offsets.rows()).toHaveLength(1);
    offsets.set('c', [{ partition, offset: null }]);
    expect(offsets.all('c')).toEqual([]);
  });

  test('is told apart by the exact key where both are there, the latest counts otherwise', () => {
    const offsets = state();
    offsets.put(offsetKey('c', partition), { position: 7 }, 100);
    offsets.put(ba, { position: 6 }, 200);
    expect(offsets.get('c', [partition, { b: 1, a: 'x' }])).toEqual([{ position: 7 }, { position: 6 }]);
    expect(offsets.all('c')).toEqual([{ partition: { b: 1, a: 'x' }, offset: { position: 6 } }]);
    expect(offsets.keys('c', partition, null).sort()).toEqual([offsetKey('c', partition), ba]);
    offsets.put(ba, null, 300);
    expect(offsets.all('c')).toEqual([{ partition, offset: { position: 7 } }]);
  });
});

test('keys with blanks, other escapes and other forms of numbers are found and removed', () => {
  const offsets = new OffsetState();
  const foreign = ['["c", {"n": 5.0}]', '["c",{"f":"\\u00e4"}]', '["c",{"9":1,"1":2}]'];
  for (const [i, key] of foreign.entries()) offsets.put(key, { i });
  const partitions: SourcePartition[] = [{ n: 5 }, { f: 'ä' }, { 1: 2, 9: 1 }];
  expect(offsets.get('c', partitions)).toEqual([{ i: 0 }, { i: 1 }, { i: 2 }]);
  expect(partitions.flatMap((partition) => offsets.keys('c', partition, null))).toEqual(foreign);
});

test('a partition that is not there has its own key', () => {
  const offsets = new OffsetState();
  expect(offsets.keys('c', { f: '😀' }, { p: 1 })).toEqual(['["c",{"f":"\\uD83D\\uDE00"}]']);
  expect(offsets.keys('c', { f: 'x' }, null)).toEqual(['["c",{"f":"x"}]']);
});

test('nothing is kept of connectors whose offsets are all removed', () => {
  const offsets = new OffsetState();
  offsets.put(ba, { position: 1 });
  offsets.put(ba, null);
  offsets.put(ba, null);
  offsets.put('no key', { position: 1 });
  expect(offsets.rows()).toEqual([]);
});
