import fs from 'node:fs';
import path from 'node:path';
import { openLog } from '../../../src/devbroker/log/log';
import type { LogConfig, PartitionLog } from '../../../src/devbroker/log/port';
import { type Logger, SILENT } from '../../../src/kernel';
import { batch, batchesOf, COMPACT, logOptions, readAll, temporaryFolder, valuesOf } from './support';

interface Warning {
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

function open(dir: string, config: Partial<LogConfig> = {}): { log: PartitionLog; warnings: Warning[] } {
  const warnings: Warning[] = [];
  const logger: Logger = {
    ...SILENT,
    warn: (fields, message) => void warnings.push({ fields: fields as Record<string, unknown>, message }),
  };
  return { log: openLog({ ...logOptions(config, dir), logger }), warnings };
}

const segmentsOf = (dir: string) =>
  fs
    .readdirSync(dir)
    .filter((name) => name.endsWith('.log'))
    .sort();
const segment = (dir: string, n = 0) => path.join(dir, segmentsOf(dir)[n]!);

/** Five batches of two records, one of them of a transaction, one its marker. */
function written(dir: string, config: Partial<LogConfig> = {}): Buffer[] {
  // Markers have the time of now, records that of 1970.
  const { log } = open(dir, { segmentMs: Number.MAX_SAFE_INTEGER, ...config });
  log.append(batch(['0', '1']), 0);
  log.append(batch(['2', '3'], { producerId: 5, epoch: 1, sequence: 0, transactional: true }), 0);
  log.append(batch(['4', '5'], { compression: 'gzip' }), 0);
  log.appendMarker({ producerId: 5, epoch: 1, commit: false }, 0);
  log.append(batch(['7', '8']), 0);
  const batches = batchesOf(readAll(log).chunks);
  log.close();
  return batches;
}

const hex = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString('hex');

/** How many of the batches lie whole before the position. */
function wholeBefore(batches: readonly Buffer[], position: number): number {
  let end = 0;
  return batches.filter(({ length }) => (end += length) <= position).length;
}

it('opens every prefix of a file with the batches that are whole', () => {
  const dir = temporaryFolder();
  const batches = written(dir);
  const all = fs.readFileSync(segment(dir));
  for (let size = 0; size <= all.length; size++) {
    fs.writeFileSync(segment(dir), all.subarray(0, size));
    const { log, warnings } = open(dir);
    const whole = wholeBefore(batches, size);
    const kept = batches.slice(0, whole);
    expect([size, hex(readAll(log).chunks)]).toEqual([size, hex(kept)]);
    expect(log.endOffset).toBe([0, 2, 4, 6, 7, 9][whole]);
    expect(log.lastStableOffset).toBe([0, 2, 2, 2, 7, 9][whole]);
    const lost = size - Buffer.concat(kept).length;
    expect(warnings.map(({ fields }) => [fields.bytes, fields.offset])).toEqual(
      lost > 0 ? [[lost, log.endOffset]] : [],
    );
    log.append(batch(['next']), 0);
    expect(valuesOf(log).at(-1)).toBe('next');
    log.close();
    expect(open(dir).warnings).toEqual([]);
  }
});

it('cuts from the batch on that a changed byte is in', () => {
  const dir = temporaryFolder();
  const batches = written(dir);
  const all = fs.readFileSync(segment(dir));
  for (let at = 0; at < all.length; at++) {
    const changed = Buffer.from(all);
    changed[at]! ^= 0x10;
    fs.writeFileSync(segment(dir), changed);
    const { log, warnings } = open(dir);
    const kept = readAll(log).chunks;
    const whole = wholeBefore(batches, at);
    const inBatch = at - Buffer.concat(batches.slice(0, whole)).length;
    // Base offset and leader epoch are not under the checksum: another offset may pass, if it does not go back.
    if (inBatch < 8 || (inBatch >= 12 && inBatch < 16)) {
      expect(batchesOf(kept).length).toBeGreaterThanOrEqual(whole);
    } else {
      expect([at, hex(kept)]).toEqual([at, hex(batches.slice(0, whole))]);
      expect(warnings).toHaveLength(1);
    }
    log.close();
  }
});

it('drops the segments after a corrupt one, and says so once', () => {
  const dir = temporaryFolder();
  const config = { segmentBytes: 150 };
  const batches = written(dir, config);
  expect(segmentsOf(dir).length).toBeGreaterThan(3);
  const file = segment(dir, 1);
  const bytes = fs.readFileSync(file);
  bytes[bytes.length - 1]! ^= 1;
  fs.writeFileSync(file, bytes);
  const { log, warnings } = open(dir, config);
  expect(hex(readAll(log).chunks)).toBe(hex(batches.slice(0, 1)));
  const lost = Buffer.concat(batches.slice(1)).length;
  expect(warnings).toEqual([
    {
      fields: { topic: 'topic', partition: 3, file, offset: 2, bytes: lost, segments: 3 },
      message: expect.stringContaining(
        `${file} is cut at offset 2, ${lost} bytes are lost, 3 later segments`,
      ),
    },
  ]);
  expect(log.append(batch(['next']), 0).baseOffset).toBe(2);
  log.close();
  expect(open(dir, config).warnings).toEqual([]);
});

it('gives no offset again that was deleted, even when what came later is lost', () => {
  const dir = temporaryFolder();
  written(dir);
  const { log } = open(dir);
  log.deleteBefore(7);
  log.close();
  fs.truncateSync(segment(dir), 10);
  const again = open(dir).log;
  expect([again.startOffset, again.endOffset]).toEqual([7, 7]);
  again.append(batch(['next']), 0);
  again.close();
  expect(open(dir).log.startOffset).toBe(7);
});

it('finds what was appended without close or flush', () => {
  const dir = temporaryFolder();
  open(dir).log.append(batch(['a']), 0);
  expect(valuesOf(open(dir).log)).toEqual(['a']);
});

it('starts an empty log over in an empty folder, and removes all of it', () => {
  const dir = path.join(temporaryFolder(), 'topic-3');
  const { log } = open(dir);
  expect([log.startOffset, log.endOffset, log.sizeBytes]).toEqual([0, 0, 0]);
  log.remove();
  expect(fs.existsSync(dir)).toBe(false);
});

it('keeps the next offset when no record is to be kept', () => {
  const dir = temporaryFolder();
  written(dir);
  const { log } = open(dir, { retentionBytes: 0 });
  log.maintain();
  expect([log.startOffset, log.endOffset, log.sizeBytes]).toEqual([9, 9, 0]);
  log.close();
  const again = open(dir).log;
  expect([again.startOffset, again.endOffset]).toEqual([9, 9]);
});

describe('a compaction that did not come to its end', () => {
  const record = (n: number) => batch([{ key: 'k', value: `${n}`, timestamp: n * 10 }]);
  const config = { ...COMPACT, segmentMs: 1 };

  function compactable(): string {
    const dir = temporaryFolder();
    const { log } = open(dir, config);
    for (let n = 0; n < 4; n++) log.append(record(n), 0);
    log.close();
    return dir;
  }

  it('is forgotten before it was put in place', () => {
    const dir = compactable();
    fs.copyFileSync(segment(dir, 2), `${segment(dir)}.cleaned`);
    const { log, warnings } = open(dir, config);
    expect(valuesOf(log)).toEqual(['0', '1', '2', '3']);
    expect(warnings).toEqual([]);
    expect(fs.readdirSync(dir).filter((name) => name.endsWith('.cleaned'))).toEqual([]);
  });

  it.each([0, 1, 3])('is completed when %d of the replaced segments are gone already', (gone) => {
    const dir = compactable();
    const replaced = segmentsOf(dir).slice(0, 3);
    const swap = `${'0'.repeat(20)}-${'3'.padStart(20, '0')}.swap`;
    fs.copyFileSync(path.join(dir, replaced[2]!), path.join(dir, swap));
    for (const name of replaced.slice(0, gone)) fs.rmSync(path.join(dir, name));
    const { log, warnings } = open(dir, config);
    expect(valuesOf(log)).toEqual(['2', '3']);
    expect(warnings).toEqual([]);
    expect(segmentsOf(dir)).toHaveLength(2);
    log.close();
    expect(valuesOf(open(dir, config).log)).toEqual(['2', '3']);
  });

  it('survives a restart when it did', () => {
    const dir = compactable();
    const { log } = open(dir, config);
    log.maintain();
    expect(valuesOf(log)).toEqual(['2', '3']);
    log.close();
    const again = open(dir, config);
    expect(valuesOf(again.log)).toEqual(['2', '3']);
    expect([again.log.startOffset, again.log.endOffset, again.warnings]).toEqual([0, 4, []]);
  });
});
