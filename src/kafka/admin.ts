/** Topics, their settings, groups. Any broker passes these on to the controller. */
import type { Coordinators } from './coordinator';
import { Code, kafkaError, missingTopic, UNKNOWN_GRACE_MS } from './errors';
import type { ApiRequest, Lane } from './lane';
import type { Metadata } from './metadata';
import type { KafkaAdmin, TopicSpec } from './port';
import { retrying } from './retry';
import { createTopicsRequest, type TopicsAnswer } from './wire/create-topics';
import { deleteGroupsRequest } from './wire/delete-groups';
import { deleteTopicsRequest } from './wire/delete-topics';
import { describeTopicConfigsRequest } from './wire/describe-configs';
import { alterTopicConfigsRequest } from './wire/incremental-alter-configs';

/** As `default.api.timeout.ms` of Kafka's own clients. */
export const API_TIMEOUT_MS = 60_000;
/** How long the controller may take. */
const CONTROLLER_TIMEOUT_MS = 25_000;

export interface AdminParts {
  readonly lane: Lane;
  readonly metadata: Metadata;
  readonly coordinators: Coordinators;
}

export function createAdmin(parts: AdminParts): KafkaAdmin {
  return {
    createTopic: (spec) => createTopic(parts, spec),
    deleteTopics: (topics) => deleteTopics(parts, topics),
    listTopics: async () => {
      const topics = await retrying(() => parts.metadata.all(), { timeoutMs: API_TIMEOUT_MS });
      return topics.filter((view) => !view.isInternal).map((view) => view.topic);
    },
    topicConfigs: (topic) => topicConfigs(parts, topic),
    alterTopicConfigs: (topic, set) => alterTopicConfigs(parts, topic, set),
    deleteGroups: async (groups) => {
      await Promise.all(groups.map((group) => deleteGroup(parts, group)));
    },
  };
}

const ask = <T>({ lane }: AdminParts, request: ApiRequest<T>, check: (answer: T) => void): Promise<T> =>
  retrying(
    async () => {
      const answer = await lane.send('any', request);
      check(answer);
      return answer;
    },
    { timeoutMs: API_TIMEOUT_MS },
  );

/** Throws for the first topic whose error is neither 0 nor `fine`. */
function checkTopics(answer: TopicsAnswer, what: string, fine: number): void {
  for (const { topic, error, message } of answer.topics) {
    if (error !== Code.NONE && error !== fine) throw kafkaError(error, `${what} topic ${topic}`, message);
  }
}

async function createTopic(parts: AdminParts, spec: TopicSpec): Promise<boolean> {
  const request = createTopicsRequest([spec], CONTROLLER_TIMEOUT_MS);
  const answer = await ask(parts, request, (each) => checkTopics(each, 'create', Code.TOPIC_ALREADY_EXISTS));
  parts.metadata.invalidate(spec.topic);
  // The controller answers before every broker knows: whoever uses the topic next should find it.
  await retrying(() => parts.metadata.leader(spec.topic, 0), { timeoutMs: API_TIMEOUT_MS });
  return answer.topics[0]?.error === Code.NONE;
}

async function deleteTopics(parts: AdminParts, topics: readonly string[]): Promise<void> {
  if (topics.length === 0) return;
  const request = deleteTopicsRequest(topics, CONTROLLER_TIMEOUT_MS);
  await ask(parts, request, (answer) => checkTopics(answer, 'delete', Code.UNKNOWN_TOPIC_OR_PARTITION));
  for (const topic of topics) parts.metadata.invalidate(topic);
}

async function topicConfigs(parts: AdminParts, topic: string): Promise<ReadonlyMap<string, string>> {
  const check = checkResource('read the settings of', topic);
  const answer = await ask(parts, describeTopicConfigsRequest(topic), (each) => check(each.resources[0]));
  const configs = new Map<string, string>();
  for (const { name, value } of answer.resources[0]?.configs ?? []) {
    if (value !== null) configs.set(name, value);
  }
  return configs;
}

async function alterTopicConfigs(
  parts: AdminParts,
  topic: string,
  set: Readonly<Record<string, string | null>>,
): Promise<void> {
  const check = checkResource('change the settings of', topic);
  await ask(parts, alterTopicConfigsRequest(topic, set), (answer) => check(answer.resources[0]));
}

interface Resource {
  readonly error: number;
  readonly message: string | null;
}

function checkResource(what: string, topic: string): (resource: Resource | undefined) => void {
  const started = Date.now();
  return (resource) => {
    const error = resource?.error ?? Code.UNKNOWN_SERVER_ERROR;
    const late = Date.now() - started > UNKNOWN_GRACE_MS;
    if (error === Code.UNKNOWN_TOPIC_OR_PARTITION && late) throw missingTopic(topic);
    if (error !== Code.NONE) throw kafkaError(error, `${what} topic ${topic}`, resource?.message);
  };
}

async function deleteGroup({ lane, coordinators }: AdminParts, groupId: string): Promise<void> {
  const attempt = async (nodeId: number) => {
    const answer = await lane.send(nodeId, deleteGroupsRequest([groupId]));
    const error = answer.groups[0]?.error ?? Code.UNKNOWN_SERVER_ERROR;
    if (error !== Code.NONE && error !== Code.GROUP_ID_NOT_FOUND) {
      throw kafkaError(error, `delete group ${groupId}`);
    }
  };
  await coordinators.retrying('group', groupId, attempt, { timeoutMs: API_TIMEOUT_MS });
}
