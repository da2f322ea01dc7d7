/**
 * One transaction, one round trip. All statements of a transaction go out in the extended protocol with a single Sync
 * behind them: the server runs them as one implicit transaction, commits at the Sync, and after an error skips
 * everything up to it (Postgres documentation 55.2.4). COPY takes part: CopyData may follow its Execute at once, for the
 * server reads its input in order, and throws away what belongs to a COPY that failed.
 */
import { EventEmitter } from 'node:events';
import type { Connection } from 'pg';
import type { Session } from '../connection';

export type Step =
  | {
      readonly kind: 'copy';
      readonly sql: string;
      /** Finished CopyData messages; made while they are sent, if they like. */
      readonly frames: Iterable<Buffer>;
    }
  | {
      readonly kind: 'statement';
      readonly sql: string;
      /** Text parameters. */
      readonly values: readonly (string | null)[];
      /** Rows of the answer go here, as text by position. */
      readonly onRow?: (fields: readonly (string | null)[]) => void;
    };

/** Why a transaction failed: `step` is the index of the step at fault. */
export class StepError extends Error {
  constructor(
    readonly step: number,
    override readonly cause: Error,
  ) {
    super(cause.message);
  }
}

/** pg's connection as it is; its types describe an older shape of these methods. */
interface Wire extends EventEmitter {
  readonly stream: import('node:net').Socket;
  parse(query: { name: string; text: string; types: readonly number[] }): void;
  bind(config: { portal: string; statement: string; values: readonly (string | null)[] }): void;
  execute(config: { portal: string }): void;
  sync(): void;
}

/** Gives way to heartbeats and health checks now and then. */
const SLICE_MS = 10;
export const yieldToLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4]);

/** Statements that a session has prepared, by text; lives and dies with its session. */
interface Prepared {
  readonly names: Map<string, string>;
  next: number;
}

const preparedBy = new WeakMap<Session, Prepared>();

function preparedOf(session: Session): Prepared {
  let prepared = preparedBy.get(session);
  if (prepared === undefined) preparedBy.set(session, (prepared = { names: new Map(), next: 0 }));
  return prepared;
}

/** More would fill the server's memory; one statement per table and shape is far below it. */
const MAX_PREPARED = 500;

export interface TransactionOptions {
  /** Prepare statements once per session. */
  readonly named: boolean;
  /** Runs when everything is sent, before the commit; what it throws ends the connection, and with it the transaction. */
  readonly beforeCommit?: () => Promise<void>;
  /** Messages that have left this process. */
  readonly sent?: (frame: Buffer) => void;
}

/**
 * Runs the steps as one transaction. Resolves when it is committed. Rejects with StepError when it is rolled back or the
 * connection broke and nobody knows, and with what `beforeCommit` threw.
 */
export function runTransaction(
  session: Session,
  steps: readonly Step[],
  options: TransactionOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    session.client.query(new Transaction(session, steps, options, resolve, reject));
  });
}

/** What pg calls a submittable: it drives the connection from `submit` to ReadyForQuery. */
class Transaction extends EventEmitter {
  #step = 0;
  #failed = false;
  #wire: Wire | null = null;
  /** Names in the order of their Parse messages; each ParseComplete confirms the next. */
  readonly #parsing: { name: string; sql: string }[] = [];

  constructor(
    private readonly session: Session,
    private readonly steps: readonly Step[],
    private readonly options: TransactionOptions,
    private readonly resolve: () => void,
    private readonly reject: (error: Error) => void,
  ) {
    super();
  }

  /** Present, so that pg can wrap it when a query time-out is configured. */
  callback(): void {}

  submit(connection: Connection): void {
    this.#wire = connection as unknown as Wire;
    this.#wire.on('parseComplete', this.#onParsed);
    this.#send(this.#wire).catch((error: Error) => this.#abort(error));
  }

  async #send(wire: Wire): Promise<void> {
    for (const step of this.steps) {
      if (this.#failed) break;
      wire.stream.cork();
      this.#begin(wire, step);
      process.nextTick(() => wire.stream.uncork());
      if (step.kind === 'copy') await this.#copy(wire, step.frames);
    }
    if (!this.#failed) await this.options.beforeCommit?.();
    // Also after an error: the server waits for it.
    wire.sync();
  }

  /** Something on our side went wrong. Without a Sync there is no commit: the server rolls back when the line is cut. */
  #abort(error: Error): void {
    if (!this.#failed) {
      this.#failed = true;
      this.#end();
      this.reject(error);
    }
    this.#wire?.stream.destroy();
  }

  #begin(wire: Wire, step: Step): void {
    const { sql } = step;
    const known = this.#preparedName(sql);
    // COPY has no plan worth keeping.
    const statement = known ?? (step.kind === 'copy' ? '' : this.#newName());
    if (known === undefined) {
      this.#parsing.push({ name: statement, sql });
      wire.parse({ name: statement, text: sql, types: [] });
    }
    wire.bind({ portal: '', statement, values: step.kind === 'copy' ? [] : step.values });
    wire.execute({ portal: '' });
  }

  #preparedName(sql: string): string | undefined {
    const { names } = preparedOf(this.session);
    return names.get(sql) ?? this.#parsing.find((each) => each.sql === sql && each.name !== '')?.name;
  }

  #newName(): string {
    const prepared = preparedOf(this.session);
    return this.options.named && prepared.next < MAX_PREPARED ? `millrace_${prepared.next++}` : '';
  }

  readonly #onParsed = (): void => {
    const parsed = this.#parsing.shift();
    if (parsed !== undefined && parsed.name !== '')
      preparedOf(this.session).names.set(parsed.sql, parsed.name);
  };

  async #copy(wire: Wire, frames: Iterable<Buffer>): Promise<void> {
    const { sent } = this.options;
    let deadline = performance.now() + SLICE_MS;
    for (const frame of frames) {
      if (this.#failed || wire.stream.destroyed) return;
      const room = wire.stream.write(frame, (error) => error || sent?.(frame));
      if (!room) await drained(wire.stream);
      if (performance.now() > deadline) {
        await yieldToLoop();
        deadline = performance.now() + SLICE_MS;
      }
    }
    if (!this.#failed) wire.stream.write(COPY_DONE);
  }

  #end(): void {
    this.#wire?.off('parseComplete', this.#onParsed);
  }

  handleRowDescription(): void {}

  handleDataRow(message: { fields: readonly (string | null)[] }): void {
    const step = this.steps[this.#step];
    if (step?.kind === 'statement') step.onRow?.(message.fields);
  }

  handleCommandComplete(): void {
    this.#step++;
  }

  handleEmptyQuery(): void {}

  handlePortalSuspended(): void {}

  handleCopyInResponse(): void {}

  handleCopyData(): void {}

  handleError(error: Error): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#end();
    this.reject(new StepError(this.#step, error));
  }

  handleReadyForQuery(): void {
    if (this.#failed) return;
    this.#end();
    this.resolve();
  }
}

/** Room in the socket's buffer, or its end. */
function drained(stream: import('node:net').Socket): Promise<void> {
  if (stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}
