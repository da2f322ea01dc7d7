/** Which topics a sink reads and how a source's topics are created: rules over more than one key. */

import type { TopicCreation } from '../flow';
import { type ConfigIssue, type ConfigPrefix, parseValue, wholeJavaPattern } from '../kernel';
import { stripPrefix } from './config-compose';

type Raw = Readonly<Record<string, string>>;
type Given = Readonly<Record<string, string | null>>;

export const TOPIC_CREATION_PREFIX: ConfigPrefix = {
  prefix: 'topic.creation.',
  doc: 'topic.creation.default.* and topic.creation.<group>.*: partitions, replication.factor, include, exclude, and settings of the topic.',
};

export const listOf = (text: string | null | undefined): string[] => {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? [] : trimmed.split(/\s*,\s*/);
};

const issue = (raw: Given, key: string, message: string): ConfigIssue => ({
  key,
  value: raw[key] ?? null,
  message,
  kind: raw[key] === undefined ? 'missing' : 'invalid',
});

/** Exactly one of topics and topics.regex, and a dead-letter topic that is none of them. */
export function checkSinkTopics(raw: Given): ConfigIssue[] {
  const topics = listOf(raw.topics);
  const regex = raw['topics.regex']?.trim() ?? '';
  const issues: ConfigIssue[] = [];
  const onBoth = (message: string): void => {
    for (const key of ['topics', 'topics.regex']) issues.push(issue(raw, key, message));
  };
  if (topics.length === 0 && regex === '') onBoth('Must configure one of topics or topics.regex');
  if (topics.length > 0 && regex !== '') {
    onBoth('topics and topics.regex are mutually exclusive options, but both are set.');
  }
  const deadLetters = raw[DEAD_LETTERS]?.trim() ?? '';
  if (deadLetters !== '' && topics.includes(deadLetters)) {
    const list = `('topics=[${topics.join(', ')}]')`;
    issues.push(issue(raw, 'topics', `${refused(deadLetters)} included in the list of topics ${list} ${BY}`));
  }
  if (deadLetters !== '' && regex !== '' && matches(regex, deadLetters)) {
    const pattern = `('topics.regex=${regex}')`;
    const message = `${refused(deadLetters)} matched by the regex for the topics ${pattern} ${BY}`;
    issues.push(issue(raw, 'topics.regex', message));
  }
  return issues;
}

const DEAD_LETTERS = 'errors.deadletterqueue.topic.name';
const BY = 'consumed by the connector';
const refused = (topic: string): string => `The DLQ topic '${topic}' may not be`;

/** Whole-name match, as Java's. A pattern that does not compile matches nothing; its own key complains. */
function matches(pattern: string, name: string): boolean {
  try {
    return wholeJavaPattern(pattern).test(name);
  } catch {
    return false;
  }
}

/** Whether the connector says anything about creating topics; only then are they created here and not by the broker. */
export const wantsTopicCreation = (raw: Given): boolean =>
  Object.keys(raw).some((key) => key.startsWith('topic.creation.'));

/** What is wrong with the keys of groups, which no definition lists; Kafka finds it when the connector starts. */
export function checkTopicCreation(raw: Raw): ConfigIssue[] {
  if (!wantsTopicCreation(raw)) return [];
  const groups = listOf(raw['topic.creation.groups']);
  const needed = [
    ...['replication.factor', 'partitions'].map((name) => `topic.creation.default.${name}`),
    ...groups.map((group) => `topic.creation.${group}.include`),
  ];
  const missing = needed
    .filter((key) => raw[key] === undefined)
    .map((key) => issue(raw, key, `Missing required configuration "${key}" which has no default value.`));
  const wrong = Object.entries(raw).flatMap(([key, value]) => {
    if (!key.startsWith('topic.creation.') || key === 'topic.creation.groups') return [];
    const group = ['default', ...groups].find((each) => key.startsWith(`topic.creation.${each}.`));
    const why =
      group === undefined
        ? 'topic.creation.groups does not name its group'
        : problemOf(key.slice(`topic.creation.${group}.`.length), value);
    return why === null ? [] : [issue(raw, key, `Invalid value ${value} for configuration ${key}: ${why}`)];
  });
  return [...missing, ...wrong];
}

const COUNTS: Readonly<Record<string, readonly [type: 'INT' | 'SHORT', why: string]>> = {
  partitions: ['INT', "Number of partitions must be positive, or -1 to use the broker's default"],
  'replication.factor': [
    'SHORT',
    "Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default",
  ],
};

/** Other names are settings of the topic, which the brokers judge. */
function problemOf(name: string, value: string): string | null {
  if (name === 'include' || name === 'exclude') return patternProblem(listOf(value));
  const count = COUNTS[name];
  if (count === undefined) return null;
  const parsed = parseValue(count[0], value);
  if (typeof parsed !== 'number') return `Not a number of type ${count[0]}`;
  return parsed === -1 || parsed >= 1 ? null : count[1];
}

function patternProblem(patterns: readonly string[]): string | null {
  try {
    patterns.forEach(wholeJavaPattern);
    return null;
  } catch (error) {
    return `Syntax error in regular expression: ${(error as Error).message}`;
  }
}

/** What `topics.regex` of a sink means. */
export const wholeName = wholeJavaPattern;

interface Group {
  readonly include: readonly RegExp[];
  readonly exclude: readonly RegExp[];
  readonly settings: NonNullable<ReturnType<TopicCreation>>;
}

/** The first group whose patterns fit the topic, else the default one. Null when the connector says nothing. */
export function topicCreation(raw: Raw): TopicCreation | null {
  if (!wantsTopicCreation(raw)) return null;
  const fallback = stripPrefix(raw, 'topic.creation.default.');
  const groups = listOf(raw['topic.creation.groups']).map((name) =>
    readGroup(stripPrefix(raw, `topic.creation.${name}.`), fallback),
  );
  const otherwise = readGroup(fallback, fallback);
  return (topic) => {
    const group = groups.find(
      ({ include, exclude }) =>
        include.some((pattern) => pattern.test(topic)) && !exclude.some((pattern) => pattern.test(topic)),
    );
    return (group ?? otherwise).settings;
  };
}

function readGroup(own: Raw, fallback: Raw): Group {
  const number = (name: string): number => Number(own[name] ?? fallback[name] ?? -1);
  const { include, exclude, partitions: _, 'replication.factor': __, ...configs } = own;
  return {
    include: listOf(include).map(wholeJavaPattern),
    exclude: listOf(exclude).map(wholeJavaPattern),
    settings: { partitions: number('partitions'), replicationFactor: number('replication.factor'), configs },
  };
}
