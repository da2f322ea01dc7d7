import { SILENT } from '../../../src/kernel';
import type { Change } from '../../../src/worker/operations/changes';
import { createVersionBook } from '../../../src/worker/operations/history';
import type { HistoryLog, HistoryRecord } from '../../../src/worker/operations/history-log';

/** One topic that two workers read: what is written reaches both only when a test says so. */
class SharedTopic {
  readonly records: HistoryRecord[] = [];
  readonly #readers: { apply: (key: string, value: string | null) => void; at: number }[] = [];

  log(): HistoryLog {
    let reader: { apply: (key: string, value: string | null) => void; at: number } | null = null;
    return {
      open: async (apply) => {
        if (reader === null) this.#readers.push((reader = { apply, at: 0 }));
        return true;
      },
      readToEnd: async () => this.deliver(),
      write: async (records) => {
        this.records.push(...records);
        // So that another worker's write comes in between.
        await new Promise(setImmediate);
        this.deliver();
      },
      stop: async () => {},
    };
  }

  deliver(): void {
    for (const reader of this.#readers) {
      for (; reader.at < this.records.length; reader.at++) {
        const { key, value } = this.records[reader.at]!;
        reader.apply(key, value);
      }
    }
  }

  /** As Kafka keeps it in the end. */
  compact(): void {
    const last = new Map(this.records.map((record) => [record.key, record]));
    const kept = this.records.filter((record) => last.get(record.key) === record && record.value !== null);
    this.records.splice(0, this.records.length, ...kept);
  }
}

const change = (note: string, before: string | null = null): Change => ({
  connector: 'c',
  kind: before === null ? 'created' : 'updated',
  before: before === null ? null : { config: { note: before }, target: 'STARTED' },
  after: { config: { note }, target: 'STARTED' },
  origin: null,
  at: 1,
});

const notes = async (book: ReturnType<typeof createVersionBook>) =>
  (await book.versions('c')).map(({ version, kind, config }) => `${version} ${kind} ${config?.['note']}`);

describe('versions of a configuration', () => {
  it('are all kept when two workers take the same number, also once the topic is compacted', async () => {
    const topic = new SharedTopic();
    const a = createVersionBook(topic.log(), SILENT);
    const b = createVersionBook(topic.log(), SILENT);
    a.record(change('one'));
    await a.versions('c');
    await b.versions('c');
    a.record(change('two', 'one'));
    b.record(change('three', 'one'));
    const seen = await notes(a);
    await b.versions('c');
    expect(new Set((await notes(b)).map((note) => note.split(' ')[2]))).toEqual(
      new Set(['one', 'two', 'three']),
    );
    expect(seen.length).toBeGreaterThanOrEqual(2);
    const before = await notes(b);
    topic.compact();
    const late = createVersionBook(topic.log(), SILENT);
    expect(await notes(late)).toEqual(before);
  });

  it('begin with what was there before', async () => {
    const book = createVersionBook(new SharedTopic().log(), SILENT);
    book.record(change('two', 'one'));
    expect(await notes(book)).toEqual(['1 found one', '2 updated two']);
  });

  it('have what a worker without a history wrote meanwhile', async () => {
    const book = createVersionBook(new SharedTopic().log(), SILENT);
    book.record(change('one'));
    book.record(change('three', 'two'));
    expect(await notes(book)).toEqual(['1 created one', '2 found two', '3 updated three']);
  });

  it('are not made by a change that changes nothing', async () => {
    const book = createVersionBook(new SharedTopic().log(), SILENT);
    book.record(change('one'));
    book.record(change('one', 'one'));
    expect(await notes(book)).toEqual(['1 created one']);
  });

  it('that could not be written are told of, and hold up nobody', async () => {
    const warnings: string[] = [];
    const logger = { ...SILENT, warn: (_about: object, text: string) => void warnings.push(text) };
    let broken = true;
    const log = new SharedTopic().log();
    const book = createVersionBook(
      {
        ...log,
        open: (apply, create) =>
          broken ? Promise.reject(new Error('not allowed')) : log.open(apply, create),
      },
      logger as typeof SILENT,
    );
    book.record(change('one'));
    await expect(book.versions('c')).rejects.toThrow('not allowed');
    expect(warnings).toEqual(['A change of c is missing in its history: not allowed']);
    broken = false;
    book.record(change('two', 'one'));
    expect(await notes(book)).toEqual(['1 found one', '2 updated two']);
  });
});
