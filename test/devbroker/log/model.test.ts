/** Random work on a log, compared with a model that keeps every record in an array. */
import type { PartitionLog } from '../../../src/devbroker/log/port';
import { AbortFilter } from '../../../src/kafka/abort-filter';
import * as layout from '../../../src/kafka/wire/batch-layout';
import { batch, batchesOf, COMPACT, describeLogs, recordsOf } from './support';

interface Modelled {
  readonly offset: number;
  readonly key: string;
  readonly value: string | null;
  readonly producer: number;
}

/** Numbers that are the same in every run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

class Model {
  records: Modelled[] = [];
  /** Records of transactions that are open, by producer. */
  readonly open = new Map<number, number[]>();
  readonly aborted = new Set<number>();
  readonly sequences = new Map<number, number>();
  end = 0;

  get lastStable(): number {
    return Math.min(this.end, ...[...this.open.values()].map(([first]) => first!));
  }

  /** What a reader under read_committed may see of each key, and must see of the newest. */
  newest(): Map<string, string | null> {
    const newest = new Map<string, string | null>();
    for (const { offset, key, value } of this.records) {
      if (offset < this.lastStable && !this.aborted.has(offset)) newest.set(key, value);
    }
    return newest;
  }
}

function readCommitted(log: PartitionLog, from: number, maxBytes: number) {
  const found: { offset: number; key: string; value: string | null }[] = [];
  let offset = from;
  while (offset < log.lastStableOffset) {
    const { chunks, aborted } = log.read(offset, maxBytes, 'read_committed', true);
    if (chunks.length === 0) break;
    const filter = new AbortFilter(aborted);
    for (const each of batchesOf(chunks)) {
      const base = layout.readInt64(each, layout.BASE_OFFSET);
      const last = base + each.readInt32BE(layout.LAST_OFFSET_DELTA);
      expect(last).toBeGreaterThanOrEqual(offset);
      if (!filter.drops(each, last, log)) {
        for (const { offset: at, key, value } of recordsOf({ chunks: [each] })) {
          if (at >= from) found.push({ offset: at, key: key!, value });
        }
      }
      offset = last + 1;
    }
  }
  return found;
}

describeLogs('random work', ({ open, reopen, clock }) => {
  it.each([1, 2, 3, 4, 5, 6])('comes out like the model, seed %d', (seed) => {
    const random = randomFrom(seed);
    const config = { ...COMPACT, segmentBytes: 600, deleteRetentionMs: 100 };
    let log = open(config);
    const model = new Model();

    const append = (producer: number) => {
      const isOpen = model.open.has(producer);
      const transactional = producer > 2 || isOpen;
      const records = Array.from({ length: 1 + random(3) }, () => ({
        key: `${random(8)}`,
        value: random(6) === 0 ? null : `${model.end}-${random(1000)}`,
        timestamp: clock.now(),
      }));
      const sequence = model.sequences.get(producer) ?? 0;
      const stamp = producer === 0 ? {} : { producerId: producer, epoch: 0, sequence, transactional };
      const compression = (['none', 'none', 'gzip', 'lz4'] as const)[random(4)]!;
      const { baseOffset } = log.append(batch(records, { ...stamp, compression }), 0);
      expect(baseOffset).toBe(model.end);
      model.sequences.set(producer, sequence + records.length);
      for (const { key, value } of records) {
        if (transactional) model.open.set(producer, [...(model.open.get(producer) ?? []), model.end]);
        model.records.push({ offset: model.end++, key, value, producer });
      }
    };

    const end = (producer: number) => {
      const offsets = model.open.get(producer);
      if (offsets === undefined) return;
      const commit = random(2) === 0;
      log.appendMarker({ producerId: producer, epoch: 0, commit }, 0);
      if (!commit) for (const offset of offsets) model.aborted.add(offset);
      model.open.delete(producer);
      model.end++;
    };

    const compare = () => {
      expect([log.endOffset, log.lastStableOffset]).toEqual([model.end, model.lastStable]);
      const found = readCommitted(log, log.startOffset, 1 + random(500));
      const known = new Map(model.records.map((record) => [record.offset, record]));
      for (const { offset, key, value } of found) {
        expect(known.get(offset)).toMatchObject({ key, value });
        expect(model.aborted.has(offset)).toBe(false);
      }
      expect(found.map(({ offset }) => offset)).toEqual(
        [...new Set(found.map(({ offset }) => offset))].sort((a, b) => a - b),
      );
      const live = (newest: Map<string, string | null>) =>
        [...newest].filter(([, value]) => value !== null).sort();
      expect(live(new Map(found.map(({ key, value }) => [key, value])))).toEqual(live(model.newest()));
    };

    for (let step = 0; step < 400; step++) {
      const choice = random(20);
      if (choice < 11) append(random(6));
      else if (choice < 15) end(3 + random(3));
      else if (choice < 17) log.maintain();
      else if (choice < 18) clock.advance(random(200));
      else if (choice < 19) log = reopen(log, config);
      else compare();
    }
    for (const producer of [3, 4, 5]) end(producer);
    for (let n = 0; n < 3; n++) {
      append(0);
      clock.advance(200);
      log.maintain();
    }
    compare();
    log = reopen(log, config);
    compare();
    expect(log.sizeBytes).toBeLessThan(10_000);
  });
});
