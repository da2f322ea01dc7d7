/** Retention, flushing and the bound on all bytes, as time passes. */
import { BrokerClock } from '../../../src/devbroker/clock';
import type { PartitionLog } from '../../../src/devbroker/log/port';
import { settingsOf } from '../../../src/devbroker/options';
import { segmentLimit } from '../../../src/devbroker/topics/bytes-bound';
import { startHousekeeping } from '../../../src/devbroker/topics/housekeeping';
import type { Topics } from '../../../src/devbroker/topics/port';
import { SILENT } from '../../../src/kernel';
import { waitFor } from '../../support/wait';
import { batch } from '../log/support';
import { openDevBroker } from '../support';

const MIB = 1024 * 1024;

describe('rounds', () => {
  const clock = new BrokerClock();
  afterAll(() => clock.close());

  /** @param busyMs how long each log takes */
  function logsOf(count: number, busyMs = 0) {
    const calls: string[] = [];
    const busy = (what: string) => {
      calls.push(what);
      for (const end = Date.now() + busyMs; Date.now() < end; );
    };
    const partitions = Array.from({ length: count }, (_, index) => ({
      index,
      log: {
        sizeBytes: 0,
        maintain: () => busy('maintain'),
        flush: () => busy('flush'),
      } as unknown as PartitionLog,
    }));
    const topics = {
      list: () => [{ name: 'a', partitions }],
      partition: (_name: string, index: number) => partitions.find((each) => each.index === index),
    } as unknown as Topics;
    return { topics, partitions, calls };
  }

  it('logs are looked after every so often, and flushed only in a folder', () => {
    const { topics, calls } = logsOf(1);
    const every = { maintenanceMs: 60_000, flushMs: 60_000 };
    const inMemory = startHousekeeping(topics, settingsOf(every), clock);
    clock.advance(50_000);
    expect(calls).toEqual([]);
    clock.advance(10_000);
    clock.advance(60_000);
    expect(calls).toEqual(['maintain', 'maintain']);
    inMemory.close();
    clock.advance(600_000);
    expect(calls).toHaveLength(2);
    const inFolder = startHousekeeping(topics, settingsOf({ ...every, dataDir: 'unused' }), clock);
    clock.advance(60_000);
    expect(calls.slice(2).sort()).toEqual(['flush', 'maintain']);
    inFolder.close();
  });

  it('a round of many logs lets others have their turn, and minds those that go meanwhile', async () => {
    const { topics, partitions, calls } = logsOf(10, 6);
    const keeping = startHousekeeping(topics, settingsOf({ maintenanceMs: 60_000 }), clock);
    clock.advance(60_000);
    expect(calls).toHaveLength(1);
    partitions.splice(0, 5);
    await waitFor(() => calls.length >= 5);
    expect(calls).toHaveLength(5);
    keeping.close();
  });
});

it('retention comes with time', async () => {
  await using test = await openDevBroker();
  const { topics, clock } = test.broker;
  const { log } = topics.create({ name: 'a', configs: { 'retention.ms': '60000' } }).partitions[0]!;
  log.append(batch([{ value: 'x', timestamp: clock.now() }]), 0);
  clock.advance(50_000);
  expect(log.startOffset).toBe(0);
  clock.advance(20_000);
  await waitFor(() => log.startOffset === 1);
});

describe('the bound on all bytes', () => {
  it.each([
    [Number.POSITIVE_INFINITY, 10, Number.POSITIVE_INFINITY],
    [1024 * MIB, 1, 16 * MIB],
    [1024 * MIB, 32, 8 * MIB],
    [64 * MIB, 1, 16 * MIB],
    [64 * MIB, 3, 4 * MIB],
    [64 * MIB, 100_000, MIB / 16],
  ])('%d bytes with %i partitions: segments of %d', (maxBytes, partitions, limit) => {
    expect(segmentLimit(maxBytes, partitions)).toBe(limit);
  });

  it('the oldest records of the largest log go, with one warning until it has recovered', async () => {
    const warnings: object[] = [];
    const logger = { ...SILENT, warn: (fields: object) => warnings.push(fields) };
    await using test = await openDevBroker({ maxBytes: 4 * MIB, logger });
    const { topics, clock } = test.broker;
    const [large, small, table] = [
      topics.create({ name: 'large', configs: { 'retention.ms': '-1' } }),
      topics.create({ name: 'small', configs: { 'retention.ms': '-1' } }),
      topics.create({ name: 'table', configs: { 'cleanup.policy': 'compact' } }),
    ].map(({ partitions }) => partitions[0]!.log);
    const fill = (log: PartitionLog, mib: number) => {
      const bytes = batch([{ key: 'k', value: 'x'.repeat(MIB / 16) }]);
      for (let n = 0; n < mib * 16; n++) log.append(bytes, 0);
    };
    const total = () => large!.sizeBytes + small!.sizeBytes + table!.sizeBytes;
    fill(table!, 1);
    fill(small!, 1);
    fill(large!, 3);
    clock.advance(200);
    expect(total()).toBeLessThanOrEqual(4 * MIB);
    expect(total()).toBeGreaterThan(3 * MIB);
    expect([small!.startOffset, table!.startOffset]).toEqual([0, 0]);
    expect(warnings).toEqual([{ topic: 'large', droppedBytes: expect.any(Number), maxBytes: 4 * MIB }]);

    fill(large!, 2);
    clock.advance(200);
    expect(total()).toBeLessThanOrEqual(4 * MIB);
    expect(warnings).toHaveLength(1);
    clock.advance(60_000);
    fill(large!, 2);
    clock.advance(200);
    expect(warnings).toHaveLength(2);
  });
});
