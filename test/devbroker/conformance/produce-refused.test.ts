/** Batches that a broker must not take. */
import * as at from '../../../src/kafka/wire/batch-layout';
import { compress } from '../../../src/kafka/wire/compression';
import { batchOf, forged, oldMessage } from './batches';
import { Client } from './client';
import { conformance, scenario } from './harness';
import type { RawProduce } from './requests';

/** Kafka fails over these. */
const UNKNOWN = -1;
const CORRUPT = 2;
const TOO_LARGE = 10;
const LIST_TOO_LARGE = 18;
const INVALID_RECORD = 87;

conformance('refused batches', (target) => {
  const client = new Client(target);

  /** Sends it to a new topic; answers the error after looking that nothing was appended. */
  async function refused(
    bytes: Buffer | null,
    options: Partial<RawProduce> = {},
    configs = {},
  ): Promise<number> {
    const topic = await target.topic({ configs });
    const produced = await client.produce(topic, bytes, options);
    expect(produced).toMatchObject({ baseOffset: -1, appendTime: -1 });
    expect((await client.offset(topic, -1)).offset).toBe(0);
    return produced.error;
  }

  scenario('no batch', async () => {
    expect(await refused(Buffer.alloc(0))).toBe(INVALID_RECORD);
  });

  scenario('two batches for one partition', async () => {
    expect(await refused(Buffer.concat([batchOf(['a']), batchOf(['b'])]))).toBe(INVALID_RECORD);
  });

  scenario('message of format 0', async () => {
    expect(await refused(oldMessage(0, 'old'))).toBe(INVALID_RECORD);
  });

  scenario('message of format 1', async () => {
    expect(await refused(oldMessage(1, 'old'))).toBe(INVALID_RECORD);
  });

  scenario('format of the future', async () => {
    expect(await refused(forged(batchOf(['a']), (b) => (b[at.MAGIC] = 3)))).toBe(CORRUPT);
  });

  scenario('checksum that does not fit', async () => {
    const bytes = batchOf(['a']);
    bytes[at.CHECKSUM]! ^= 1;
    expect(await refused(bytes)).toBe(CORRUPT);
  });

  scenario('batch cut off in its records', async () => {
    expect(await refused(batchOf(['a', 'b']).subarray(0, -3))).toBe(INVALID_RECORD);
  });

  scenario('batch cut off in its header', async () => {
    expect(await refused(batchOf(['a']).subarray(0, 30))).toBe(INVALID_RECORD);
  });

  scenario('length that is too small for a batch', async () => {
    expect(await refused(forged(batchOf(['a']), (b) => b.writeInt32BE(3, at.LENGTH)))).toBe(CORRUPT);
  });

  scenario('length that ends within the records', async () => {
    const bytes = batchOf(['a', 'b']);
    bytes.writeInt32BE(bytes.length - at.PREFIX_BYTES - 4, at.LENGTH);
    expect(await refused(bytes)).toBe(CORRUPT);
  });

  scenario('a few bytes after the batch are dropped', async () => {
    const topic = await target.topic();
    const bytes = Buffer.concat([batchOf(['a']), Buffer.alloc(5)]);
    expect(await client.produce(topic, bytes)).toMatchObject({ error: 0, baseOffset: 0 });
    const { records } = await client.fetch(topic, 0);
    expect(records).toHaveLength(bytes.length - 5);
  });

  scenario('bytes after the batch that begin no other one', async () => {
    expect(await refused(Buffer.concat([batchOf(['a']), Buffer.alloc(17)]))).toBe(CORRUPT);
  });

  scenario('record count above the records', async () => {
    const lie = (b: Buffer) => {
      b.writeInt32BE(2, at.RECORD_COUNT);
      b.writeInt32BE(1, at.LAST_OFFSET_DELTA);
    };
    expect(await refused(forged(batchOf(['a']), lie))).toBe(INVALID_RECORD);
  });

  scenario('record count below the records', async () => {
    const lie = (b: Buffer) => {
      b.writeInt32BE(1, at.RECORD_COUNT);
      b.writeInt32BE(0, at.LAST_OFFSET_DELTA);
    };
    expect(await refused(forged(batchOf(['a', 'b']), lie))).toBe(INVALID_RECORD);
  });

  scenario('record count 0', async () => {
    expect(await refused(forged(batchOf(['a']), (b) => b.writeInt32BE(0, at.RECORD_COUNT)))).toBe(
      INVALID_RECORD,
    );
  });

  scenario('last offset delta that does not fit the record count', async () => {
    expect(await refused(forged(batchOf(['a', 'b']), (b) => b.writeInt32BE(5, at.LAST_OFFSET_DELTA)))).toBe(
      INVALID_RECORD,
    );
  });

  // Length, attributes and timestamp delta of a record are a byte each here.
  const misplace = (records: Buffer) => (records[3] = 4);

  scenario('offset delta of a record that is not its place, compressed', async () => {
    const [plain, packed] = [batchOf(['a']), batchOf(['a'], { compression: 'gzip' })];
    misplace(plain.subarray(at.RECORDS));
    const records = compress('gzip', plain.subarray(at.RECORDS));
    const bytes = Buffer.concat([packed.subarray(0, at.RECORDS), records]);
    const lie = (b: Buffer) => b.writeInt32BE(b.length - at.PREFIX_BYTES, at.LENGTH);
    expect(await refused(forged(bytes, lie))).toBe(UNKNOWN);
  });

  scenario('offset deltas of plain records are not looked at', async () => {
    const topic = await target.topic();
    const bytes = forged(batchOf(['a']), (b) => misplace(b.subarray(at.RECORDS)));
    expect(await client.produce(topic, bytes)).toMatchObject({ error: 0, baseOffset: 0 });
    expect((await client.offset(topic, -1)).offset).toBe(1);
  });

  scenario('record longer than the batch', async () => {
    expect(await refused(forged(batchOf(['a']), (b) => (b[at.RECORDS] = 120)))).toBe(INVALID_RECORD);
  });

  scenario('key longer than its record', async () => {
    const lie = (b: Buffer) => (b[at.RECORDS + 4] = 100);
    expect(await refused(forged(batchOf([{ key: 'k', value: 'v' }]), lie))).toBe(INVALID_RECORD);
  });

  scenario('compressed records that cannot be decompressed', async () => {
    const lie = (b: Buffer) => b.fill(0xee, at.RECORDS);
    expect(await refused(forged(batchOf(['a', 'b'], { compression: 'gzip' }), lie))).toBe(UNKNOWN);
  });

  scenario('compression that nobody knows', async () => {
    expect(await refused(forged(batchOf(['a']), (b) => b.writeInt16BE(6, at.ATTRIBUTES)))).toBe(UNKNOWN);
  });

  scenario('zstd before version 7', async () => {
    expect(await refused(batchOf(['a'], { compression: 'zstd' }), { version: 6 })).toBe(76);
  });

  scenario('control batch', async () => {
    const control = (b: Buffer) => b.writeInt16BE(at.FLAG_CONTROL, at.ATTRIBUTES);
    expect(await refused(forged(batchOf(['a']), control))).toBe(INVALID_RECORD);
  });

  scenario('base offset other than 0', async () => {
    expect(await refused(forged(batchOf(['a']), (b) => b.writeBigInt64BE(5n, 0)))).toBe(INVALID_RECORD);
  });

  scenario('producer id without a sequence', async () => {
    expect(await refused(batchOf(['a'], { producerId: 1, epoch: 0 }))).toBe(INVALID_RECORD);
  });

  scenario('batch above max.message.bytes', async () => {
    const configs = { 'max.message.bytes': '1000' };
    expect(await refused(batchOf(['x'.repeat(1000)]), {}, configs)).toBe(TOO_LARGE);
  });

  scenario('max.message.bytes counts the compressed batch, header and all', async () => {
    const fits = batchOf(['x'.repeat(5000)], { compression: 'gzip' });
    const topic = await target.topic({ configs: { 'max.message.bytes': String(fits.length) } });
    expect(await client.produce(topic, fits)).toMatchObject({ error: 0 });
    const lowered = { 'max.message.bytes': String(fits.length - 1) };
    expect(await refused(fits, {}, lowered)).toBe(TOO_LARGE);
  });

  scenario('batch above the default of max.message.bytes', async () => {
    expect(await refused(batchOf(['x'.repeat(1_048_588)]))).toBe(TOO_LARGE);
  });

  scenario('batch above segment.bytes', async () => {
    const configs = { 'segment.bytes': '1048576', 'max.message.bytes': '2000000' };
    expect(await refused(batchOf(['x'.repeat(1_100_000)]), {}, configs)).toBe(LIST_TOO_LARGE);
  });

  scenario('record without a key in a compacted topic', async () => {
    expect(await refused(batchOf(['no key']), {}, { 'cleanup.policy': 'compact' })).toBe(INVALID_RECORD);
    expect(await refused(batchOf(['no key']), {}, { 'cleanup.policy': 'compact,delete' })).toBe(
      INVALID_RECORD,
    );
  });

  scenario('empty key in a compacted topic is a key', async () => {
    const topic = await target.topic({ configs: { 'cleanup.policy': 'compact' } });
    expect(await client.produce(topic, batchOf([{ key: '', value: 'v' }]))).toMatchObject({ error: 0 });
  });

  scenario('one bad record refuses its whole batch', async () => {
    const batch = batchOf([{ key: 'k', value: 'v' }, 'no key']);
    expect(await refused(batch, {}, { 'cleanup.policy': 'compact' })).toBe(INVALID_RECORD);
  });

  scenario('timestamp more than an hour ahead', async () => {
    const timestamp = Date.now() + 3_700_000;
    expect(await refused(batchOf([{ value: 'v', timestamp }]))).toBe(32);
  });

  scenario('timestamp ahead within message.timestamp.after.max.ms', async () => {
    const topic = await target.topic({ configs: { 'message.timestamp.after.max.ms': '90000000' } });
    const timestamp = Date.now() + 86_400_000;
    expect(await client.produce(topic, batchOf([{ value: 'v', timestamp }]))).toMatchObject({ error: 0 });
  });

  scenario('timestamp behind message.timestamp.before.max.ms', async () => {
    const timestamp = Date.now() - 60_000;
    const configs = { 'message.timestamp.before.max.ms': '10000' };
    expect(await refused(batchOf([{ value: 'v', timestamp }]), {}, configs)).toBe(32);
  });

  scenario('times before 1970 are taken', async () => {
    const topic = await target.topic();
    const produced = await client.produce(topic, batchOf([{ value: 'v', timestamp: -5 }]));
    expect(produced).toMatchObject({ error: 0 });
    expect((await client.fetch(topic, 0)).batches[0]!.records[0]!.timestamp).toBe(-5);
  });
});
