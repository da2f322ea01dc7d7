import { alterOffsets } from '../../../../connectors/postgres/source/offset-changes';
import type { SourceOffsetChange } from '../../../../src/plugin';

const alter = (partition: unknown, offset: unknown) =>
  alterOffsets([{ partition, offset } as SourceOffsetChange]);
const TABLE = { table: 'public.orders', protocol: '1' };

test.each([
  [TABLE, { incrementing: 5 }],
  [{ query: 'query' }, { timestamp: 1700000000000, timestamp_nanos: 999_999_999 }],
  [{ table: 'orders' }, { incrementing: 7, timestamp: 1 }],
  [{ anything: 1 }, null],
])('allows %j → %j', (partition, offset) => {
  expect(alter(partition, offset)).toBe(true);
});

test('allows ids beyond 2^53', () => {
  expect(alter(TABLE, { incrementing: 2n ** 62n })).toBe(true);
});

test.each([
  [{ schema: 'x' }, { incrementing: 5 }, "should contain the key 'table' or 'query'"],
  [null, { incrementing: 5 }, "should contain the key 'table' or 'query'"],
  [TABLE, {}, "should contain the key 'incrementing' or 'timestamp'"],
  [
    TABLE,
    { incrementing: '5' },
    "The value for the 'incrementing' key in the offset is expected to be a Long",
  ],
  [TABLE, { incrementing: 5, id: 3 }, "has a key 'id' that means nothing"],
  [TABLE, { timestamp: 1, timestamp_nanos: 1e9 }, 'lies within a second'],
])('refuses %j → %j', (partition, offset, message) => {
  expect(() => alter(partition, offset)).toThrow(message);
});
