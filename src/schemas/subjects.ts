/** Under which subject a schema is registered. */
import { ConfigError, DataError } from '../kernel';

/** Strategies that need nothing but topic and schema. */
export type PlainStrategy = 'topic' | 'record' | 'topic-record';
export type SubjectStrategy = PlainStrategy | 'associated';

/** How subjects are named. */
export interface SubjectNaming {
  readonly strategy: SubjectStrategy;
  /** With `associated`: for topics without an associated subject. Null: that is an error. */
  readonly fallback: PlainStrategy | null;
  /** With `associated`: the Kafka cluster as the registry knows it, `-` for any. */
  readonly cluster: string;
}

const PACKAGE = 'io.confluent.kafka.serializers.subject.';

/** Class names of Confluent's strategies and short names of ours. */
export const SUBJECT_STRATEGIES: ReadonlyMap<string, SubjectStrategy> = new Map([
  [`${PACKAGE}TopicNameStrategy`, 'topic'],
  [`${PACKAGE}RecordNameStrategy`, 'record'],
  [`${PACKAGE}TopicRecordNameStrategy`, 'topic-record'],
  [`${PACKAGE}AssociatedNameStrategy`, 'associated'],
  ['io.confluent.kafka.serializers.subject.strategy.TopicNameStrategy', 'topic'],
  ['TopicNameStrategy', 'topic'],
  ['RecordNameStrategy', 'record'],
  ['TopicRecordNameStrategy', 'topic-record'],
  ['AssociatedNameStrategy', 'associated'],
]);

export const DEFAULT_SUBJECT_STRATEGY = `${PACKAGE}TopicNameStrategy`;

/** Values of `subject.name.strategy.fallback.type`. */
export const FALLBACK_STRATEGIES: ReadonlyMap<string, PlainStrategy | null> = new Map([
  ['TOPIC', 'topic'],
  ['RECORD', 'record'],
  ['TOPIC_RECORD', 'topic-record'],
  ['NONE', null],
]);

/** Throws ConfigError for a class that is none of them. */
export function subjectStrategy(key: string, className: string): SubjectStrategy {
  const strategy = SUBJECT_STRATEGIES.get(className);
  if (strategy !== undefined) return strategy;
  throw new ConfigError(`${key}: ${className} is not a subject name strategy that is known here`, {
    hint: 'Known are TopicNameStrategy, RecordNameStrategy, TopicRecordNameStrategy and AssociatedNameStrategy.',
  });
}

/** `recordName` is the full name of the schema, null when it has none; only TopicName does without. */
export function subjectName(
  strategy: PlainStrategy,
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

export type ReferenceStrategy = 'default' | 'qualified';

/** Subject of what a schema refers to: its name, or `a.b` for the import path `a/b.proto`. */
export const referenceSubject = (strategy: ReferenceStrategy, name: string): string =>
  strategy === 'default' ? name : name.replaceAll('.proto', '').replaceAll('/', '.');

const QUALIFIED = /^:(\.[^:]*):/;

/** `:.ctx:` of a subject in a context, else nothing. Ids are per context. */
export function contextPrefix(subject: string): string {
  const context = QUALIFIED.exec(subject)?.[1];
  return context === undefined || context === '.' ? '' : `:${context}:`;
}

/** The subject of a reference made in a context: unqualified ones are in the same. */
export const inContext = (prefix: string, subject: string): string =>
  prefix === '' || QUALIFIED.test(subject) ? subject : `${prefix}${subject}`;
