/** Every code here is what Apache Kafka 4.1 answered to the same bytes. */
import zlib from 'node:zlib';
import { openLog } from '../../../src/devbroker/log/log';
import type { LogConfig } from '../../../src/devbroker/log/port';
import { Code } from '../../../src/devbroker/refusal';
import type { Compression } from '../../../src/kafka/port';
import * as layout from '../../../src/kafka/wire/batch-layout';
import { stampBatch } from '../../../src/kafka/wire/record-batch';
import { checksumFits } from '../../../src/kafka/wire/record-cursor';
import { batch, batchesOf, codeOf, logOptions, readAll, recordsOf, type TestRecord } from './support';

const NOW = Date.now();
const record = (value: string, rest: TestRecord = {}): TestRecord => ({
  key: 'k',
  value,
  timestamp: NOW,
  ...rest,
});
const two = () => batch([record('a'), record('b')]);
const codeFor = (bytes: Buffer, config: Partial<LogConfig> = {}) =>
  codeOf(() => openLog(logOptions(config)).append(bytes, 0));

function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = two();
  change(bytes);
  return bytes;
}

const withDelta = (delta: number, count: number) =>
  batch([record('a'), record('b')], {
    change(bytes) {
      bytes.writeInt32BE(delta, layout.LAST_OFFSET_DELTA);
      bytes.writeInt32BE(count, layout.RECORD_COUNT);
    },
  });

const withByte = (at: number, value: number) =>
  batch([record('a'), record('b')], { change: (bytes) => void (bytes[at] = value) });

describe('framing', () => {
  it.each<[string, Buffer, number]>([
    ['nothing', Buffer.alloc(0), Code.INVALID_RECORD],
    ['11 bytes', two().subarray(0, 11), Code.INVALID_RECORD],
    ['half a batch', two().subarray(0, 65), Code.INVALID_RECORD],
    ['length 13', changed((bytes) => bytes.writeInt32BE(13, layout.LENGTH)), Code.CORRUPT_MESSAGE],
    ['length 48', changed((bytes) => bytes.writeInt32BE(48, layout.LENGTH)), Code.CORRUPT_MESSAGE],
    ['two batches', Buffer.concat([two(), two()]), Code.INVALID_RECORD],
    ['a batch and a piece', Buffer.concat([two(), two().subarray(0, 30)]), Code.NONE],
    ['a batch and zeros', Buffer.concat([two(), Buffer.alloc(20)]), Code.CORRUPT_MESSAGE],
    ['magic 0', withByte(layout.MAGIC, 0), Code.INVALID_RECORD],
    ['magic 1', withByte(layout.MAGIC, 1), Code.INVALID_RECORD],
    ['magic 3', withByte(layout.MAGIC, 3), Code.CORRUPT_MESSAGE],
    ['a wrong checksum', changed((bytes) => void (bytes[70]! ^= 1)), Code.CORRUPT_MESSAGE],
  ])('%s', (_, bytes, code) => expect(codeFor(bytes)).toBe(code));
});

describe('header', () => {
  const producer = { producerId: 1000, epoch: 0, sequence: -1 };
  it.each<[string, Buffer, number]>([
    ['base offset 5', batch(['a'], { change: (bytes) => bytes.writeInt32BE(5, 4) }), Code.INVALID_RECORD],
    ['delta beyond the count', withDelta(5, 2), Code.INVALID_RECORD],
    ['delta -1', withDelta(-1, 2), Code.INVALID_RECORD],
    ['no records', withDelta(-1, 0), Code.INVALID_RECORD],
    ['fewer records than claimed', withDelta(2, 3), Code.INVALID_RECORD],
    ['more records than claimed', withDelta(0, 1), Code.INVALID_RECORD],
    ['a million records claimed', withDelta(999_999, 1_000_000), Code.INVALID_RECORD],
    ['a control batch', withByte(22, layout.FLAG_CONTROL), Code.INVALID_RECORD],
    ['a producer id without sequence', batch(['a'], producer), Code.INVALID_RECORD],
    ['unknown attributes', withByte(21, 0x7f), Code.NONE],
  ])('%s', (_, bytes, code) => expect(codeFor(bytes)).toBe(code));
});

describe('records', () => {
  it.each<[string, Buffer, number]>([
    ['a record that is too long', withByte(61, 30), Code.INVALID_RECORD],
    ['a record that is too short', withByte(61, 14), Code.INVALID_RECORD],
    ['an offset out of order', withByte(64, 10), Code.NONE],
    ['compression 5', withByte(22, 5), Code.UNKNOWN_SERVER_ERROR],
  ])('%s', (_, bytes, code) => expect(codeFor(bytes)).toBe(code));

  it.each<Compression>(['gzip', 'snappy', 'lz4', 'zstd'])('%s is checked as well', (compression) => {
    const records = Array.from({ length: 50 }, (_, n) => record(`value ${n}`));
    expect(codeFor(batch(records, { compression }))).toBe(Code.NONE);
    const claim = (count: number) => (bytes: Buffer) => {
      bytes.writeInt32BE(count - 1, layout.LAST_OFFSET_DELTA);
      bytes.writeInt32BE(count, layout.RECORD_COUNT);
    };
    expect(codeFor(batch(records, { compression, change: claim(60) }))).toBe(Code.INVALID_RECORD);
    expect(codeFor(batch(records, { compression, change: claim(40) }))).toBe(Code.INVALID_RECORD);
    const garble = (bytes: Buffer) => bytes.fill(0x5a, layout.RECORDS, layout.RECORDS + 9);
    expect(codeFor(batch(records, { compression, change: garble }))).toBe(Code.UNKNOWN_SERVER_ERROR);
  });

  it('refuses compressed records out of order', () => {
    const plain = withByte(64, 10);
    const packed = Buffer.concat([
      plain.subarray(0, layout.RECORDS),
      zlib.gzipSync(plain.subarray(layout.RECORDS)),
    ]);
    packed.writeInt32BE(packed.length - layout.PREFIX_BYTES, layout.LENGTH);
    packed[22] = 1;
    stampBatch(packed, { producerId: -1, epoch: -1, sequence: -1, transactional: false });
    expect(codeFor(packed)).toBe(Code.UNKNOWN_SERVER_ERROR);
    expect(codeFor(packed, { compression: 'lz4' })).toBe(Code.NONE);
  });

  it('needs keys in compacted topics', () => {
    const config = { cleanup: { delete: false, compact: true } };
    expect(codeFor(batch(['no key']), config)).toBe(Code.INVALID_RECORD);
    expect(codeFor(batch([record('a')]), config)).toBe(Code.NONE);
    expect(codeFor(batch(['no key'], { compression: 'gzip' }), config)).toBe(Code.INVALID_RECORD);
    // The time is what the answer is about when both are wrong.
    const both = batch([{ key: null }, record('a', { timestamp: NOW + 1e9 })]);
    expect(codeFor(both, config)).toBe(Code.INVALID_TIMESTAMP);
  });
});

describe('sizes', () => {
  it('takes a batch of just max.message.bytes', () => {
    const bytes = two();
    expect(codeFor(bytes, { maxMessageBytes: bytes.length })).toBe(Code.NONE);
    expect(codeFor(bytes, { maxMessageBytes: bytes.length - 1 })).toBe(Code.MESSAGE_TOO_LARGE);
  });

  it('looks at the size before the checksum, and at the size of a segment after it', () => {
    const corrupt = changed((bytes) => void (bytes[70]! ^= 1));
    expect(codeFor(corrupt, { maxMessageBytes: 50 })).toBe(Code.MESSAGE_TOO_LARGE);
    expect(codeFor(two(), { segmentBytes: 70 })).toBe(Code.RECORD_LIST_TOO_LARGE);
  });
});

describe('timestamps', () => {
  it.each([
    [-2000, Code.INVALID_TIMESTAMP],
    [-500, Code.NONE],
    [1500, Code.NONE],
    [3500, Code.INVALID_TIMESTAMP],
  ])('%d ms from now', (ms, code) => {
    const config = { timestampBeforeMaxMs: 1000, timestampAfterMaxMs: 2500 };
    expect(codeFor(batch([record('a', { timestamp: Date.now() + ms })]), config)).toBe(code);
    const packed = batch([record('a', { timestamp: Date.now() + ms })], { compression: 'gzip' });
    expect(codeFor(packed, config)).toBe(code);
  });

  it('takes records without a time', () => {
    expect(codeFor(batch([record('a', { timestamp: -1 })]), { timestampBeforeMaxMs: 1000 })).toBe(Code.NONE);
  });

  it('corrects a header that claims another time', () => {
    const log = openLog(logOptions());
    log.append(
      batch([record('a')], { change: (bytes) => layout.writeInt64(bytes, 5, layout.MAX_TIMESTAMP) }),
      0,
    );
    const [stored] = batchesOf(readAll(log).chunks);
    expect(layout.readInt64(stored!, layout.MAX_TIMESTAMP)).toBe(NOW);
    expect(checksumFits(stored!)).toBe(true);
  });

  it('leaves the append time to the broker', () => {
    const claimed = withByte(22, layout.FLAG_APPEND_TIME);
    expect(codeFor(claimed)).toBe(Code.NONE);
    expect(codeFor(claimed, { timestampType: 'append' })).toBe(Code.INVALID_TIMESTAMP);
  });

  it('stamps the time of the append', () => {
    const options = logOptions({ timestampType: 'append' });
    const log = openLog(options);
    const given = batch([record('a', { timestamp: NOW + 1e9 }), record('b', { timestamp: -1 })]);
    const { appendTime } = log.append(given, 0);
    expect(Math.abs(appendTime - options.clock.now())).toBeLessThan(10_000);
    expect(recordsOf(readAll(log)).map(({ timestamp }) => timestamp)).toEqual([appendTime, appendTime]);
    const [stored] = batchesOf(readAll(log).chunks);
    expect(stored!.readInt16BE(layout.ATTRIBUTES)).toBe(layout.FLAG_APPEND_TIME);
    expect(checksumFits(stored!)).toBe(true);
  });
});

describe('compression of the topic', () => {
  const producer = { producerId: 7, epoch: 2, sequence: 9 };

  it.each<[LogConfig['compression'], Compression, number]>([
    ['gzip', 'none', 1],
    ['lz4', 'zstd', 3],
    ['none', 'gzip', 0],
    ['producer', 'snappy', 2],
  ])('%s, from %s', (compression, source, id) => {
    const log = openLog(logOptions({ compression }));
    const given = [record('a', { timestamp: NOW + 5 }), record('b'), record('c', { key: null, value: null })];
    log.append(batch(given, { ...producer, compression: source }), 0);
    const [stored] = batchesOf(readAll(log).chunks);
    expect(stored!.readInt16BE(layout.ATTRIBUTES) & layout.COMPRESSION_MASK).toBe(id);
    expect(checksumFits(stored!)).toBe(true);
    expect(layout.readInt64(stored!, layout.PRODUCER_ID)).toBe(7);
    expect(stored!.readInt16BE(layout.PRODUCER_EPOCH)).toBe(2);
    expect(stored!.readInt32BE(layout.BASE_SEQUENCE)).toBe(9);
    expect(recordsOf(readAll(log))).toEqual([
      { offset: 0, key: 'k', value: 'a', timestamp: NOW + 5 },
      { offset: 1, key: 'k', value: 'b', timestamp: NOW },
      { offset: 2, key: null, value: null, timestamp: NOW },
    ]);
  });
});
