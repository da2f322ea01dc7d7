/** Under which subject a schema is registered. */
import { ConfigError, DataError } from '../kernel';

export type SubjectStrategy = 'topic' | 'record' | 'topic-record';

const PACKAGE = 'io.confluent.kafka.serializers.subject.';

/** Class names of Confluent's strategies and short names of ours. */
export const SUBJECT_STRATEGIES: ReadonlyMap<string, SubjectStrategy> = new Map([
  [`${PACKAGE}TopicNameStrategy`, 'topic'],
  [`${PACKAGE}RecordNameStrategy`, 'record'],
  [`${PACKAGE}TopicRecordNameStrategy`, 'topic-record'],
  ['io.confluent.kafka.serializers.subject.strategy.TopicNameStrategy', 'topic'],
  ['TopicNameStrategy', 'topic'],
  ['RecordNameStrategy', 'record'],
  ['TopicRecordNameStrategy', 'topic-record'],
]);

export const DEFAULT_SUBJECT_STRATEGY = `${PACKAGE}TopicNameStrategy`;

/** Throws ConfigError for a class that is none of them. */
export function subjectStrategy(key: string, className: string): SubjectStrategy {
  const strategy = SUBJECT_STRATEGIES.get(className);
  if (strategy !== undefined) return strategy;
  throw new ConfigError(`${key}: ${className} is not a subject name strategy that is known here`, {
    hint: 'Known are TopicNameStrategy, RecordNameStrategy and TopicRecordNameStrategy.',
  });
}

/** `recordName` is the full name of the schema, null when it has none; only TopicName does without. */
export function subjectName(
  strategy: SubjectStrategy,
  topic: string,
  isKey: boolean,
  recordName: string | null,
): string {
  if (strategy === 'topic') return `${topic}-${isKey ? 'key' : 'value'}`;
  if (recordName === null) {
    throw new DataError(
      `The ${isKey ? 'key' : 'value'} has no record name, which the subject name strategy needs`,
      { hint: 'Write records, or use TopicNameStrategy.' },
    );
  }
  return strategy === 'record' ? recordName : `${topic}-${recordName}`;
}
