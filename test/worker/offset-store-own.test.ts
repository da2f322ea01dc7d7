import { createKafkaOffsetStore, type KafkaOffsetStore } from '../../src/worker/offset-store-kafka';
import { withOwnOffsets } from '../../src/worker/offset-store-own';
import { type FakeLog, fakeLog } from './storage/support';

const settings = { topic: 'offsets', partitions: 25, replicationFactor: 1 };
const key = (f: string): string => `["c",{"f":"${f}"}]`;

interface Stores {
  readonly own: FakeLog;
  readonly worker: FakeLog;
  readonly store: KafkaOffsetStore;
}

function stores(own: Record<string, number>, worker: Record<string, number>): Stores {
  const logOf = (rows: Record<string, number>): FakeLog =>
    fakeLog(Object.entries(rows).map(([f, p]) => ({ key: key(f), value: `{"p":${p}}` })));
  const logs = { own: logOf(own), worker: logOf(worker) };
  const open = ({ kafka }: FakeLog): KafkaOffsetStore => createKafkaOffsetStore(kafka as never, settings);
  return { ...logs, store: withOwnOffsets(open(logs.own), open(logs.worker)) };
}

test("the connector's topic comes first, the worker's fills the gaps", async () => {
  const { store } = stores({ a: 2 }, { a: 1, b: 3 });
  expect(await store.get('c', [{ f: 'a' }, { f: 'b' }, { f: 'x' }])).toEqual([{ p: 2 }, { p: 3 }, null]);
  expect(await store.all('c')).toEqual([
    { partition: { f: 'a' }, offset: { p: 2 } },
    { partition: { f: 'b' }, offset: { p: 3 } },
  ]);
});

test('writes go to both', async () => {
  const { own, worker, store } = stores({}, {});
  await store.set('c', [{ partition: { f: 'a' }, offset: { p: 5 } }]);
  expect(own.records).toEqual([{ key: key('a'), value: '{"p":5}' }]);
  expect(worker.records).toEqual(own.records);
});

test("an offset is removed from the worker's topic first, so that it never comes back", async () => {
  const { own, worker, store } = stores({ a: 2 }, { a: 1 });
  let wasInOwn: string | null | undefined;
  worker.beforeWrite = () => {
    wasInOwn = own.records.at(-1)?.value;
  };
  await store.set('c', [{ partition: { f: 'a' }, offset: null }]);
  expect(wasInOwn).toBe('{"p":2}');
  expect(await store.get('c', [{ f: 'a' }])).toEqual([null]);
  expect([own.records.at(-1), worker.records.at(-1)]).toEqual(Array(2).fill({ key: key('a'), value: null }));
});

test('what is written in a transaction goes to the keys that are there', async () => {
  const own = fakeLog([{ key: '["c",{"b":1,"a":2}]', value: '{"p":1}' }]);
  const store = withOwnOffsets(
    createKafkaOffsetStore(own.kafka as never, settings),
    createKafkaOffsetStore(fakeLog().kafka as never, settings),
  );
  const entries = [{ partition: { a: 2, b: 1 }, offset: { p: 2 } }];
  await store.get('c', [{ a: 2, b: 1 }]);
  expect(store.encode('c', entries).map((record) => record.key.toString())).toEqual(['["c",{"b":1,"a":2}]']);
});
