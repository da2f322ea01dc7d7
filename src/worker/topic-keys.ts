/** Which topics a sink reads and how a source's topics are created: rules over more than one key. */

import type { TopicCreation } from '../flow';
import type { ConfigIssue, ConfigPrefix } from '../kernel';
import { stripPrefix } from './config-compose';

type Raw = Readonly<Record<string, string>>;

export const TOPIC_CREATION_PREFIX: ConfigPrefix = {
  prefix: 'topic.creation.',
  doc: 'topic.creation.default.* and topic.creation.<group>.*: partitions, replication.factor, include, exclude, and settings of the topic.',
};

export const listOf = (text: string | undefined): string[] => {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? [] : trimmed.split(/\s*,\s*/);
};

const issue = (raw: Raw, key: string, message: string): ConfigIssue => ({
  key,
  value: raw[key] ?? null,
  message,
  kind: raw[key] === undefined ? 'missing' : 'invalid',
});

/** Exactly one of topics and topics.regex, and a dead-letter topic that is none of them. */
export function checkSinkTopics(raw: Raw): ConfigIssue[] {
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
  const key = 'errors.deadletterqueue.topic.name';
  const deadLetters = raw[key]?.trim() ?? '';
  if (deadLetters !== '' && (topics.includes(deadLetters) || (regex !== '' && matches(regex, deadLetters)))) {
    issues.push(
      issue(raw, key, `The dead-letter topic ${deadLetters} is among the topics that the connector reads`),
    );
  }
  return issues;
}

/** Whole-name match, as Java's. A pattern that does not compile matches nothing; its own key complains. */
function matches(pattern: string, name: string): boolean {
  try {
    return wholeName(pattern).test(name);
  } catch {
    return false;
  }
}

export const wholeName = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);

const REQUIRED = ['replication.factor', 'partitions'];

/** Whether the connector says anything about creating topics; only then are they created here and not by the broker. */
export const wantsTopicCreation = (raw: Raw): boolean =>
  Object.keys(raw).some((key) => key.startsWith('topic.creation.'));

export function checkTopicCreation(raw: Raw): ConfigIssue[] {
  if (!wantsTopicCreation(raw)) return [];
  const issues: ConfigIssue[] = [];
  const groups = listOf(raw['topic.creation.groups']);
  for (const name of REQUIRED) {
    const key = `topic.creation.default.${name}`;
    if (raw[key] === undefined)
      issues.push(issue(raw, key, `Missing required configuration "${key}" which has no default value.`));
  }
  for (const group of groups) {
    const key = `topic.creation.${group}.include`;
    if (raw[key] === undefined)
      issues.push(issue(raw, key, `Missing required configuration "${key}" which has no default value.`));
  }
  for (const [key, value] of Object.entries(raw)) {
    const match = /^topic\.creation\.([^.]+)\.(.+)$/.exec(key);
    if (match === null) continue;
    const [, group, name] = match as unknown as [string, string, string];
    if (group !== 'default' && !groups.includes(group)) {
      issues.push(issue(raw, key, `topic.creation.groups does not name the group ${group}`));
    } else if (REQUIRED.includes(name) && !/^(-1|[1-9]\d*)$/.test(value.trim())) {
      issues.push(
        issue(raw, key, `Invalid value ${value} for configuration ${key}: Value must be -1 or at least 1`),
      );
    }
  }
  return issues;
}

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
    include: listOf(include).map(wholeName),
    exclude: listOf(exclude).map(wholeName),
    settings: { partitions: number('partitions'), replicationFactor: number('replication.factor'), configs },
  };
}
