/** Sessions that read: they write nothing, and show times and texts in one way. */
import type { Logger } from '../../../src/plugin';
import { openSession, type Session, type SessionSettings } from '../connection';
import type { SourceOptions } from './options';

export function openReader({ connection, isolation }: SourceOptions, logger: Logger): Promise<Session> {
  const settings: Record<string, string> = {
    default_transaction_read_only: 'on',
    TimeZone: 'UTC',
    DateStyle: 'ISO, YMD',
    IntervalStyle: 'iso_8601',
  };
  if (isolation !== null) settings.default_transaction_isolation = isolation;
  return openSession(connection, settings satisfies SessionSettings, logger);
}
