/**
 * How far a pass may read so that no row can appear behind it later.
 *
 * Ids and times are given to a row before its transaction commits, so rows come into sight in another order than that
 * of their ids or times. A cursor that went past a row not yet in sight would lose it. Each pass therefore begins with
 * an observation of two parts, in this order:
 *
 *  1. the head: the largest id in sight, or the clock of the database;
 *  2. the holders: the transactions in progress that may yet give a row an id or time of before.
 *
 * A holder gets a floor: the head of the last observation at which it was not there. What it gives is above its floor,
 * because what is below was given before. So everything up to the lowest floor is settled, and a pass ends there.
 *
 * Holders are found in `pg_locks`, which every role may read.
 * - For ids: who holds a lock to write on the table (or a partition of it), or on its sequence. An INSERT locks the
 *   table before it draws its id, and `nextval` locks the sequence until the transaction ends. Locks are let go only
 *   after the commit is in sight.
 * - For times: every transaction of the database, as `now()` is the start of a transaction, which may come to write to
 *   the table only later. Its start is known where the role may see it, and then is the floor.
 */
import type { Client } from 'pg';
import { type Int64, type Logger, MillraceError } from '../../../src/plugin';
import { literal } from '../identifier';
import { ownSequences } from './describe';

/** Modes of locks that go with writing; LOCK TABLE takes the stronger ones. */
const WRITES = `('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`;
const HERE = `(SELECT oid FROM pg_database WHERE datname = current_database())`;
/** A backend takes the time of a transaction a moment before it shows that there is one. */
const START_MARGIN_US = 100_000;
const TOLD_AFTER_MS = 30_000;
/** Object ids below belong to the catalog. */
const FIRST_USER_OID = 16_384;

/** `table`: quoted and qualified; null: any table, for views and queries. */
export function idHolders(table: string | null): string {
  const columns = `l.virtualtransaction AS id, l.pid::text, a.application_name AS application, NULL AS began`;
  const from = `FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.granted AND l.mode IN ${WRITES} AND l.database = ${HERE} AND l.pid IS DISTINCT FROM pg_backend_pid()`;
  if (table === null) return `SELECT DISTINCT ${columns} ${from} AND l.relation >= ${FIRST_USER_OID}`;
  return `WITH RECURSIVE tree(oid) AS (
  SELECT to_regclass(${literal(table)})::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid),
sequences AS (SELECT s.objid AS oid FROM tree CROSS JOIN LATERAL (${ownSequences('tree.oid')}) AS s(objid)),
watched AS (
  SELECT oid FROM tree UNION SELECT oid FROM sequences
  UNION SELECT oid FROM pg_class WHERE relkind = 'S' AND NOT EXISTS (SELECT FROM sequences))
SELECT DISTINCT ${columns} ${from} AND l.relation IN (SELECT oid FROM watched)`;
}

/** A prepared transaction began at a time nobody tells, so nothing is settled while one that wrote is there. */
export const timeHolders = (readerName: string): string => `
SELECT l.virtualtransaction AS id, l.pid::text, a.application_name AS application, (extract(epoch FROM a.xact_start) * 1000000)::int8::text AS began
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'virtualxid' AND l.mode = 'ExclusiveLock' AND l.granted AND l.pid <> pg_backend_pid()
  AND (a.pid IS NULL OR a.usesysid IS NOT NULL AND a.datid = ${HERE} AND a.application_name IS DISTINCT FROM ${literal(readerName)})
UNION ALL
SELECT DISTINCT virtualtransaction, NULL, 'a prepared transaction', '0' FROM pg_locks
WHERE pid IS NULL AND locktype = 'relation' AND mode IN ${WRITES} AND database = ${HERE}`;

export interface Holder {
  readonly id: string;
  readonly pid: string | null;
  readonly application: string | null;
  /** Microseconds since 1970, where it can be seen. */
  readonly began: string | null;
}

/** What an observation allows. */
export interface Settled {
  /** Everything up to here is settled; null: nothing that is not known to be. */
  readonly ceiling: Int64 | null;
  /** More is in sight than may be read now. */
  readonly heldBack: boolean;
}

/** The smaller of two, null being smaller than anything. */
export const lower = (a: Int64 | null, b: Int64 | null): Int64 | null =>
  a === null || b === null ? null : a < b ? a : b;

export class LateRows {
  #floors = new Map<string, Int64 | null>();
  /** The largest head so far; null before the first. */
  #head: Int64 | null = null;
  #heldSince: number | null = null;
  #told = false;

  constructor(
    private readonly what: string,
    private readonly logger: Logger,
  ) {}

  /** `head` null: there is no row. */
  observe(head: Int64 | null, holders: readonly Holder[]): Settled {
    const floors = new Map<string, Int64 | null>();
    let ceiling = head;
    for (const { id, began } of holders) {
      const floor =
        began !== null ? Number(began) : this.#floors.has(id) ? this.#floors.get(id)! : this.#head;
      floors.set(id, floor);
      ceiling = lower(ceiling, floor);
    }
    this.#floors = floors;
    if (head !== null && (this.#head === null || head > this.#head)) this.#head = head;
    const heldBack = head !== null && (ceiling === null || ceiling < head);
    this.#tell(heldBack, holders);
    return { ceiling, heldBack };
  }

  /** A transaction that nobody ends stops everything: say whose it is. */
  #tell(heldBack: boolean, holders: readonly Holder[]): void {
    if (!heldBack) {
      this.#heldSince = null;
      this.#told = false;
      return;
    }
    const now = performance.now();
    this.#heldSince ??= now;
    if (this.#told || now - this.#heldSince < TOLD_AFTER_MS) return;
    this.#told = true;
    this.logger.warn(
      { transactions: holders.map(({ pid, application }) => ({ pid, application })) },
      `reading ${this.what} waits for transactions that are still open; end them, or set late.rows=ignore`,
    );
  }
}

/** The same for times: a little before, as a transaction begins a little before it shows. */
export const settledTime = (ceiling: Int64 | null, delayMs: number): Int64 | null =>
  ceiling === null ? null : Number(ceiling) - START_MARGIN_US - delayMs * 1000;

/** The heads of some time ago. */
export class DelayedHead {
  readonly #seen: { readonly at: number; readonly head: Int64 }[] = [];

  constructor(private readonly delayMs: number) {}

  /** The largest head that was seen `delayMs` ago; null when there was none. */
  delay(head: Int64 | null, now = performance.now()): Int64 | null {
    if (this.delayMs === 0) return head;
    if (head !== null && this.#seen.at(-1)?.head !== head) this.#seen.push({ at: now, head });
    while (this.#seen.length > 1 && this.#seen[1]!.at <= now - this.delayMs) this.#seen.shift();
    const oldest = this.#seen[0];
    return oldest !== undefined && oldest.at <= now - this.delayMs ? oldest.head : null;
  }
}

/** A standby does not know who writes on its primary. */
export async function refuseStandby(client: Client): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
  if (!rows[0]!.standby) return;
  throw new MillraceError(
    'DATABASE_REFUSED',
    'The server is a standby, where transactions that may still add rows cannot be seen',
    {
      hint: 'Connect to the primary, or set late.rows=ignore with a delay: timestamp.delay.interval.ms or incrementing.delay.interval.ms.',
    },
  );
}
