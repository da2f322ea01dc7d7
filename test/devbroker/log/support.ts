/** Batches and logs for tests of the partition log. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { BrokerClock } from '../../../src/devbroker/clock';
import { type LogOptions, openLog } from '../../../src/devbroker/log/log';
import type { LogConfig, PartitionLog, Read } from '../../../src/devbroker/log/port';
import { Refusal } from '../../../src/devbroker/refusal';
import type { Compression } from '../../../src/kafka/port';
import * as layout from '../../../src/kafka/wire/batch-layout';
import { crc32c } from '../../../src/kafka/wire/crc32c';
import { createRecordBatchBuilder, type Stamp, stampBatch } from '../../../src/kafka/wire/record-batch';
import { BatchCursor } from '../../../src/kafka/wire/record-cursor';
import { SILENT } from '../../../src/kernel';

export const CONFIG: LogConfig = {
  cleanup: { delete: true, compact: false },
  retentionMs: -1,
  retentionBytes: -1,
  segmentBytes: 1024 ** 3,
  segmentMs: 7 * 24 * 3600 * 1000,
  maxMessageBytes: 1048588,
  timestampType: 'create',
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  timestampAfterMaxMs: 3600 * 1000,
  compression: 'producer',
  deleteRetentionMs: 24 * 3600 * 1000,
  minCleanableDirtyRatio: 0.5,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
};

export const COMPACT: LogConfig = {
  ...CONFIG,
  cleanup: { delete: false, compact: true },
  minCleanableDirtyRatio: 0,
};

export interface TestRecord {
  readonly key?: string | null;
  readonly value?: string | null;
  readonly timestamp?: number;
}

export interface BatchOptions extends Partial<Stamp> {
  readonly compression?: Compression;
  /** Changes header fields before the checksum is computed. */
  readonly change?: (batch: Buffer) => void;
}

const bytes = (text: string | null | undefined): Buffer | null =>
  text === null || text === undefined ? null : Buffer.from(text);

/** A record batch as a producer sends it. Records given as strings have that value, no key, and the time 1000. */
export function batch(records: readonly (string | TestRecord)[], options: BatchOptions = {}): Buffer {
  const builder = createRecordBatchBuilder();
  for (const record of records) {
    const {
      key,
      value,
      timestamp = 1000,
    } = typeof record === 'string' ? { key: null, value: record } : record;
    builder.append(timestamp, bytes(key), bytes(value), []);
  }
  const built = Buffer.from(builder.build(options.compression ?? 'none').bytes);
  stampBatch(built, { producerId: -1, epoch: -1, sequence: -1, transactional: false, ...options });
  if (options.change !== undefined) {
    options.change(built);
    built.writeUInt32BE(crc32c(built.subarray(layout.ATTRIBUTES)), layout.CHECKSUM);
  }
  return built;
}

export const logOptions = (config: Partial<LogConfig> = {}, dir: string | null = null): LogOptions => ({
  topic: 'topic',
  partition: 3,
  dir,
  config: { ...CONFIG, ...config },
  clock: new BrokerClock(),
  logger: SILENT,
  flushMs: 1000,
});

/** The batches of chunks, one buffer each. */
export function batchesOf(chunks: readonly Buffer[]): Buffer[] {
  const batches: Buffer[] = [];
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const end = at + layout.PREFIX_BYTES + chunk.readInt32BE(at + layout.LENGTH);
      batches.push(chunk.subarray(at, end));
      at = end;
    }
  }
  return batches;
}

export interface FoundRecord {
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
}

/** All records of a read but those of control batches. */
export function recordsOf(read: Pick<Read, 'chunks'>): FoundRecord[] {
  const records: FoundRecord[] = [];
  for (const each of batchesOf(read.chunks)) {
    if (each.readInt16BE(layout.ATTRIBUTES) & layout.FLAG_CONTROL) continue;
    const cursor = new BatchCursor(each, { topic: 'topic', partition: 3 }, 0);
    while (cursor.next()) {
      const text = (field: Buffer | null) => (field === null ? null : field.toString());
      records.push({
        offset: cursor.offset,
        key: text(cursor.key),
        value: text(cursor.value),
        timestamp: cursor.timestamp,
      });
    }
  }
  return records;
}

export const readAll = (log: PartitionLog): Read =>
  log.read(log.startOffset, Number.MAX_SAFE_INTEGER, 'read_uncommitted', true);

export const valuesOf = (log: PartitionLog): (string | null)[] =>
  recordsOf(readAll(log)).map(({ value }) => value);

/** Code of what `act` is refused with, 0 when it goes through. */
export function codeOf(act: () => unknown): number {
  try {
    act();
    return 0;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

export interface LogPlace {
  readonly clock: BrokerClock;
  /** A log of its own; the time of the broker stands still but for `clock.advance`. */
  open(config?: Partial<LogConfig>): PartitionLog;
  /** Closed and opened again where that keeps anything, else as it is. */
  reopen(log: PartitionLog, config?: Partial<LogConfig>): PartitionLog;
}

/** Runs the same tests with logs in memory and in files. */
export function describeLogs(name: string, define: (place: LogPlace) => void): void {
  describe.each(['memory', 'files'])(`${name}, in %s`, (kind) => {
    const clock = new BrokerClock();
    const dirs = new Map<PartitionLog, string | null>();
    const open = (config: Partial<LogConfig> = {}, dir: string | null = null): PartitionLog => {
      const log = openLog({ ...logOptions(config, dir), clock });
      dirs.set(log, dir);
      return log;
    };
    beforeAll(() => clock.stop());
    afterEach(() => {
      for (const log of dirs.keys()) log.remove();
      dirs.clear();
    });
    define({
      clock,
      open: (config) => open(config, kind === 'memory' ? null : temporaryFolder()),
      reopen(log, config) {
        const dir = dirs.get(log);
        if (!dir) return log;
        log.close();
        dirs.delete(log);
        return open(config, dir);
      },
    });
  });
}

/** Gone at the end of the file's tests. */
export function temporaryFolder(): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'millrace-log-'));
  folders.push(dir);
  return dir;
}

const folders: string[] = [];
afterAll(() => {
  for (const dir of folders.splice(0)) fs.rmSync(dir, { recursive: true, force: true });
});
