import { Code } from '../../../src/devbroker/refusal';
import * as layout from '../../../src/kafka/wire/batch-layout';
import { batch, batchesOf, codeOf, describeLogs, readAll, recordsOf, valuesOf } from './support';

const EVERYTHING = Number.MAX_SAFE_INTEGER;

describeLogs('append and read', ({ open, reopen, clock }) => {
  it('answers what was appended, at the offsets it got', () => {
    const log = open();
    expect(log.append(batch(['a', 'b']), 0)).toEqual({ baseOffset: 0, appendTime: -1, startOffset: 0 });
    expect(log.append(batch(['c']), 0).baseOffset).toBe(2);
    expect(log.endOffset).toBe(3);
    expect(recordsOf(readAll(log)).map(({ offset, value }) => [offset, value])).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
    ]);
    expect(valuesOf(reopen(log))).toEqual(['a', 'b', 'c']);
  });

  it('copies what it is given', () => {
    const log = open();
    const given = batch(['a']);
    log.append(given, 0);
    given.fill(0);
    expect(valuesOf(log)).toEqual(['a']);
  });

  it('stamps base offset and leader epoch', () => {
    const log = open();
    log.append(batch(['a']), 3);
    log.append(batch(['b']), 4);
    const headers = batchesOf(readAll(log).chunks).map((each) => [
      layout.readInt64(each, layout.BASE_OFFSET),
      each.readInt32BE(layout.LEADER_EPOCH),
    ]);
    expect(headers).toEqual([
      [0, 3],
      [1, 4],
    ]);
  });

  it('begins with the batch that holds the offset', () => {
    const log = open();
    log.append(batch(['a', 'b', 'c']), 0);
    log.append(batch(['d']), 0);
    expect(recordsOf(log.read(1, EVERYTHING, 'read_uncommitted', true)).map(({ offset }) => offset)).toEqual([
      0, 1, 2, 3,
    ]);
    expect(recordsOf(log.read(3, EVERYTHING, 'read_uncommitted', true)).map(({ offset }) => offset)).toEqual([
      3,
    ]);
  });

  it('ends before the batch that would be too much, but answers one when asked to', () => {
    const log = open();
    for (const value of ['a', 'b', 'c']) log.append(batch([value]), 0);
    const size = batch(['a']).length;
    expect(log.read(0, 2 * size, 'read_uncommitted', false).sizeBytes).toBe(2 * size);
    expect(log.read(0, 3 * size - 1, 'read_uncommitted', false).sizeBytes).toBe(2 * size);
    expect(log.read(1, size - 1, 'read_uncommitted', false)).toEqual({
      chunks: [],
      sizeBytes: 0,
      aborted: [],
    });
    expect(log.read(1, size - 1, 'read_uncommitted', true).sizeBytes).toBe(size);
    expect(log.read(3, EVERYTHING, 'read_uncommitted', true).chunks).toEqual([]);
  });

  it('reads on through segments', () => {
    const size = batch(['0']).length;
    const log = open({ segmentBytes: 3 * size });
    for (let n = 0; n < 10; n++) log.append(batch([`${n}`]), 0);
    expect(valuesOf(log)).toEqual([...'0123456789']);
    expect(recordsOf(log.read(2, 4 * size, 'read_uncommitted', true)).map(({ value }) => value)).toEqual([
      ...'2345',
    ]);
    expect(valuesOf(reopen(log, { segmentBytes: 3 * size }))).toEqual([...'0123456789']);
  });

  it('refuses offsets that it does not have', () => {
    const log = open();
    log.append(batch(['a']), 0);
    expect(codeOf(() => log.read(-1, EVERYTHING, 'read_uncommitted', true))).toBe(Code.OFFSET_OUT_OF_RANGE);
    expect(codeOf(() => log.read(2, EVERYTHING, 'read_uncommitted', true))).toBe(Code.OFFSET_OUT_OF_RANGE);
  });

  it('tells how much there is to read', () => {
    const log = open({ segmentBytes: 200 });
    for (const value of ['a', 'b', 'c', 'd', 'e']) log.append(batch([value]), 0);
    const size = batch(['a']).length;
    expect(log.available(0, 'read_uncommitted', EVERYTHING)).toBe(5 * size);
    expect(log.available(4, 'read_uncommitted', EVERYTHING)).toBe(size);
    expect(log.available(5, 'read_uncommitted', EVERYTHING)).toBe(0);
    expect(log.available(0, 'read_uncommitted', 10)).toBe(10);
    expect(log.available(6, 'read_uncommitted', 10)).toBe(10);
  });

  it('keeps small and very large batches in order', () => {
    const log = open();
    const values = [1, 5_000, 300_000, 2, 900_000, 70_000, 3].map((size, n) => `${n}`.repeat(size));
    for (const value of values) log.append(batch([value]), 0);
    expect(valuesOf(log)).toEqual(values);
    expect(valuesOf(reopen(log))).toEqual(values);
  });

  it('finds the first record with a time', () => {
    const log = open({ segmentBytes: 250 });
    log.append(batch([{ timestamp: 100 }, { timestamp: 300 }, { timestamp: 200 }]), 0);
    log.append(batch([{ timestamp: 50 }]), 0);
    log.append(batch([{ timestamp: 400 }, { timestamp: 500 }]), 0);
    const found = (timestamp: number) => log.findTimestamp(timestamp, 'read_uncommitted');
    expect(found(0)).toEqual({ timestamp: 100, offset: 0 });
    expect(found(150)).toEqual({ timestamp: 300, offset: 1 });
    expect(found(301)).toEqual({ timestamp: 400, offset: 4 });
    expect(found(501)).toBeNull();
    log.deleteBefore(2);
    expect(found(150)).toEqual({ timestamp: 200, offset: 2 });
  });

  it('calls listeners when it grows, loses its begin and ends', () => {
    const log = open();
    let calls = 0;
    const stop = log.onChange(() => calls++);
    log.append(batch(['a', 'b']), 0);
    expect(calls).toBe(1);
    log.deleteBefore(1);
    expect(calls).toBe(2);
    log.deleteBefore(1);
    expect(calls).toBe(2);
    stop();
    log.append(batch(['c']), 0);
    expect(calls).toBe(2);
    log.onChange(() => calls++);
    log.close();
    expect(calls).toBe(3);
    expect(codeOf(() => log.append(batch(['d']), 0))).toBe(Code.UNKNOWN_TOPIC_OR_PARTITION);
  });

  it('deletes records up to an offset, also in the middle of a batch, for good', () => {
    const log = open({ segmentBytes: 250 });
    for (let n = 0; n < 9; n += 3) log.append(batch([`${n}`, `${n + 1}`, `${n + 2}`]), 0);
    const before = log.sizeBytes;
    expect(log.deleteBefore(7)).toBe(7);
    expect(log.deleteBefore(2)).toBe(7);
    expect(log.sizeBytes).toBeLessThan(before);
    expect(codeOf(() => log.read(6, EVERYTHING, 'read_uncommitted', true))).toBe(Code.OFFSET_OUT_OF_RANGE);
    expect(codeOf(() => log.deleteBefore(10))).toBe(Code.OFFSET_OUT_OF_RANGE);
    const again = reopen(log, { segmentBytes: 250 });
    expect(again.startOffset).toBe(7);
    expect(again.endOffset).toBe(9);
    expect(again.deleteBefore(-1)).toBe(9);
    const empty = reopen(again, { segmentBytes: 250 });
    expect([empty.startOffset, empty.endOffset]).toEqual([9, 9]);
    expect(empty.append(batch(['next']), 0)).toMatchObject({ baseOffset: 9, startOffset: 9 });
  });

  it('drops the oldest segments when memory is short, never the active one', () => {
    const size = batch(['0']).length;
    const log = open({ segmentBytes: 2 * size });
    for (let n = 0; n < 7; n++) log.append(batch([`${n}`]), 0);
    expect(log.shed(1)).toBe(2 * size);
    expect(log.startOffset).toBe(2);
    expect(log.shed(100 * size)).toBe(4 * size);
    expect(valuesOf(log)).toEqual(['6']);
    expect(log.shed(1)).toBe(0);
  });

  it('begins a new segment when records are too far apart in time', () => {
    const log = open({ segmentMs: 1000 });
    log.append(batch([{ value: 'a', timestamp: 1000 }]), 0);
    log.append(batch([{ value: 'b', timestamp: 2000 }]), 0);
    log.append(batch([{ value: 'c', timestamp: 2001 }]), 0);
    log.shed(1);
    expect(valuesOf(log)).toEqual(['c']);
  });

  it('forgets producers that have not written for a day', () => {
    const log = open();
    log.append(batch(['a'], { producerId: 5, epoch: 0, sequence: 0 }), 0);
    clock.advance(24 * 3600 * 1000 - 1);
    log.maintain();
    expect(log.producer(5)).toMatchObject({ epoch: 0, lastSequence: 0, openSince: null });
    clock.advance(1);
    log.maintain();
    expect(log.producer(5)).toBeUndefined();
  });
});
