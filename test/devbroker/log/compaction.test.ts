import { BrokerClock } from '../../../src/devbroker/clock';
import { openLog } from '../../../src/devbroker/log/log';
import type { LogConfig, PartitionLog } from '../../../src/devbroker/log/port';
import * as layout from '../../../src/kafka/wire/batch-layout';
import { BatchCursor, checksumFits } from '../../../src/kafka/wire/record-cursor';
import { waitFor } from '../../support/wait';
import {
  type BatchOptions,
  batch,
  batchesOf,
  COMPACT,
  describeLogs,
  logOptions,
  readAll,
  recordsOf,
  temporaryFolder,
  valuesOf,
} from './support';

type Pair = readonly [key: string, value: string | null];

/** Every batch in a segment of its own, the last one active. */
const CONFIG: LogConfig = { ...COMPACT, segmentMs: 1, deleteRetentionMs: 1000 };

/** `base+delta flags sequence [offset:key=value …]`, one batch a line. */
function shapeOf(log: PartitionLog): string[] {
  return batchesOf(readAll(log).chunks).map((each) => {
    expect(checksumFits(each)).toBe(true);
    const attributes = each.readInt16BE(layout.ATTRIBUTES);
    const isControl = (attributes & layout.FLAG_CONTROL) !== 0;
    const records: string[] = [];
    const cursor = new BatchCursor(each, log, 0);
    while (cursor.next()) {
      const what = isControl
        ? ['abort', 'commit'][cursor.key!.readInt16BE(2)]
        : `${cursor.key}=${cursor.value}`;
      records.push(`${cursor.offset}:${what}`);
    }
    const base = layout.readInt64(each, layout.BASE_OFFSET);
    const delta = each.readInt32BE(layout.LAST_OFFSET_DELTA);
    const sequence = each.readInt32BE(layout.BASE_SEQUENCE);
    return `${base}+${delta} ${attributes.toString(16)} ${sequence} [${records.join(' ')}]`;
  });
}

/** A busy machine may need more than one step. */
function compacted(log: PartitionLog): void {
  for (let n = 0; n < 20; n++) log.maintain();
}

describeLogs('compaction', ({ open, reopen, clock }) => {
  const put = (log: PartitionLog, pairs: readonly Pair[], options: BatchOptions = {}) => {
    clock.advance(10);
    const records = pairs.map(([key, value]) => ({ key, value, timestamp: clock.now() }));
    return log.append(batch(records, options), 0).baseOffset;
  };
  const transactional = (sequence: number): BatchOptions => ({
    producerId: 5,
    epoch: 0,
    sequence,
    transactional: true,
  });
  const mark = (log: PartitionLog, commit: boolean) =>
    log.appendMarker({ producerId: 5, epoch: 0, commit }, 0).baseOffset;

  // The expectations of the next three are what Apache Kafka 4.1 made of the same batches.

  it('keeps the newest value of each key, at its offset; tombstones for a while', () => {
    let log = open(CONFIG);
    put(log, [
      ['a', '1'],
      ['b', '1'],
      ['c', '1'],
    ]);
    put(log, [['a', '2']], { compression: 'gzip' });
    put(
      log,
      [
        ['a', '3'],
        ['d', '1'],
        ['e', '1'],
      ],
      { compression: 'gzip' },
    );
    put(log, [['b', null]]);
    put(log, [
      ['e', '2'],
      ['f', null],
      ['e', '3'],
    ]);
    put(log, [['x', '1']]);
    put(log, [['x', '2']]);
    const times = recordsOf(readAll(log)).map(({ offset, timestamp }) => [offset, timestamp]);
    compacted(log);
    const first = [
      '0+2 0 -1 [2:c=1]',
      '4+2 1 -1 [4:a=3 5:d=1]',
      '7+0 40 -1 [7:b=null]',
      '8+2 40 -1 [9:f=null 10:e=3]',
      '11+0 0 -1 [11:x=1]',
      '12+0 0 -1 [12:x=2]',
    ];
    expect(shapeOf(log)).toEqual(first);
    for (const { offset, timestamp } of recordsOf(readAll(log)))
      expect(times).toContainEqual([offset, timestamp]);
    log = reopen(log, CONFIG);
    compacted(log);
    expect(shapeOf(log)).toEqual(first);
    put(log, [['n', '1']]);
    clock.advance(1001);
    compacted(log);
    expect(shapeOf(log)).toEqual([
      '0+2 0 -1 [2:c=1]',
      '4+2 1 -1 [4:a=3 5:d=1]',
      '8+2 40 -1 [10:e=3]',
      '12+0 0 -1 [12:x=2]',
      '13+0 0 -1 [13:n=1]',
    ]);
    expect([log.startOffset, log.endOffset]).toEqual([0, 14]);
  });

  it('keeps what tells the sequence of a producer', () => {
    let log = open(CONFIG);
    for (let n = 0; n < 6; n++) put(log, [['a', `${n}`]], { producerId: 1, epoch: 0, sequence: n });
    for (let n = 0; n < 3; n++) put(log, [['a', `z${n}`]], { producerId: 2, epoch: 0, sequence: n });
    put(log, [['a', 'last']]);
    put(log, [['b', 'last']]);
    put(log, [['b', 'last']]);
    compacted(log);
    expect(shapeOf(log)).toEqual([
      '5+0 0 5 []',
      '8+0 0 2 []',
      '9+0 0 -1 [9:a=last]',
      '10+0 0 -1 [10:b=last]',
      '11+0 0 -1 [11:b=last]',
    ]);
    log = reopen(log, CONFIG);
    expect(log.producer(1)).toMatchObject({ epoch: 0, lastSequence: 5 });
    expect(put(log, [['a', '6']], { producerId: 1, epoch: 0, sequence: 6 })).toBe(12);
    expect(put(log, [['a', 'z2']], { producerId: 2, epoch: 0, sequence: 2 })).toBe(8);
  });

  it('drops what was aborted, then markers that nothing is left of', () => {
    const log = open(CONFIG);
    put(log, [
      ['a', 'before'],
      ['k', 'before'],
    ]);
    put(
      log,
      [
        ['a', '1'],
        ['b', '1'],
      ],
      transactional(0),
    );
    mark(log, true);
    put(
      log,
      [
        ['a', 'aborted'],
        ['q', 'aborted'],
      ],
      transactional(2),
    );
    put(log, [['b', 'aborted']], transactional(4));
    mark(log, false);
    put(log, [['b', '2']], transactional(5));
    put(log, [['c', null]], transactional(6));
    mark(log, true);
    put(log, [['z', 'aborted']], transactional(7));
    mark(log, false);
    put(
      log,
      [
        ['a', '3'],
        ['b', '3'],
      ],
      transactional(8),
    );
    mark(log, true);
    for (const n of [1, 2]) put(log, [['x', `${n}`]]);
    compacted(log);
    const rest = ['14+1 10 8 [14:a=3 15:b=3]', '16+0 30 -1 [16:commit]'];
    expect(shapeOf(log)).toEqual([
      '0+1 0 -1 [1:k=before]',
      '4+0 30 -1 [4:commit]',
      '8+0 30 -1 [8:abort]',
      '10+0 50 6 [10:c=null]',
      '11+0 30 -1 [11:commit]',
      '13+0 30 -1 [13:abort]',
      ...rest,
      '17+0 0 -1 [17:x=1]',
      '18+0 0 -1 [18:x=2]',
    ]);
    expect(log.read(0, 1e6, 'read_committed', true).aborted).toHaveLength(2);
    put(log, [['y', '1']]);
    clock.advance(1001);
    compacted(log);
    expect(shapeOf(log).slice(0, -2)).toEqual([
      '0+1 0 -1 [1:k=before]',
      '4+0 70 -1 [4:commit]',
      '8+0 70 -1 [8:abort]',
      '11+0 30 -1 [11:commit]',
      '13+0 70 -1 [13:abort]',
      ...rest,
    ]);
    expect(log.read(0, 1e6, 'read_committed', true).aborted).toEqual([]);
    put(log, [['y', '2']]);
    clock.advance(1001);
    compacted(log);
    expect(shapeOf(log).slice(0, -3)).toEqual(['0+1 0 -1 [1:k=before]', '11+0 70 -1 [11:commit]', ...rest]);
  });

  it('waits for the end of a transaction', () => {
    const log = open(CONFIG);
    put(log, [['a', '1']]);
    put(log, [['a', '2']]);
    put(log, [['a', '3']], transactional(0));
    put(log, [['a', '4']]);
    put(log, [['a', '5']]);
    compacted(log);
    expect(valuesOf(log)).toEqual(['2', '3', '4', '5']);
    mark(log, false);
    compacted(log);
    expect(valuesOf(log)).toEqual(['4', '5']);
  });

  it('waits for enough to gain, unless it is late', () => {
    const now = clock.now();
    const put = (log: PartitionLog, value: string, timestamp: number) =>
      log.append(batch([{ key: 'k', value, timestamp }]), 0);
    const log = open({ ...CONFIG, minCleanableDirtyRatio: 0.6, segmentMs: 1 });
    for (const n of [1, 2, 3]) put(log, `${n}`, now + 10 * n);
    compacted(log);
    expect(valuesOf(log)).toEqual(['2', '3']);
    put(log, '4', now + 40);
    compacted(log);
    expect(valuesOf(log)).toEqual(['2', '3', '4']);
    log.configure({ ...CONFIG, minCleanableDirtyRatio: 0.6, maxCompactionLagMs: 1000 });
    clock.advance(1000);
    compacted(log);
    expect(valuesOf(log)).toEqual(['2', '3', '4']);
    clock.advance(100);
    compacted(log);
    expect(valuesOf(log)).toEqual(['3', '4']);
  });

  it('leaves young segments alone', () => {
    const now = clock.now();
    const log = open({ ...CONFIG, minCompactionLagMs: 1000 });
    for (const age of [3000, 2000, 500, 400]) {
      log.append(batch([{ key: 'k', value: `${age}`, timestamp: now - age }]), 0);
    }
    compacted(log);
    expect(valuesOf(log)).toEqual(['2000', '500', '400']);
  });

  it('goes together with retention', () => {
    const now = clock.now();
    const log = open({ ...CONFIG, cleanup: { delete: true, compact: true }, retentionMs: 1000 });
    const records = [
      ['a', 5000],
      ['b', 900],
      ['b', 800],
      ['b', 700],
    ] as const;
    for (const [key, age] of records) {
      log.append(batch([{ key, value: `${age}`, timestamp: now - age }]), 0);
    }
    compacted(log);
    expect(log.startOffset).toBe(1);
    expect(valuesOf(log)).toEqual(['800', '700']);
  });

  it('merges segments up to their size', () => {
    const log = open({ ...CONFIG, segmentBytes: 1000 });
    for (let n = 0; n < 30; n++) put(log, [[`key ${n}`, 'v']]);
    expect(log.shed(1)).toBeLessThan(100);
    compacted(log);
    expect(log.shed(1)).toBeGreaterThan(900);
  });
});

describe.each(['memory', 'files'])('a large compaction, in %s', (kind) => {
  const config = { ...COMPACT, segmentBytes: 50_000 };

  function filled() {
    const clock = new BrokerClock();
    const log = openLog({ ...logOptions(config, kind === 'files' ? temporaryFolder() : null), clock });
    for (let n = 0; n < 400; n++) {
      const records = Array.from({ length: 500 }, (_, i) => ({ key: `${i}`, value: `${n}` }));
      log.append(batch(records, { compression: 'gzip' }), 0);
    }
    return { log, clock };
  }

  it('lets others come in between and comes to its end by itself', async () => {
    const { log } = filled();
    const before = log.sizeBytes;
    log.maintain();
    const afterOneStep = log.sizeBytes;
    expect(afterOneStep).toBeGreaterThan(before / 2);
    log.append(batch([{ key: 'new', value: 'v' }]), 0);
    await waitFor(() => log.sizeBytes < before / 5, { what: 'the end of the compaction' });
    const newest = new Map(recordsOf(readAll(log)).map(({ key, value }) => [key, value]));
    expect(newest.size).toBe(501);
    expect([newest.get('0'), newest.get('499'), newest.get('new')]).toEqual(['399', '399', 'v']);
    log.remove();
  });

  it('is given up when its segments go', () => {
    const { log } = filled();
    log.maintain();
    log.shed(Number.MAX_SAFE_INTEGER);
    const values = valuesOf(log);
    expect(values.at(-1)).toBe('399');
    log.maintain();
    expect(valuesOf(log)).toEqual(values);
    log.remove();
  });
});
