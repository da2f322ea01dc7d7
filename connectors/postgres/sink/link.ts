/** The task's one connection: opened again when it is lost, with back-off between failures. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Backoff, createBackoff, type Logger } from '../../../src/plugin';
import { openSession, type Session } from '../connection';
import { postgresZone } from './codec/zone';
import type { SinkOptions } from './options';

/** A session as sinks need it: text without zone is read in the configured one. */
export const openSinkSession = (options: SinkOptions, logger: Logger): Promise<Session> =>
  openSession(options.connection, { TimeZone: postgresZone(options.zone) }, logger);

export class Link {
  readonly #backoff: Backoff = createBackoff({ initialMs: 100, maxMs: 10_000 });
  #notBefore = 0;

  constructor(
    private readonly options: SinkOptions,
    private readonly logger: Logger,
    private session: Session | null,
  ) {}

  /** A live session. Waits out the back-off of an earlier failure; throws MillraceError when it cannot be had. */
  async connected(signal: AbortSignal): Promise<Session> {
    if (this.session !== null && this.session.broken === null) return this.session;
    const wait = this.#notBefore - Date.now();
    if (wait > 0) await sleep(wait, undefined, { signal });
    try {
      this.session = await openSinkSession(this.options, this.logger);
      this.#backoff.reset();
      return this.session;
    } catch (error) {
      this.#notBefore = Date.now() + (this.options.retries.backoffMs ?? this.#backoff.next());
      throw error;
    }
  }

  async close(): Promise<void> {
    const { session } = this;
    this.session = null;
    await session?.close();
  }
}
