import { OffsetTracker } from '../../src/flow/offset-tracker';
import { SourceRecord } from '../../src/kernel';

const record = (partition: Record<string, string>, position: number): SourceRecord =>
  new SourceRecord(partition, { position }, 't', null, null, null, null, null);

const A = { file: 'a' };
const B = { file: 'b' };

describe('offsets follow acknowledged polls', () => {
  test('nothing is safe before the poll is closed and acknowledged', () => {
    const tracker = new OffsetTracker();
    const poll = tracker.open();
    poll.pending = 1;
    tracker.track(record(A, 1));
    tracker.track(record(A, 2));
    expect(tracker.take()).toEqual([]);
    poll.closed = true;
    expect(tracker.take()).toEqual([]);
    poll.pending = 0;
    expect(tracker.take()).toEqual([{ partition: A, offset: { position: 2 } }]);
    expect(tracker.take()).toEqual([]);
  });

  test('a later poll acknowledged first does not pass an earlier one', () => {
    const tracker = new OffsetTracker();
    const first = tracker.open();
    first.pending = 1;
    tracker.track(record(A, 1));
    first.closed = true;
    const second = tracker.open();
    tracker.track(record(A, 2));
    second.closed = true;
    expect(tracker.take()).toEqual([]);
    first.pending = 0;
    expect(tracker.take()).toEqual([{ partition: A, offset: { position: 2 } }]);
  });

  test('a stuck poll holds back only the partitions it wrote for', () => {
    const tracker = new OffsetTracker();
    const stuck = tracker.open();
    stuck.pending = 1;
    tracker.track(record(A, 1));
    stuck.closed = true;
    const fine = tracker.open();
    tracker.track(record(B, 5));
    tracker.track(record(A, 2));
    fine.closed = true;
    expect(tracker.take()).toEqual([{ partition: B, offset: { position: 5 } }]);
  });

  test('a poll that is still open holds back later ones', () => {
    const tracker = new OffsetTracker();
    tracker.open();
    tracker.track(record(A, 1));
    const next = tracker.open();
    tracker.track(record(A, 2));
    next.closed = true;
    expect(tracker.take()).toEqual([]);
  });

  test('equal partitions in different objects are one', () => {
    const tracker = new OffsetTracker();
    const poll = tracker.open();
    tracker.track(record({ file: 'a' }, 1));
    tracker.track(record({ file: 'a' }, 2));
    poll.closed = true;
    expect(tracker.take()).toEqual([{ partition: A, offset: { position: 2 } }]);
  });

  test('a failed store gives offsets back, a newer one wins', () => {
    const tracker = new OffsetTracker();
    tracker.open().closed = true;
    const poll = tracker.open();
    tracker.track(record(A, 1));
    tracker.track(record(B, 1));
    poll.closed = true;
    const taken = tracker.take();
    tracker.restore(taken);
    const next = tracker.open();
    tracker.track(record(A, 9));
    next.closed = true;
    expect(tracker.take()).toEqual([
      { partition: A, offset: { position: 9 } },
      { partition: B, offset: { position: 1 } },
    ]);
  });

  test('many idle partitions are forgotten, not their offsets', () => {
    const tracker = new OffsetTracker();
    for (let i = 0; i < 10_050; i++) {
      const poll = tracker.open();
      tracker.track(record({ file: String(i) }, i));
      poll.closed = true;
    }
    expect(tracker.take()).toHaveLength(10_050);
    const poll = tracker.open();
    tracker.track(record({ file: '3' }, 77));
    poll.closed = true;
    expect(tracker.take()).toEqual([{ partition: { file: '3' }, offset: { position: 77 } }]);
  });
});
