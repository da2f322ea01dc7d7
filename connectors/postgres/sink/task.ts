/**
 * The task: one connection, one transaction per batch. `put` resolves when its batch is committed, so everything put is
 * durable. Rows are encoded while the database already works on those before them.
 */
import {
  isRetriable,
  MillraceError,
  type SinkRecord,
  type SinkTask,
  type SinkTaskContext,
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
import { runTransaction, StepError } from './pipeline';
import { type Item, Recovery, regroup } from './recover';
import type { Group } from './reduce';
import type { OnConflict } from './statements';
import { Tables } from './tables';
import { type Plan, Writer } from './write';

/** Below the five seconds that a worker gives its tasks. */
const STOP_GRACE_MS = 3000;

/** A batch that is partly written. */
interface Unfinished {
  readonly batch: readonly SinkRecord[];
  readonly recovery: Recovery;
}

export class PostgresSinkTask implements SinkTask {
  readonly #intake: Intake;
  readonly #writer: Writer;
  readonly #link: Link;
  readonly #metrics: SinkMetrics;
  readonly #conflict: OnConflict;
  /** Records that were reported: a batch that comes again does not report them again. */
  readonly #reported = new WeakSet<SinkRecord>();
  /** Tries in a row that failed with something that may pass. */
  #failures = 0;
  /** When the same batch comes again, it goes on where it was. */
  #unfinished: Unfinished | null = null;

  constructor(
    private readonly context: SinkTaskContext,
    private readonly options: SinkOptions,
    session: Session,
  ) {
    const codecs = {
      zone: zoneOffset(options.zone),
      dateZone: zoneOffset(options.dateZone),
      shiftsDateAndTime: options.shiftsDateAndTime,
    };
    this.#link = new Link(options, context.logger, session);
    this.#intake = new Intake(new Tables(options, codecs, context.logger), options);
    this.#writer = new Writer(options, new ChunkPool());
    this.#metrics = sinkMetrics(context.metrics, context.connector, context.task);
    this.#conflict = options.mode === 'upsert' ? 'update' : 'raise';
  }

  async put(batch: readonly SinkRecord[], signal: AbortSignal): Promise<void> {
    if (batch.length === 0) return;
    try {
      const recovery = this.#unfinished?.batch === batch ? this.#unfinished.recovery : null;
      this.#unfinished = null;
      if (recovery === null) await this.#write(batch, signal);
      else await this.#recover({ batch, recovery }, null, signal);
    } catch (error) {
      throw this.#count(error);
    }
    this.#failures = 0;
    this.#metrics.written.add(batch.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link.close();
  }

  async #write(batch: readonly SinkRecord[], signal: AbortSignal): Promise<void> {
    const { groups, bad } = await this.#intake.sort(batch, () => this.#link.connected(signal));
    await this.#reportAll(bad);
    try {
      const failure = await this.#transact(groups, this.#conflict, signal, true);
      if (failure !== null) await this.#recover({ batch, recovery: this.#recovery(groups) }, failure, signal);
    } catch (error) {
      if (classify(causeOf(error)) !== 'stale') throw explain(error, groups);
      const recovery = this.#recovery(groups);
      await this.#recover({ batch, recovery }, null, signal);
    }
  }

  /**
   * One transaction. Null when it is committed, the failure when rows are to blame; throws everything else. `first`: the
   * first try of a batch, when upserts may be tried as inserts.
   */
  async #transact(
    groups: readonly Group[],
    conflict: OnConflict,
    signal: AbortSignal,
    first: boolean,
  ): Promise<Failure | null> {
    if (groups.length === 0) return null;
    const session = await this.#link.connected(signal);
    const plan = await this.#writer.plan(session, groups, conflict, first);
    const error = await this.#run(session, plan, signal);
    if (error === null) {
      this.#writer.learn(plan, true);
      return null;
    }
    if (isUniqueViolation(causeOf(error))) this.#writer.learn(plan, false);
    const failure = failureOf(error, plan);
    if (failure === null) throw error;
    // Before rows are blamed: bytes made for one type can look like anything to another.
    if (first && (await this.#intake.outdated(groups, await this.#link.connected(signal))))
      throw outdated(failure);
    // An insert that was only hoped for says nothing of the merge.
    return plan.hoped.length > 0 ? this.#transact(groups, conflict, signal, false) : failure;
  }

  async #run(session: Session, plan: Plan, signal: AbortSignal): Promise<StepError | null> {
    const start = performance.now();
    const release = cutAfterAbort(session, signal);
    try {
      await runTransaction(session, plan.steps, {
        named: !this.options.connection.unnamedStatements,
        beforeCommit: () => this.#reportAll(plan.bad),
        sent: (frame) => this.#writer.pool.give(frame),
      });
    } catch (error) {
      if (error instanceof StepError) return error;
      throw error;
    } finally {
      release();
    }
    this.#metrics.seconds.observe((performance.now() - start) / 1000);
    return null;
  }

  /** Goes on with a batch whose transaction failed. What is written stays written, whatever comes. */
  async #recover(unfinished: Unfinished, failure: Failure | null, signal: AbortSignal): Promise<void> {
    const { recovery } = unfinished;
    let known = failure;
    for (let renewed = false; ; renewed = true) {
      try {
        if (known === null && !renewed) await this.#renewIfOutdated(recovery, signal);
        await recovery.run(signal, known);
        return;
      } catch (error) {
        known = null;
        if (renewed || classify(causeOf(error)) !== 'stale') {
          const problem = explain(error, recovery.groups);
          if (isRetriable(problem)) this.#unfinished = unfinished;
          throw problem;
        }
        await this.#renew(recovery, signal);
      }
    }
  }

  #recovery(groups: readonly Group[]): Recovery {
    const { signal } = this.context;
    return new Recovery(
      groups,
      {
        attempt: (items: readonly Item[], conflict) =>
          this.#transact(regroup(items), conflict, signal, false),
        findDuplicates: async (items) =>
          findDuplicates(await this.#link.connected(signal), this.#writer, items),
        report: (record, error) => this.#report(record, error),
        duplicate: (count) => this.#metrics.duplicates.add(count),
      },
      {
        conflict: this.#conflict,
        insertConflict: this.options.insertConflict,
        inserts: this.options.mode === 'insert',
      },
    );
  }

  async #renewIfOutdated(recovery: Recovery, signal: AbortSignal): Promise<void> {
    if (await this.#intake.outdated(recovery.groups, await this.#link.connected(signal)))
      await this.#renew(recovery, signal);
  }

  /** The tables are not what they were: what remains is fitted to what they are now. */
  async #renew(recovery: Recovery, signal: AbortSignal): Promise<void> {
    this.#intake.forget();
    // Prepared statements and stages of the old tables go with their session.
    await this.#link.close();
    const { groups, bad } = await this.#intake.sort(recovery.remaining, () => this.#link.connected(signal));
    await this.#reportAll(bad);
    recovery.replace(groups);
  }

  async #reportAll(bad: readonly BadRecord[]): Promise<void> {
    for (const { record, error } of bad) await this.#report(record, error);
  }

  async #report(row: SinkRecord, error: Error): Promise<void> {
    const record = this.#intake.origin(row);
    if (this.#reported.has(record)) return;
    await this.context.report(record, error);
    this.#reported.add(record);
    this.#metrics.refused.add(1);
  }

  /** The configured number of tries turns what may pass into what does not. */
  #count(error: unknown): unknown {
    const { limit } = this.options.retries;
    if (!(error instanceof MillraceError) || !error.retriable) return error;
    this.#failures++;
    this.#metrics.repeats.add(1);
    if (limit === null || this.#failures <= limit) return error;
    return new MillraceError('DATABASE_UNREACHABLE', `${error.message}; gave up after ${limit} retries`, {
      cause: error,
      hint: error.hint ?? undefined,
      retriable: false,
    });
  }
}

/** A task that is stopped lets its transaction end, but does not wait for locks of others. */
function cutAfterAbort(session: Session, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    timer = setTimeout(() => session.cut(), STOP_GRACE_MS);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  };
}

/** An error of the class `stale`. */
const outdated = ({ error }: Failure): Error =>
  Object.assign(new Error(error.message, { cause: error }), { code: '42P01' });

function explain(thrown: unknown, groups: readonly Group[]): unknown {
  const error = causeOf(thrown);
  if (!isDatabaseError(error)) return error;
  const tables = new Set(groups.map(({ table }) => quoteTable(table.name)));
  return databaseError(error, `Writing to ${[...tables].join(', ')}`);
}
