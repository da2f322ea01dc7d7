/** Sequences, epochs, transactions: what Apache Kafka 4.1 answered to the same batches. */
import type { PartitionLog } from '../../../src/devbroker/log/port';
import { Code } from '../../../src/devbroker/refusal';
import * as layout from '../../../src/kafka/wire/batch-layout';
import { checksumFits } from '../../../src/kafka/wire/record-cursor';
import { batch, batchesOf, codeOf, describeLogs, readAll } from './support';

const MAX_SEQUENCE = 2 ** 31 - 1;
const EVERYTHING = Number.MAX_SAFE_INTEGER;

interface Sent {
  producerId?: number;
  epoch?: number;
  sequence: number;
  count?: number;
  transactional?: boolean;
}

const sent = ({ producerId = 5, epoch = 0, count = 1, ...rest }: Sent) =>
  batch(Array(count).fill('x'), { producerId, epoch, ...rest });
const send = (log: PartitionLog, batchOf: Sent) => log.append(sent(batchOf), 0).baseOffset;
const codeOfSend = (log: PartitionLog, batchOf: Sent) => codeOf(() => send(log, batchOf));
const mark = (log: PartitionLog, commit: boolean, producerId = 5, epoch = 0) =>
  log.appendMarker({ producerId, epoch, commit }, 0).baseOffset;

describeLogs('sequences', ({ open, reopen }) => {
  it('begin anywhere for a producer that is not known, and go on from there', () => {
    const log = open();
    expect(send(log, { sequence: 7, count: 3 })).toBe(0);
    expect(send(log, { sequence: 10 })).toBe(3);
    expect(codeOfSend(log, { sequence: 12 })).toBe(Code.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(codeOfSend(log, { sequence: 6 })).toBe(Code.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(log.endOffset).toBe(4);
  });

  it('tell duplicates of the last five batches, with the time of the first', () => {
    let log = open();
    for (let n = 0; n < 6; n++) send(log, { sequence: n });
    log = reopen(log);
    for (let n = 1; n < 6; n++) {
      expect(log.append(sent({ sequence: n }), 0)).toEqual({
        baseOffset: n,
        appendTime: 1000,
        startOffset: 0,
      });
    }
    expect(codeOfSend(log, { sequence: 0 })).toBe(Code.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(codeOfSend(log, { sequence: 4, count: 2 })).toBe(Code.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(log.endOffset).toBe(6);
  });

  it('begin at 0 in a new epoch, and old epochs are over', () => {
    let log = open();
    send(log, { sequence: 0 });
    expect(codeOfSend(log, { epoch: 1, sequence: 1 })).toBe(Code.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(send(log, { epoch: 1, sequence: 0, count: 3 })).toBe(1);
    log = reopen(log);
    expect(codeOfSend(log, { epoch: 0, sequence: 1 })).toBe(Code.INVALID_PRODUCER_EPOCH);
    expect(codeOfSend(log, { epoch: 0, sequence: 0 })).toBe(Code.INVALID_PRODUCER_EPOCH);
    expect(send(log, { epoch: 1, sequence: 0, count: 3 })).toBe(1);
    expect(send(log, { epoch: 1, sequence: 3 })).toBe(4);
  });

  it('go on with 0 after the largest', () => {
    const log = open();
    send(log, { sequence: MAX_SEQUENCE - 1, count: 4 });
    expect(send(log, { sequence: MAX_SEQUENCE - 1, count: 4 })).toBe(0);
    expect(send(log, { sequence: 2 })).toBe(4);
    send(log, { producerId: 6, sequence: MAX_SEQUENCE - 1, count: 2 });
    expect(send(log, { producerId: 6, sequence: 0 })).toBe(7);
  });

  it('are not looked at without an epoch', () => {
    const log = open();
    send(log, { epoch: -1, sequence: 0 });
    expect(send(log, { epoch: -1, sequence: 9 })).toBe(1);
  });

  it('of different producers have nothing to do with each other', () => {
    const log = open();
    send(log, { producerId: 1, sequence: 0 });
    send(log, { producerId: 2, sequence: 0 });
    expect(send(log, { producerId: 1, sequence: 1 })).toBe(2);
    expect(log.producer(1)).toMatchObject({ producerId: 1, epoch: 0, lastSequence: 1, openSince: null });
    expect(log.producer(3)).toBeUndefined();
  });
});

describeLogs('transactions', ({ open, reopen, clock }) => {
  it('hold the last stable offset until they end', () => {
    let log = open();
    log.append(batch(['before']), 0);
    send(log, { producerId: 1, sequence: 0, transactional: true });
    send(log, { producerId: 2, sequence: 0, transactional: true });
    log.append(batch(['after']), 0);
    expect([log.lastStableOffset, log.endOffset]).toEqual([1, 4]);
    mark(log, true, 1);
    expect([log.lastStableOffset, log.endOffset]).toEqual([2, 5]);
    log = reopen(log);
    expect(log.producer(2)).toMatchObject({ openSince: 2 });
    expect([log.lastStableOffset, log.endOffset]).toEqual([2, 5]);
    mark(log, false, 2);
    expect([log.lastStableOffset, log.endOffset]).toEqual([6, 6]);
  });

  it('are read to the last stable offset under read_committed', () => {
    const log = open();
    log.append(batch(['before']), 0);
    send(log, { sequence: 0, transactional: true });
    log.append(batch(['after']), 0);
    const size = batch(['before']).length;
    expect(log.read(0, EVERYTHING, 'read_committed', true).sizeBytes).toBe(size);
    expect(log.available(0, 'read_committed', EVERYTHING)).toBe(size);
    expect(log.read(2, EVERYTHING, 'read_committed', true).chunks).toEqual([]);
    expect(log.findTimestamp(1000, 'read_committed')).toEqual({ timestamp: 1000, offset: 0 });
    log.deleteBefore(1);
    expect(log.findTimestamp(1000, 'read_committed')).toBeNull();
    expect(log.findTimestamp(1000, 'read_uncommitted')).toEqual({ timestamp: 1000, offset: 1 });
  });

  it('that were aborted come with a read that overlaps them', () => {
    let log = open({ segmentBytes: 200 });
    send(log, { producerId: 1, sequence: 0, transactional: true });
    send(log, { producerId: 2, sequence: 0, transactional: true });
    mark(log, false, 2);
    mark(log, false, 1);
    send(log, { producerId: 3, sequence: 0, transactional: true });
    mark(log, true, 3);
    send(log, { producerId: 1, sequence: 1, transactional: true });
    mark(log, false, 1);
    log = reopen(log, { segmentBytes: 200 });
    const aborted = (offset: number, maxBytes = EVERYTHING) =>
      log
        .read(offset, maxBytes, 'read_committed', true)
        .aborted.map((each) => [each.producerId, each.firstOffset]);
    expect(aborted(0, 1)).toEqual([[1, 0]]);
    expect(aborted(0)).toEqual([
      [2, 1],
      [1, 0],
      [1, 6],
    ]);
    expect(aborted(3)).toEqual([
      [1, 0],
      [1, 6],
    ]);
    expect(aborted(4, 1)).toEqual([]);
    expect(log.read(0, EVERYTHING, 'read_uncommitted', true).aborted).toEqual([]);
  });

  it('take no other batches of their producer', () => {
    const log = open();
    send(log, { sequence: 0, transactional: true });
    expect(codeOfSend(log, { sequence: 1 })).toBe(Code.INVALID_TXN_STATE);
    send(log, { sequence: 1, transactional: true });
    mark(log, true);
    expect(send(log, { sequence: 2 })).toBe(3);
    expect(send(log, { sequence: 0, transactional: true })).toBe(0);
  });

  it('end with markers like those of Kafka', () => {
    const log = open();
    mark(log, false, 3052, 0);
    mark(log, true, 3052, 1);
    const [abort, commit] = batchesOf(readAll(log).chunks);
    // Base timestamp and checksum are the clock's; the rest is what Kafka 4.1 wrote, but for the epoch of its coordinator.
    const fixed = (marker: Buffer) => {
      expect(checksumFits(marker)).toBe(true);
      return [
        marker.subarray(layout.LENGTH, layout.CHECKSUM).toString('hex'),
        marker.subarray(layout.ATTRIBUTES, layout.BASE_TIMESTAMP).toString('hex'),
        marker.subarray(layout.PRODUCER_ID).toString('hex'),
      ];
    };
    expect(fixed(abort!)).toEqual([
      '000000420000000002',
      '003000000000',
      '0000000000000bec0000ffffffff000000012000000008000000000c00000000000000',
    ]);
    expect(fixed(commit!)).toEqual([
      '000000420000000002',
      '003000000000',
      '0000000000000bec0001ffffffff000000012000000008000000010c00000000000000',
    ]);
  });

  it('are fenced by the epoch of a marker', () => {
    let log = open();
    send(log, { sequence: 0, transactional: true });
    mark(log, false, 5, 1);
    log = reopen(log);
    expect(codeOfSend(log, { sequence: 1, transactional: true })).toBe(Code.INVALID_PRODUCER_EPOCH);
    expect(codeOf(() => mark(log, true, 5, 0))).toBe(Code.INVALID_PRODUCER_EPOCH);
    expect(codeOfSend(log, { epoch: 1, sequence: 1 })).toBe(Code.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(send(log, { epoch: 1, sequence: 0 })).toBe(2);
  });

  it('that nothing was written in leave no trace', () => {
    const log = open();
    mark(log, false);
    expect(log.read(0, EVERYTHING, 'read_committed', true).aborted).toEqual([]);
    expect(log.lastStableOffset).toBe(1);
  });

  it('hold no offset that was deleted', () => {
    const log = open();
    send(log, { sequence: 0, transactional: true });
    log.append(batch(['x', 'y']), 0);
    log.deleteBefore(2);
    expect(log.lastStableOffset).toBe(2);
  });

  it('are not forgotten while they are open', () => {
    const log = open();
    send(log, { sequence: 0, transactional: true });
    clock.advance(48 * 3600 * 1000);
    log.maintain();
    expect(log.producer(5)).toMatchObject({ openSince: 0 });
  });
});
