import { BrokerClock } from '../../../src/devbroker/clock';
import { createJournal } from '../../../src/devbroker/topics/journal';
import { COMPACT, describeLogs } from '../log/support';

describeLogs('journal', ({ open, reopen }) => {
  const clock = new BrokerClock();

  it('finds what was written last, in the order of the writes', () => {
    let log = open(COMPACT);
    const journal = createJournal(() => log, clock);
    expect(journal.load()).toEqual(new Map());
    journal.put('a', { n: 1 });
    journal.put('b', [1, 'two', null]);
    journal.put('c', 'gone');
    journal.put('a', { n: 2 });
    journal.put('c', null);
    log = reopen(log, COMPACT);
    expect([...journal.load()]).toEqual([
      ['b', [1, 'two', null]],
      ['a', { n: 2 }],
    ]);
  });

  it('stays small by compaction and loses nothing', () => {
    const config = { ...COMPACT, segmentBytes: 2000, deleteRetentionMs: 0 };
    let log = open(config);
    const journal = createJournal(() => log, clock);
    for (let n = 0; n < 500; n++) {
      journal.put(`key ${n % 7}`, { n });
      journal.put(`gone ${n}`, true);
      journal.put(`gone ${n}`, null);
      log.maintain();
    }
    log = reopen(log, config);
    expect(log.sizeBytes).toBeLessThan(10_000);
    expect([...journal.load().values()]).toEqual([493, 494, 495, 496, 497, 498, 499].map((n) => ({ n })));
  });

  it('reads tables of any size', () => {
    const log = open(COMPACT);
    const journal = createJournal(() => log, clock);
    const text = 'x'.repeat(300_000);
    for (let n = 0; n < 9; n++) journal.put(`${n}`, text + n);
    expect([...journal.load()]).toEqual(Array.from({ length: 9 }, (_, n) => [`${n}`, text + n]));
  });
});
