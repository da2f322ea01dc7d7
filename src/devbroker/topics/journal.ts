/** A small table in a compacted log: JSON keys and values, the last one of a key counts. */
import { createRecordBatchBuilder, stampBatch } from '../../kafka/wire/record-batch';
import { BatchCursor } from '../../kafka/wire/record-cursor';
import type { Clock } from '../clock';
import { lastOffsetOf, sizeOf } from '../log/batch';
import type { Journal, PartitionLog } from '../log/port';

const READ_BYTES = 1024 * 1024;
/** Who writes it never moves. */
const LEADER_EPOCH = 0;
const NO_PRODUCER = { producerId: -1, epoch: -1, sequence: -1, transactional: false };

/** @param log asked for at every use: an internal topic may come later than its table */
export function createJournal(log: () => PartitionLog, clock: Clock): Journal {
  return {
    load: () => replay(log()),
    put(key, value) {
      log().appendOwn(encode(key, value, clock.now()), LEADER_EPOCH);
    },
  };
}

function encode(key: string, value: unknown, timestamp: number): Buffer {
  const builder = createRecordBatchBuilder();
  const bytes = value === null ? null : Buffer.from(JSON.stringify(value));
  builder.append(timestamp, Buffer.from(JSON.stringify(key)), bytes, []);
  const batch = builder.build('none').bytes;
  stampBatch(batch, NO_PRODUCER);
  return batch;
}

function replay(log: PartitionLog): Map<string, unknown> {
  const table = new Map<string, unknown>();
  for (let offset = log.startOffset; offset < log.endOffset; ) {
    const { chunks } = log.read(offset, READ_BYTES, 'read_uncommitted', true);
    if (chunks.length === 0) break;
    for (const batch of batchesOf(chunks)) offset = apply(table, batch, log);
  }
  return table;
}

function* batchesOf(chunks: readonly Buffer[]): Iterable<Buffer> {
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const batch = chunk.subarray(at);
      const size = sizeOf(batch);
      yield batch.subarray(0, size);
      at += size;
    }
  }
}

/** Answers the offset that comes next. */
function apply(table: Map<string, unknown>, batch: Buffer, log: PartitionLog): number {
  const cursor = new BatchCursor(batch, log, 0);
  while (cursor.next()) {
    const key: string = JSON.parse(cursor.key!.toString());
    table.delete(key);
    if (cursor.value !== null) table.set(key, JSON.parse(cursor.value.toString()));
  }
  return lastOffsetOf(batch) + 1;
}
