import { directorySource } from '../../../../connectors/file/directory/source';
import { fileSink } from '../../../../connectors/file/sink/sink';
import { fileStreamSink } from '../../../../connectors/file/stream/sink';
import type { SourceOffsetChange } from '../../../../src/plugin';

const alter = (partition: unknown, offset: unknown) => {
  const config = directorySource.config.parse({ path: '.', topic: 't' });
  return directorySource.alterOffsets!(config, [{ partition, offset } as SourceOffsetChange]);
};
const PARTITION = { file: '1234' };

test('allows stored offsets, moved, and removing anything', () => {
  const stored = { position: 100, record: 4, identity: '17/100:abc' };
  expect(alter(PARTITION, stored)).toBe(true);
  expect(alter(PARTITION, { ...stored, position: 0 })).toBe(true);
  expect(alter(PARTITION, { ...stored, end: '100/55/100:def' })).toBe(true);
  expect(alter({}, null)).toBe(true);
});

test.each([
  [{ filename: 'a' }, { position: 0, identity: 'x' }, "should contain the key 'file'"],
  [null, { position: 0, identity: 'x' }, "should contain the key 'file'"],
  [PARTITION, { identity: 'x' }, "should contain the key 'position'"],
  [PARTITION, { position: -1, identity: 'x' }, "should contain the key 'position'"],
  [PARTITION, { position: 0 }, "should contain the key 'identity'"],
  [PARTITION, { position: 7, identity: 'x', end: '100/5/7:a' }, 'leave it out to read on'],
])('refuses %j → %j', (partition, offset, message) => {
  expect(() => alter(partition, offset)).toThrow(message);
});

test('sinks: what files themselves say is not changed with the offsets of the group', async () => {
  const change = [{ topic: 't', partition: 0, offset: 1 }];
  const file = fileSink.config.parse({ file: 'out.txt' });
  const directory = fileSink.config.parse({ directory: 'out' });
  expect(await fileSink.alterOffsets!(file, change)).toBe(true);
  expect(await fileSink.alterOffsets!(directory, change)).toBe(false);
  expect(await fileStreamSink.alterOffsets!(fileStreamSink.config.parse({}), change)).toBe(true);
});
