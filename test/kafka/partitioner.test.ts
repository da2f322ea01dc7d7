import { murmur2, partitionForKey } from '../../src/kafka/partitioner';

/** Known values of Kafka's `Utils.murmur2`. */
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('murmur2 of %j', (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash);
});

test('partitions are never negative, and stay below the count', () => {
  for (let i = 0; i < 1000; i++) {
    const partition = partitionForKey(Buffer.from(`key-${i}`), 7);
    expect(partition).toBeGreaterThanOrEqual(0);
    expect(partition).toBeLessThan(7);
  }
});

/** As the Java producer chooses of 1000 partitions. */
test.each([
  ['', 681],
  ['a', 524],
  ['ab', 434],
  ['abc', 107],
  ['123456789', 566],
  ['\x00 ', 742],
])('partition of %j', (key, partition) => {
  expect(partitionForKey(Buffer.from(key), 1000)).toBe(partition);
});
