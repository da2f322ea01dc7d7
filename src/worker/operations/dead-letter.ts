/** One record of a dead-letter topic: what Kafka Connect's headers say of it (connect.md §4). */
import type { TopicPartition } from '../../kernel';
import type { WireRecord } from './ranges';

export const CONTEXT_PREFIX = '__connect.errors.';

export interface DeadLetterContext {
  /** Null: the header is not there. So is all of this when context headers are off. */
  readonly origin: (TopicPartition & { readonly offset: number }) | null;
  readonly connector: string | null;
  readonly task: number | null;
  readonly stage: string | null;
  /** What failed: the class of a converter or transform. */
  readonly class: string | null;
  readonly exception: string | null;
  readonly message: string | null;
  readonly stacktrace: string | null;
}

export interface DeadLetter {
  /** `partition-offset` in the dead-letter topic. */
  readonly id: string;
  readonly raw: WireRecord;
  readonly context: DeadLetterContext;
}

export function deadLetterOf(raw: WireRecord): DeadLetter {
  return { id: `${raw.partition}-${raw.offset}`, raw, context: contextOf(raw) };
}

function contextOf({ headers }: WireRecord): DeadLetterContext {
  const text = (name: string): string | null =>
    headers.find(({ key }) => key === CONTEXT_PREFIX + name)?.value?.toString('utf8') ?? null;
  const number = (name: string): number | null => {
    const given = text(name);
    return given !== null && /^\d{1,15}$/.test(given) ? Number(given) : null;
  };
  const [topic, partition, offset] = [text('topic'), number('partition'), number('offset')];
  return {
    origin: topic === null || partition === null || offset === null ? null : { topic, partition, offset },
    connector: text('connector.name'),
    task: number('task.id'),
    stage: text('stage'),
    class: text('class.name'),
    exception: text('exception.class.name'),
    message: text('exception.message'),
    stacktrace: text('exception.stacktrace'),
  };
}

/** The record as it was before it became a dead letter. */
export function revived({ raw, context }: DeadLetter): WireRecord | null {
  if (context.origin === null) return null;
  return { ...raw, ...context.origin, headers: raw.headers.filter(({ key }) => !isContext(key)) };
}

export const isContext = (header: string): boolean => header.startsWith(CONTEXT_PREFIX);

export interface DeadLetterFilter {
  readonly stage: string | null;
  /** Within class or message of the exception, case aside. */
  readonly error: string | null;
}

/** Several connectors may share a topic: those of others are left out where the headers tell. */
export function isWanted(
  { context }: DeadLetter,
  connector: string,
  { stage, error }: DeadLetterFilter,
): boolean {
  if (context.connector !== null && context.connector !== connector) return false;
  if (stage !== null && context.stage?.toLowerCase() !== stage.toLowerCase()) return false;
  if (error === null) return true;
  const told = `${context.exception ?? ''}: ${context.message ?? ''}`.toLowerCase();
  return told.includes(error.toLowerCase());
}

/** The same for errors that differ in numbers and quoted values only. */
export function kindOfError({ exception, message }: DeadLetterContext): string {
  const general = (message ?? '')
    .replace(/'[^']*'|"[^"]*"/g, '…')
    .replace(/\d+/g, '#')
    .slice(0, 200);
  return exception === null
    ? general || 'unknown: the record has no context headers'
    : `${exception}: ${general}`;
}
