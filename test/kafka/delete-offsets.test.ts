import { openTestKafka, type TestKafka } from '../support/kafka';

let test_: TestKafka;
beforeAll(async () => {
  test_ = await openTestKafka();
});
afterAll(() => test_[Symbol.asyncDispose]());

test('all offsets of a group are read; those of single partitions can be forgotten', async () => {
  const { kafka } = test_;
  const topic = await test_.topic({ partitions: 2 });
  const group = test_.groupName();
  const at = (partition: number, offset: number) => ({ topic, partition, offset });
  await kafka.commit(group, null, [at(0, 5), at(1, 7)]);
  expect(await kafka.committed(group, null)).toEqual([at(0, 5), at(1, 7)]);
  await kafka.deleteOffsets(group, [{ topic, partition: 0 }]);
  expect(await kafka.committed(group, null)).toEqual([at(1, 7)]);
  await kafka.deleteOffsets(group, [{ topic: test_.topicName(), partition: 0 }]);
  expect(await kafka.committed(group, null)).toEqual([at(1, 7)]);
});

test('a group that is not there has nothing to forget', async () => {
  const topic = await test_.topic();
  await test_.kafka.deleteOffsets(test_.groupName(), [{ topic, partition: 0 }]);
});
