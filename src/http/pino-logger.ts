import pino, { type DestinationStream } from 'pino';
import { causeChain, type Logger, type LoggerLevelName, LoggerLevels, MillraceError } from '../kernel';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LoggerOptions {
  /** `info` unless given. */
  readonly level?: LogLevel;
  /** JSON lines for machines, or one readable line per event. */
  readonly format?: 'json' | 'text';
  /** Standard error unless given: standard output belongs to what a command answers. */
  readonly destination?: 'stderr' | 'stdout' | { readonly file: string } | DestinationStream;
  /** On every line. */
  readonly fields?: object;
}

/** A pino logger behind the kernel's port, and the switch of its level, which children follow unless theirs was set. */
export interface PinoLogger extends Logger {
  level: LogLevel;
  /** Of this logger, as `root`, and of its children that have names. */
  readonly levels: LoggerLevels;
  /** Writes out what is buffered; call it before the process ends. */
  flush(): void;
}

export function createLogger(options: LoggerOptions = {}): PinoLogger {
  const stream = openDestination(options.destination ?? 'stderr');
  const root = pino(
    {
      level: options.level ?? 'info',
      base: options.fields ?? null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      serializers: { err: describeError, error: describeError },
    },
    options.format === 'text' ? asText(stream) : stream,
  );
  const levels = new LoggerLevels(LOG4J[options.level ?? 'info']);
  return {
    ...bind(root, levels, null),
    levels,
    flush: () => (stream as Partial<{ flushSync(): void }>).flushSync?.(),
    get level() {
      return LEVELS[levels.root];
    },
    set level(level: LogLevel) {
      levels.set('root', LOG4J[level]);
    },
  };
}

/** log4j's levels, and those of them that mean the same here. */
export const LEVELS: Readonly<Record<LoggerLevelName, LogLevel>> = {
  ALL: 'debug',
  TRACE: 'debug',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
  FATAL: 'error',
  OFF: 'silent',
};

const LOG4J: Readonly<Record<LogLevel, LoggerLevelName>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
  silent: 'OFF',
};

function openDestination(destination: NonNullable<LoggerOptions['destination']>): DestinationStream {
  // Synchronous writes: a line is out before the process can die, and healthy processes are silent.
  if (destination === 'stderr') return pino.destination({ dest: 2, sync: true });
  if (destination === 'stdout') return pino.destination({ dest: 1, sync: true });
  if ('file' in destination) return pino.destination({ dest: destination.file, mkdir: true, sync: true });
  return destination;
}

/** @param name whose level holds: the logger's own or that of the nearest parent with a name; null: the root's */
function bind(logger: pino.Logger, levels: LoggerLevels, name: string | null): Logger {
  let version = -1;
  // A pino child keeps the level it was born with; ours follow what was set since.
  const current = (): pino.Logger => {
    if (version !== levels.version) {
      version = levels.version;
      logger.level = LEVELS[name === null ? levels.root : levels.effective(name)];
    }
    return logger;
  };
  return {
    debug: (fields, message) => current().debug(fields, message),
    info: (fields, message) => current().info(fields, message),
    warn: (fields, message) => current().warn(fields, message),
    error: (fields, message) => current().error(fields, message),
    child(fields, own) {
      if (own !== undefined) levels.declare(own);
      return bind(logger.child(fields), levels, own ?? name);
    },
  };
}

/** Errors made for users are told without a stack trace; a defect keeps its own. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const told = { type: error.name, message: causeChain(error).join(': ') };
  if (error instanceof MillraceError && error.code !== 'INTERNAL') {
    return { ...told, code: error.code, ...(error.hint === null ? {} : { hint: error.hint }) };
  }
  return { ...told, stack: error.stack };
}

const asText = (stream: DestinationStream): DestinationStream => ({
  write: (line) => stream.write(formatLine(JSON.parse(line))),
});

/** `12:04:05.678 WARN  message (topic=orders partition=3)`, then error text and stack on lines of their own. */
function formatLine({ level, time, msg, err, error, ...fields }: Record<string, unknown>): string {
  const shown = Object.entries(fields).map(([key, value]) => `${key}=${scalar(value)}`);
  const head = `${String(time).slice(11, 23)} ${String(level).toUpperCase().padEnd(5)} ${msg ?? ''}`;
  const failure = (err ?? error) as { message?: string; hint?: string; stack?: string } | undefined;
  const lines = [shown.length > 0 ? `${head} (${shown.join(' ')})` : head];
  if (failure?.stack) lines.push(failure.stack);
  else if (failure)
    lines.push(`  ${failure.message ?? scalar(failure)}${failure.hint ? ` ${failure.hint}` : ''}`);
  return lines.join('\n') + '\n';
}

/** Quoted when it could pass for a line of its own: clients choose some of the values. */
const scalar = (value: unknown): string =>
  typeof value === 'string' && !/\p{Cc}/u.test(value) ? value : JSON.stringify(value);
