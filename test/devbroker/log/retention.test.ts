import { batch, CONFIG, describeLogs, valuesOf } from './support';

describeLogs('retention', ({ open, reopen, clock }) => {
  const at = (value: string, timestamp: number) => batch([{ key: 'k', value, timestamp }]);
  const size = at('0', clock.now()).length;

  it('drops segments whose newest record is too old, the active one too', () => {
    const config = { retentionMs: 1000, segmentBytes: 2 * size };
    let log = open(config);
    const now = clock.now();
    for (const [n, age] of [5000, 500, 3000, 2000, 1500].entries()) log.append(at(`${n}`, now - age), 0);
    log.maintain();
    expect(valuesOf(log)).toEqual(['0', '1', '2', '3', '4']);
    clock.advance(501);
    log.maintain();
    expect(log.startOffset).toBe(5);
    expect([log.sizeBytes, log.endOffset]).toEqual([0, 5]);
    log.append(at('5', clock.now()), 0);
    log = reopen(log, config);
    log.maintain();
    expect(valuesOf(log)).toEqual(['5']);
  });

  it('drops the oldest segments while enough bytes are left', () => {
    const log = open({ retentionBytes: 3 * size, segmentBytes: 2 * size });
    for (let n = 0; n < 7; n++) log.append(at(`${n}`, 1000), 0);
    log.maintain();
    expect(valuesOf(log)).toEqual(['4', '5', '6']);
    log.append(at('7', 1000), 0);
    log.maintain();
    expect(valuesOf(log)).toEqual(['4', '5', '6', '7']);
    log.configure({ ...CONFIG, segmentBytes: 2 * size, retentionBytes: 0 });
    log.maintain();
    expect([log.startOffset, log.endOffset]).toEqual([8, 8]);
  });

  it('leaves compacted topics alone', () => {
    const log = open({ retentionMs: 1, retentionBytes: 1, cleanup: { delete: false, compact: true } });
    log.append(at('0', 1000), 0);
    log.maintain();
    expect(valuesOf(log)).toEqual(['0']);
  });

  it('forgets aborted transactions with their segments', () => {
    const log = open({ retentionBytes: 0 });
    log.append(batch(['x'], { producerId: 1, epoch: 0, sequence: 0, transactional: true }), 0);
    log.appendMarker({ producerId: 1, epoch: 0, commit: false }, 0);
    log.maintain();
    log.append(at('next', 1000), 0);
    expect(log.read(2, 1000, 'read_committed', true).aborted).toEqual([]);
  });
});
