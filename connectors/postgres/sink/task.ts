/**
 * The task: one connection, one transaction at a time, one batch ahead. `put` answers when its batch is on the way; while
 * the database works on it the next batch is decoded and encoded, and small ones wait to go together. What happened to a
 * batch is known at a later call, and until then `flushable` does not let its positions be committed. A batch that was
 * taken is the task's own: it is written in the end, or its bad records are reported, before anything that comes after.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  isRetriable,
  MillraceError,
  type Positions,
  type SinkRecord,
  type SinkTask,
  type SinkTaskContext,
  type TopicPartition,
} from '../../../src/plugin';
import type { Session } from '../connection';
import { quoteTable } from '../identifier';
import { classify, databaseError, isDatabaseError, isUniqueViolation } from '../sqlstate';
import { zoneOffset } from './codec/zone';
import { ChunkPool } from './copy-writer';
import { findDuplicates } from './duplicates';
import type { BadRecord } from './encode';
import { causeOf, type Failure, failureOf } from './failure';
import { Intake } from './intake';
import { Link } from './link';
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
  /** The outcome is known. */
  landed: boolean;
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
/** Limits of what waits for a transaction to end; the bytes are those of its encoding. */
const MAX_WAITING_ROWS = 5000;
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

export class PostgresSinkTask implements SinkTask {
  readonly #intake: Intake;
  readonly #writer: Writer;
  readonly #metrics: SinkMetrics;
  readonly #conflict: OnConflict;
  readonly #link: Link;
  /** Tries in a row that failed with something that may pass. */
  #failures = 0;
  /** What ended the task; said again at every call. */
  #end: { readonly error: unknown } | null = null;
  #flight: Flight | null = null;
  /** Taken, behind the flight. */
  #waiting: SinkRecord[] = [];
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
    this.#link = new Link(options, context.logger, session);
    this.#intake = new Intake(new Tables(options, codecs, context.logger), options);
    this.#writer = new Writer(options, new ChunkPool());
    this.#metrics = sinkMetrics(context.metrics, context.connector, context.task);
    this.#conflict = options.mode === 'upsert' ? 'update' : 'raise';
  }

  put(batch: readonly SinkRecord[], signal: AbortSignal): Promise<void> {
    return this.#exclusive(async () => {
      try {
        if (batch.length === 0) await this.#finish(signal);
        else if (this.#mayWait(batch.length)) this.#waiting.push(...batch);
        else await this.#write(batch, signal);
      } catch (error) {
        throw this.#count(error);
      }
    });
  }

  /** Positions of everything taken once it is durable, else up to the first record that is not. */
  flushable(positions: Positions): Promise<Positions> {
    return this.#exclusive(async () => {
      try {
        await this.#finish(this.context.signal);
        return positions;
      } catch {
        // The next put meets the same failure and says it.
        return before([...(this.#flight?.batch ?? []), ...this.#waiting], positions);
      }
    });
  }

  /** Rows of partitions that another task reads now must not be written late, over what that one writes. */
  revoked(partitions: readonly TopicPartition[]): Promise<void> {
    return this.#exclusive(async () => {
      const gone = new Set(partitions.map(({ topic, partition }) => `${partition} ${topic}`));
      const isKept = (record: SinkRecord) => !gone.has(`${record.partition} ${record.originalTopic}`);
      this.#waiting = this.#waiting.filter(isKept);
      const flight = this.#flight;
      if (flight !== null && (await flight.outcome) !== null) this.#recovery(flight).keep(isKept);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const grace = new AbortController();
    const waited = sleep(CLOSE_GRACE_MS, undefined, { signal: grace.signal }).catch(() => undefined);
    await Promise.race([this.#flight?.outcome, waited]);
    grace.abort();
    await this.#link.close();
  }

  /** A batch joins those that wait when the database is busy and they would not be too many. */
  #mayWait(count: number): boolean {
    const flight = this.#flight;
    if (flight === null || flight.landed || this.#end !== null) return false;
    const rows = this.#waiting.length + count;
    return rows <= MAX_WAITING_ROWS && rows * bytesPerRow(flight) <= MAX_WAITING_BYTES;
  }

  /** Calls of the contract one after another: commits may come while a batch is being put. */
  #exclusive<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(run);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** Everything taken is durable when this resolves. */
  async #finish(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length > 0) await this.#write([], signal);
    await this.#settle(signal);
  }

  /** Sends what waits and the batch. When it throws, what waits waits on, and the batch was not taken. */
  async #write(added: readonly SinkRecord[], signal: AbortSignal): Promise<void> {
    const batch = this.#waiting.length === 0 ? added : [...this.#waiting, ...added];
    for (let stale = false; ; stale = true) {
      try {
        const prepared = await this.#prepare(batch, signal);
        await this.#settle(signal);
        await this.#send(batch, prepared, signal);
        this.#waiting = [];
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
      return this.#link.connected(signal);
    });
    const refused = [...bad];
    const encoded = await this.#writer.encode(groups, this.#conflict, refused);
    return { groups: encoded.map(({ group }) => group), encoded, bad: refused };
  }

  async #send(batch: readonly SinkRecord[], prepared: Prepared, signal: AbortSignal): Promise<void> {
    const { groups, encoded, bad } = prepared;
    const session = await this.#link.connected(signal);
    const plan = await this.#writer.plan(session, encoded, this.#conflict, true);
    for (const { record, error } of bad) await this.#report(record, error);
    if (plan.steps.length === 0) return;
    const outcome = this.#transact(session, plan);
    const flight: Flight = { batch, groups, encoded, outcome, landed: false, plan, recovery: null };
    this.#flight = flight;
    void outcome.then((error) => this.#land(flight, error));
  }

  /** Nobody may come to look for a while: what waits goes on by itself, and a failure asks for a commit. */
  #land(flight: Flight, error: Error | null): void {
    flight.landed = true;
    if (error !== null) this.context.requestCommit();
    else if (this.#waiting.length > 0)
      this.#exclusive(() => this.#finishWaiting()).catch(() => this.context.requestCommit());
  }

  async #finishWaiting(): Promise<void> {
    if (this.#waiting.length > 0) await this.#write([], this.context.signal);
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
    if (this.#end !== null) throw this.#end.error;
    const flight = this.#flight;
    if (flight === null) return;
    const error = await flight.outcome;
    try {
      if (error === null) this.#writer.recycle(flight.encoded);
      else await this.#recover(flight, error, signal);
    } catch (problem) {
      // Part of the batch may be through by now: nothing may follow it, and it must not be tried as if nothing had been.
      if (!isRetriable(problem)) this.#end = { error: problem };
      throw problem;
    }
    if (error === null) this.#writer.learn(flight.plan, true);
    this.#metrics.written.add(flight.batch.length);
    this.#failures = 0;
    this.#flight = null;
  }

  async #recover(flight: Flight, error: Error, signal: AbortSignal): Promise<void> {
    const first = flight.recovery === null;
    const recovery = this.#recovery(flight);
    let problem: Error | null = first ? causeOf(error) : null;
    let failure = first ? failureOf(error, flight.plan) : null;
    if (isUniqueViolation(problem)) this.#writer.learn(flight.plan, false);
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
        // An insert that was only hoped for says nothing of the merge.
        if (flight.plan.hoped.length > 0) failure = null;
        if (failure === null) this.#metrics.repeats.add(1);
        await recovery.run(signal, failure);
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
    return this.#intake.outdated(flight.groups, await this.#link.connected(signal));
  }

  #recovery(flight: Flight): Recovery {
    flight.recovery ??= new Recovery(
      flight.groups,
      {
        attempt: (items, conflict) => this.#attempt(items, conflict),
        findDuplicates: async (items) =>
          findDuplicates(await this.#link.connected(this.context.signal), this.#writer, items),
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
    const session = await this.#link.connected(this.context.signal);
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
    const { groups, bad } = await this.#intake.sort(recovery.remaining, () => this.#link.connected(signal));
    recovery.replace(groups);
    for (const { record, error } of bad) await this.#report(record, error);
  }

  /** Prepared statements and stages of the old tables go with their session. */
  async #startOver(): Promise<void> {
    this.#intake.forget();
    await this.#link.close();
  }

  async #report(record: SinkRecord, error: Error): Promise<void> {
    this.#metrics.refused.add(1);
    await this.context.report(this.#intake.origin(record), error);
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

/** Encoded size of a row of the flight. */
function bytesPerRow({ encoded, batch }: Flight): number {
  let bytes = 0;
  for (const { copy, values } of encoded) {
    for (const frame of copy?.frames ?? []) bytes += frame.length;
    for (const value of values) bytes += value.length;
  }
  return bytes / batch.length;
}

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
