/** States in the status topic, byte for byte as Kafka Connect keeps them (connect.md §2.1). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CompactedLog, KafkaPort } from '../../kafka/port';
import { createBackoff, isRetriable, type Logger } from '../../kernel';
import { encodeRecord, inChunks } from './log-write';
import { storeOf } from './status-store-memory';
import { type AnyCell, encodeRow, mayPut, type Put, StatusTable } from './status-table';
import type { StorageTopic } from './storage-topic';
import type { StatusRow, StatusStore } from './types';

export interface KafkaStatusStoreOptions extends StorageTopic {
  /** Told once when the topic cannot be read on: the rows are of the past from then on. */
  readonly onFailure?: (error: Error) => void;
}

export function createKafkaStatusStore(
  kafka: Pick<KafkaPort, 'compactedLog'>,
  options: KafkaStatusStoreOptions,
  logger: Logger,
): StatusStore {
  const table: StatusTable = new StatusTable((cell) => writer.add(cell));
  const log = kafka.compactedLog({
    ...options,
    apply: ({ partition, offset, key, value }) => {
      const why = table.apply(key?.toString() ?? '', value?.toString() ?? null);
      if (why !== null) logger.warn({ partition, offset, why }, 'Passed over a record of the status topic');
    },
  });
  const writer = new Writer(log, table, logger);
  return storeOf(table, {
    start: async (signal) => {
      await log.start(signal);
      writer.open();
    },
    flush: (timeoutMs) => writer.flush(timeoutMs),
    stop: async () => {
      writer.stop();
      await log.stop();
    },
  });
}

/** A row on its way: what is put meanwhile goes with the next write. */
interface Sent {
  readonly cell: AnyCell;
  readonly put: Put<unknown>;
  readonly value: string | null;
}

/** Writes what was put, all that has gathered at a time, one write after the other. */
class Writer {
  readonly #dirty = new Set<AnyCell>();
  readonly #stopping = new AbortController();
  #isOpen = false;
  #running: Promise<void> | null = null;

  constructor(
    private readonly log: CompactedLog,
    private readonly table: StatusTable,
    private readonly logger: Logger,
  ) {}

  add(cell: AnyCell): void {
    if (this.#stopping.signal.aborted) return;
    this.#dirty.add(cell);
    if (this.#isOpen) this.#running ??= this.#run();
  }

  /** The log can be written to from now on. */
  open(): void {
    this.#isOpen = true;
    if (this.#dirty.size > 0) this.#running ??= this.#run();
  }

  async flush(timeoutMs: number): Promise<void> {
    if (this.#running === null) return;
    const timer = new AbortController();
    const late = sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => {});
    await Promise.race([this.#running, late]);
    timer.abort();
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #run(): Promise<void> {
    // Puts of the same turn of the event loop go together.
    await Promise.resolve();
    const { signal } = this.#stopping;
    while (this.#dirty.size > 0 && !signal.aborted) {
      const cells = [...this.#dirty];
      this.#dirty.clear();
      const sent = cells.flatMap((cell) => this.#encode(cell));
      for (const chunk of inChunks(sent, charsOf)) await this.#write(chunk);
    }
    this.#running = null;
  }

  /** Until it is written: a state that is not told is worse than one that is told late. */
  async #write(sent: readonly Sent[]): Promise<void> {
    const backoff = createBackoff({ initialMs: 100, maxMs: 5000 });
    const { signal } = this.#stopping;
    for (let attempt = 0; ; attempt++) {
      const due = sent.filter(({ cell, put }) => cell.put === put && this.#isStillRight(cell, attempt > 0));
      if (due.length === 0 || signal.aborted) return;
      try {
        await this.log.write(due.map(({ cell, value }) => encodeRecord(cell.key, value)));
        return this.#settle(due);
      } catch (error) {
        if (signal.aborted) return;
        const fields = { err: error, rows: due.length };
        if (!isRetriable(error)) {
          this.logger.error(fields, 'States of connectors could not be written and are given up');
          return this.#settle(due);
        }
        if (attempt === 0)
          this.logger.warn(fields, 'States of connectors could not be written yet; trying again');
        await sleep(backoff.next(), undefined, { signal }).catch(() => {});
        // Somebody may have taken over while nothing could be written.
        await this.log.readToEnd().catch(() => {});
      }
    }
  }

  #encode(cell: AnyCell): Sent[] {
    if (cell.put === null || !this.#isStillRight(cell)) return [];
    return [{ cell, put: cell.put, value: encodeRow(cell) }];
  }

  #isStillRight(cell: AnyCell, isLate = false): boolean {
    const { put, written } = cell;
    if (put === null || put.row === null || !('workerId' in (put.row as object))) return true;
    if (!put.safe && !isLate) return true;
    if (mayPut(written as StatusRow<string> | null, put.row as StatusRow<string>, true)) return true;
    this.table.settle(cell);
    return false;
  }

  #settle(sent: readonly Sent[]): void {
    for (const { cell, put } of sent) {
      if (cell.put === put) this.table.settle(cell);
    }
  }
}

const charsOf = ({ cell, value }: Sent): number => cell.key.length + (value?.length ?? 0);
