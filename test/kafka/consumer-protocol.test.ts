import {
  decodeAssignment,
  decodeStickyData,
  decodeSubscription,
  encodeAssignment,
  encodeStickyData,
  encodeSubscription,
} from '../../src/kafka/consumer-protocol';

const owned = [
  { topic: 'a', partition: 0 },
  { topic: 'a', partition: 2 },
  { topic: 'b', partition: 1 },
];

test('subscriptions', () => {
  const subscription = { topics: ['a', 'b'], userData: Buffer.from('x'), owned, generation: 7, rack: 'r' };
  expect(decodeSubscription(encodeSubscription(subscription))).toEqual(subscription);
});

test('subscriptions of older clients', () => {
  // Version 0, as the consumers of Kafka 0.10 to 2.3 write it: topics, user data.
  const version0 = Buffer.from('0000' + '00000001' + '0003' + '746f70' + 'ffffffff', 'hex');
  const none = { userData: null, owned: [], generation: -1, rack: null };
  expect(decodeSubscription(version0)).toEqual({ topics: ['top'], ...none });
  const version1 = Buffer.from(
    '0001' + '00000000' + '00000000' + '00000001' + '0001' + '61' + '00000001' + '00000005',
    'hex',
  );
  expect(decodeSubscription(version1)).toMatchObject({
    owned: [{ topic: 'a', partition: 5 }],
    generation: -1,
  });
});

test('assignments, with the counts they were made from', () => {
  const basis = new Map([['a', 3]]);
  expect(decodeAssignment(encodeAssignment(owned, basis))).toEqual({ partitions: owned, basis });
});

test('assignments by leaders of other kinds', () => {
  expect(decodeAssignment(Buffer.alloc(0))).toEqual({ partitions: [], basis: null });
  // Version 0 of Kafka's consumers, without user data, then with data of its own kind.
  const head = '0000' + '00000001' + '0001' + '61' + '00000001' + '00000004';
  const partitions = [{ topic: 'a', partition: 4 }];
  expect(decodeAssignment(Buffer.from(`${head}ffffffff`, 'hex'))).toEqual({ partitions, basis: null });
  expect(decodeAssignment(Buffer.from(`${head}00000005ffffffffaa`, 'hex'))).toEqual({
    partitions,
    basis: null,
  });
});

test('what a sticky member had', () => {
  expect(decodeStickyData(encodeStickyData(owned, 3))).toEqual({ owned, generation: 3 });
});
