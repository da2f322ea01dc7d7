import { fileStreamSource } from '../../../../connectors/file/stream/source';
import type { SourceOffsetChange } from '../../../../src/plugin';

const alter = (partition: unknown, offset: unknown, config: Record<string, string> = { file: 'a.txt' }) => {
  const parsed = fileStreamSource.config.parse({ topic: 't', ...config });
  return fileStreamSource.alterOffsets!(parsed, [{ partition, offset } as SourceOffsetChange]);
};

test.each([
  [{ filename: 'a.txt' }, { position: 0 }],
  [{ filename: 'other.txt' }, { position: 5n }],
  [{ filename: 'a.txt' }, { position: 12, identity: '5:abc' }],
  [{ nonsense: true }, null],
])('allows %j → position of %j', (partition, offset) => {
  expect(alter(partition, offset)).toBe(true);
});

test.each([
  [{ filename: 'a' }, { pos: 0 }, "Offset objects should either be null or contain the key 'position'"],
  [
    { filename: 'a' },
    { position: '5' },
    "The value for the 'position' key in the offset is expected to be a Long value",
  ],
  [
    { filename: 'a' },
    { position: 1.5 },
    "The value for the 'position' key in the offset is expected to be a Long value",
  ],
  [
    { filename: 'a' },
    { position: -1 },
    "The value for the 'position' key in the offset should be a non-negative value",
  ],
  [null, { position: 1 }, 'Partition objects cannot be null'],
  [{ file: 'a' }, { position: 1 }, "Partition objects should contain the key 'filename'"],
])('refuses %j → %j in the words of Kafka Connect', (partition, offset, message) => {
  expect(() => alter(partition, offset)).toThrow(message);
});

test('standard input has no offsets, and is not delivered exactly once', () => {
  expect(() => alter({ filename: 'a' }, null, {})).toThrow(
    "Offsets cannot be modified if the 'file' configuration is unspecified.",
  );
  const parsed = (raw: Record<string, string>) => fileStreamSource.config.parse({ topic: 't', ...raw });
  expect(fileStreamSource.exactlyOnce!(parsed({}))).toBe(false);
  expect(fileStreamSource.exactlyOnce!(parsed({ file: 'a' }))).toBe(true);
});
