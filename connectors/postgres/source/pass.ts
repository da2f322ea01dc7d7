/**
 * The observation that begins a pass, in one round trip: whether the table changed, how far there is something, and how
 * far it is settled (late-rows.ts).
 */
import type { Client, QueryArrayResult } from 'pg';
import type { Int64, Logger } from '../../../src/plugin';
import { parseInt64 } from '../../../src/plugin';
import { RAW_TYPES, tableSignature } from './describe';
import { DelayedHead, type Holder, idHolders, LateRows, lower, settledTime, timeHolders } from './late-rows';
import type { Layout } from './layout';
import type { SourceOptions } from './options';
import type { Relation } from './relation';

export interface Observation {
  readonly signature: string;
  /** Where the pass ends: ids inclusive, times exclusive; null: no limit. */
  readonly id: Int64 | null;
  readonly micros: Int64 | null;
  /** Nothing may be read yet. */
  readonly blocked: boolean;
  /** Not all that was in sight at the start of the task may be read in this pass. */
  readonly heldBack: boolean;
}

const NO_HOLDERS = `SELECT '' AS id, NULL AS pid, NULL AS application, NULL AS began LIMIT 0`;
const CLOCK = `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8::text`;

export class Observer {
  readonly #late: LateRows;
  readonly #delayed: DelayedHead;
  /** Clock of the database at the first observation. */
  #started: Int64 | null = null;

  constructor(
    private readonly relation: Relation,
    private readonly options: SourceOptions,
    private readonly readerName: string,
    logger: Logger,
  ) {
    this.#late = new LateRows(relation.name, logger);
    this.#delayed = new DelayedHead(options.incrementingDelayMs);
  }

  async observe(client: Client, layout: Layout): Promise<Observation> {
    const { relation } = this;
    const statements = [
      `SELECT * FROM ${relation.from} LIMIT 0`,
      relation.table === null ? `SELECT ''` : tableSignature(relation.table),
      this.#head(layout),
      this.#holders(layout),
    ];
    const results = (await client.query({
      text: statements.join(';\n'),
      rowMode: 'array',
      types: RAW_TYPES,
    })) as unknown as QueryArrayResult<(string | null)[]>[];
    const [fields, facts, head, holders] = results;
    const shape = fields!.fields.map((field) => [field.name, field.dataTypeID, field.dataTypeModifier]);
    const signature = JSON.stringify([shape, facts!.rows[0]?.[0]]);
    const seen = head!.rows[0]?.[0] ?? null;
    return {
      signature,
      ...this.#settle(layout, seen === null ? null : parseInt64(seen), holders!.rows.map(toHolder)),
    };
  }

  #head({ id, time, from }: Layout): string {
    if (time !== null) return CLOCK;
    if (id === null || (this.options.lateRows === 'ignore' && this.options.incrementingDelayMs === 0))
      return 'SELECT NULL';
    return `SELECT max(${id})::text FROM ${from}`;
  }

  #holders({ id, time }: Layout): string {
    if (this.options.lateRows === 'ignore') return NO_HOLDERS;
    if (time !== null) return timeHolders(this.readerName);
    return id === null ? NO_HOLDERS : idHolders(this.relation.lockable ? this.relation.table : null);
  }

  #settle(
    { id, time }: Layout,
    head: Int64 | null,
    holders: readonly Holder[],
  ): Omit<Observation, 'signature'> {
    if (time !== null) return this.#settleTime(head, holders);
    if (id === null || (this.options.lateRows === 'ignore' && this.options.incrementingDelayMs === 0))
      return { id: null, micros: null, blocked: false, heldBack: false };
    const { ceiling } = this.#late.observe(head, holders);
    const delayed = this.#delayed.delay(head);
    const limit = lower(ceiling, delayed);
    const heldBack = head !== null && (limit === null || limit < head);
    return { id: limit, micros: null, blocked: limit === null, heldBack };
  }

  #settleTime(clock: Int64 | null, holders: readonly Holder[]): Omit<Observation, 'signature'> {
    this.#started ??= clock;
    const { lateRows, timestampDelayMs } = this.options;
    const micros =
      lateRows === 'ignore'
        ? Number(clock) - timestampDelayMs * 1000
        : settledTime(this.#late.observe(clock, holders).ceiling, timestampDelayMs);
    const heldBack = micros === null || micros < this.#started!;
    return { id: null, micros, blocked: micros === null, heldBack };
  }
}

const toHolder = ([id, pid, application, began]: (string | null)[]): Holder => ({
  id: id!,
  pid: pid!,
  application: application!,
  began: began!,
});
