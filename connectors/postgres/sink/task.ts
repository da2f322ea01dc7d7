/**
 * The task: one connection, one transaction per batch, one batch ahead. `put` answers when its batch is on the way; while
 * the database works on it the next batch is decoded and encoded. What happened to a batch is known at the next call, and
 * until then `flushable` does not let its positions be committed. A batch that was taken is the task's own: it is written
 * in the end, or its bad records are reported, before anything that comes after it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Backoff,
  createBackoff,
  MillraceError,
  type Positions,
  type SinkRecord,
  type SinkTask,
  type SinkTaskContext,
  type TopicPartition,
} from '../../../src/plugin';
import { openSession, type Session } from '../connection';
import { quoteTable } from '../identifier';
import { classify, databaseError, isDatabaseError } from '../sqlstate';
import { postgresZone, zoneOffset } from './codec/zone';
import { ChunkPool } from './copy-writer';
import { findDuplicates } from './duplicates';
import type { BadRecord } from './encode';
import { causeOf, type Failure, failureOf } from './failure';
import { Intake } from './intake';
import { type SinkMetrics, sinkMetrics } from './metrics';
import type { SinkOptions } from './options';
import { runTransaction } from './pipeline';
import { type Item, Recovery, regroup } from './recover';
import type { Group } from './reduce';
import type { OnConflict } from './statements';
import { Tables } from './tables';
import { type EncodedGroup, type Plan, Writer } from './write';

/** A batch that has been sent. */
interface Flight {
  readonly batch: readonly SinkRecord[];
  readonly groups: readonly Group[];
  readonly encoded: readonly EncodedGroup[];
  /** Null when committed. Never rejects. */
  readonly outcome: Promise<Error | null>;
  readonly plan: Plan;
  /** Once it has failed. */
  recovery: Recovery | null;
}

interface Prepared {
  readonly groups: readonly Group[];
  readonly encoded: readonly EncodedGroup[];
  readonly bad: readonly BadRecord[];
}

const CLOSE_GRACE_MS = 5000;

export class PostgresSinkTask implements SinkTask {
  readonly #intake: Intake;
  readonly #writer: Writer;
  readonly #metrics: SinkMetrics;
  readonly #conflict: OnConflict;
  readonly #backoff: Backoff = createBackoff({ initialMs: 100, maxMs: 10_000 });
  #notBefore = 0;
  /** Tries in a row that failed with something that may pass. */
  #failures = 0;
  #flight: Flight | null = null;
  #session: Session | null;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly context: SinkTaskContext,
    private readonly options: SinkOptions,
    session: Session,
  ) {
    const zone = zoneOffset(options.zone);
    const codecs = {
      zone,
      dateZone: zoneOffset(options.dateZone),
      shiftsDateAndTime: options.shiftsDateAndTime,
    };
    this.#session = session;
    this.#intake = new Intake(new Tables(options, codecs, context.logger), options);
    this.#writer = new Writer(options, new ChunkPool());
    this.#metrics = sinkMetrics(context.metrics, context.connector, context.task);
    this.#conflict = options.mode === 'upsert' ? 'update' : 'raise';
  }

  put(batch: readonly SinkRecord[], signal: AbortSignal): Promise<void> {
    return this.#exclusive(async () => {
      try {
        await (batch.length === 0 ? this.#settle(signal) : this.#write(batch, signal));
      } catch (error) {
        throw this.#count(error);
      }
    });
  }

  /** Positions up to the batch on the way once it is durable, else up to its start. */
  flushable(positions: Positions): Promise<Positions> {
    return this.#exclusive(async () => {
      try {
        await this.#settle(this.context.signal);
        return positions;
      } catch {
        // The next put meets the same failure and says it.
        return this.#flight === null ? positions : before(this.#flight.batch, positions);
      }
    });
  }

  /** Rows of partitions that another task reads now must not be written late, over what that one writes. */
  revoked(partitions: readonly TopicPartition[]): Promise<void> {
    return this.#exclusive(async () => {
      const flight = this.#flight;
      if (flight === null || (await flight.outcome) === null) return;
      const gone = new Set(partitions.map(({ topic, partition }) => `${partition} ${topic}`));
      this.#recovery(flight).keep((record) => !gone.has(`${record.partition} ${record.originalTopic}`));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const grace = new AbortController();
    const waited = sleep(CLOSE_GRACE_MS, undefined, { signal: grace.signal }).catch(() => undefined);
    await Promise.race([this.#flight?.outcome, waited]);
    grace.abort();
    await this.#session?.close();
  }

  /** Calls of the contract one after another: commits may come while a batch is being put. */
  #exclusive<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(run);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #write(batch: readonly SinkRecord[], signal: AbortSignal): Promise<void> {
    for (let stale = false; ; stale = true) {
      try {
        const prepared = await this.#prepare(batch, signal);
        await this.#settle(signal);
        await this.#send(batch, prepared, signal);
        return;
      } catch (error) {
        if (stale || classify(error) !== 'stale') throw explain(error, 'Writing');
        await this.#startOver();
      }
    }
  }

  /** Everything up to the bytes. Waits for the batch on the way only when the database must be asked about a table. */
  async #prepare(batch: readonly SinkRecord[], signal: AbortSignal): Promise<Prepared> {
    const { groups, bad } = await this.#intake.sort(batch, async () => {
      await this.#settle(signal);
      return this.#connected(signal);
    });
    const refused = [...bad];
    const encoded = await this.#writer.encode(groups, this.#conflict, refused);
    return { groups: encoded.map(({ group }) => group), encoded, bad: refused };
  }

  async #send(batch: readonly SinkRecord[], prepared: Prepared, signal: AbortSignal): Promise<void> {
    const { groups, encoded, bad } = prepared;
    const session = await this.#connected(signal);
    const plan = await this.#writer.plan(session, encoded, this.#conflict);
    for (const { record, error } of bad) await this.#report(record, error);
    if (plan.steps.length === 0) return;
    const outcome = this.#transact(session, plan);
    this.#flight = { batch, groups, encoded, outcome, plan, recovery: null };
    // Without more records nobody would come to look: a commit does.
    void outcome.then((error) => error !== null && this.context.requestCommit());
  }

  #transact(session: Session, plan: Plan): Promise<Error | null> {
    const start = performance.now();
    return runTransaction(session, plan.steps, !this.options.connection.unnamedStatements).then(
      () => {
        this.#metrics.seconds.observe((performance.now() - start) / 1000);
        return null;
      },
      (error: Error) => error,
    );
  }

  /** The batch on the way is through when this resolves. */
  async #settle(signal: AbortSignal): Promise<void> {
    const flight = this.#flight;
    if (flight === null) return;
    const error = await flight.outcome;
    if (error === null) {
      this.#writer.recycle(flight.encoded);
      this.#metrics.written.add(flight.batch.length);
    } else {
      await this.#recover(flight, error, signal);
    }
    this.#failures = 0;
    this.#flight = null;
  }

  async #recover(flight: Flight, error: Error, signal: AbortSignal): Promise<void> {
    const first = flight.recovery === null;
    const recovery = this.#recovery(flight);
    let problem: Error | null = first ? causeOf(error) : null;
    let failure = first ? failureOf(error, flight.plan) : null;
    for (let renewed = false; ; ) {
      try {
        const stale = problem !== null && classify(problem) === 'stale';
        if (problem !== null && classify(problem) === 'fatal') throw problem;
        if (stale && renewed) throw problem;
        if (stale || (failure !== null && (await this.#isOutdated(flight, signal)))) {
          await this.#renew(recovery, signal);
          renewed = true;
          failure = null;
        }
        if (failure === null) this.#metrics.repeats.add(1);
        await recovery.run(signal, failure);
        this.#metrics.written.add(flight.batch.length);
        return;
      } catch (caught) {
        problem = causeOf(caught);
        failure = null;
        if (renewed || classify(problem) !== 'stale') throw explain(problem, writingTo(flight));
      }
    }
  }

  /** Before rows are blamed: bytes made for one type can look like anything to another. */
  async #isOutdated(flight: Flight, signal: AbortSignal): Promise<boolean> {
    return this.#intake.outdated(flight.groups, await this.#connected(signal));
  }

  #recovery(flight: Flight): Recovery {
    flight.recovery ??= new Recovery(
      flight.groups,
      {
        attempt: (items, conflict) => this.#attempt(items, conflict),
        findDuplicates: async (items) =>
          findDuplicates(await this.#connected(this.context.signal), this.#writer, items),
        report: (record, error) => this.#report(record, error),
        duplicate: (count) => this.#metrics.duplicates.add(count),
      },
      {
        conflict: this.#conflict,
        insertConflict: this.options.insertConflict,
        inserts: this.options.mode === 'insert',
      },
    );
    return flight.recovery;
  }

  /** One transaction with a part of a batch. */
  async #attempt(items: readonly Item[], conflict: OnConflict): Promise<Failure | null> {
    const session = await this.#connected(this.context.signal);
    const bad: BadRecord[] = [];
    const encoded = await this.#writer.encode(regroup(items), conflict, bad);
    const plan = await this.#writer.plan(session, encoded, conflict);
    const error = plan.steps.length === 0 ? null : await this.#transact(session, plan);
    if (error === null) {
      this.#writer.recycle(encoded);
      for (const each of bad) await this.#report(each.record, each.error);
      return null;
    }
    const failure = failureOf(error, plan);
    if (failure === null) throw causeOf(error);
    // Rows that could not be encoded are missing from the count.
    return bad.length === 0 ? failure : { ...failure, index: null };
  }

  /** The tables are not what they were: what remains is fitted to what they are now. */
  async #renew(recovery: Recovery, signal: AbortSignal): Promise<void> {
    await this.#startOver();
    const { groups, bad } = await this.#intake.sort(recovery.remaining, () => this.#connected(signal));
    recovery.replace(groups);
    for (const { record, error } of bad) await this.#report(record, error);
  }

  /** Prepared statements and stages of the old tables go with their session. */
  async #startOver(): Promise<void> {
    this.#intake.forget();
    await this.#session?.close();
    this.#session = null;
  }

  async #report(record: SinkRecord, error: Error): Promise<void> {
    this.#metrics.refused.add(1);
    await this.context.report(this.#intake.origin(record), error);
  }

  /** A live session. Waits out the back-off of an earlier failure. */
  async #connected(signal: AbortSignal): Promise<Session> {
    if (this.#session !== null && this.#session.broken === null) return this.#session;
    const wait = this.#notBefore - Date.now();
    if (wait > 0) await sleep(wait, undefined, { signal });
    try {
      this.#session = await openSinkSession(this.options, this.context);
      this.#backoff.reset();
      return this.#session;
    } catch (error) {
      this.#notBefore = Date.now() + (this.options.retries.backoffMs ?? this.#backoff.next());
      throw error;
    }
  }

  /** The configured number of tries turns what may pass into what does not. */
  #count(error: unknown): unknown {
    const { limit } = this.options.retries;
    if (!(error instanceof MillraceError) || !error.retriable) return error;
    this.#failures++;
    if (limit === null || this.#failures <= limit) return error;
    return new MillraceError('DATABASE_UNREACHABLE', `${error.message}; gave up after ${limit} retries`, {
      cause: error,
      retriable: false,
    });
  }
}

/** A session as sinks need it: text without zone is read in the configured one. */
export const openSinkSession = (options: SinkOptions, { logger }: SinkTaskContext): Promise<Session> =>
  openSession(options.connection, { TimeZone: postgresZone(options.zone) }, logger);

const explain = (error: unknown, what: string): unknown =>
  isDatabaseError(error) ? databaseError(error, what) : error;

function writingTo({ groups }: Flight): string {
  const tables = new Set(groups.map(({ table }) => quoteTable(table.name)));
  return `Writing to ${[...tables].join(', ')}`;
}

/** Positions that do not pass the first record of the batch. */
function before(batch: readonly SinkRecord[], positions: Positions): Positions {
  const first = new Map<string, number>();
  for (const { originalTopic, partition, offset } of batch) {
    const id = `${partition} ${originalTopic}`;
    first.set(id, Math.min(offset, first.get(id) ?? offset));
  }
  return positions.map((position) => ({
    ...position,
    offset: Math.min(
      position.offset,
      first.get(`${position.partition} ${position.topic}`) ?? position.offset,
    ),
  }));
}
