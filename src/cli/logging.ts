import { createLogger, type LogLevel, type PinoLogger } from '../http/pino-logger';
import type { WorkerConfig } from '../worker';

export interface LogOptions {
  readonly logFormat?: 'text' | 'json';
  readonly logLevel?: LogLevel;
}

/** Options of the command win over the worker's configuration; people get text, pipes and files get JSON lines. */
export function openLogger(options: LogOptions, worker?: WorkerConfig): PinoLogger {
  const configured = worker?.config.string('log.format') ?? 'auto';
  const automatic = process.stderr.isTTY ? 'text' : 'json';
  const format = options.logFormat ?? (configured === 'auto' ? automatic : (configured as 'text' | 'json'));
  const level = options.logLevel ?? (worker?.config.string('log.level') as LogLevel | undefined) ?? 'info';
  return createLogger({ format, level });
}
