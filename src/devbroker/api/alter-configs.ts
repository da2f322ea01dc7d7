/** AlterConfigs: replaces all that is set on a topic. Source: ConfigurationControlManager, Kafka 4.1. */
import { api, type Call } from '../api';
import { Code, Refusal } from '../refusal';
import { checkTopicName } from '../topics/names';
import type { Topic } from '../topics/port';
import {
  encodeResources,
  keyOf,
  placeOf,
  type Resource,
  type ResourceResult,
  ResourceType,
  refuseBrokerConfigs,
  repeatedAmong,
  resourceResult,
} from './config-resources';

interface Config {
  readonly name: string;
  readonly value: string | null;
}

interface ChangedResource extends Resource {
  readonly configs: readonly Config[];
}

interface AlterConfigs {
  readonly resources: readonly ChangedResource[];
  readonly validateOnly: boolean;
}

export const alterConfigs = api<AlterConfigs, readonly ResourceResult[]>({
  key: 33,
  name: 'AlterConfigs',
  versions: [0, 1],
  decode(reader) {
    const resources = reader.array((r) => ({
      type: r.int8(),
      name: r.string(),
      configs: r.array((each) => ({ name: each.string(), value: each.nullableString() })),
    }));
    return { resources, validateOnly: reader.boolean() };
  },
  places: ({ resources }) => resources.map(placeOf),
  handle: ({ resources, validateOnly }, call) =>
    alterEach(resources, call, ({ name, configs }) => {
      refuseNulls(configs);
      topicOf(name, call);
      const overrides = new Map(configs.map((config) => [config.name, config.value ?? '']));
      call.broker.topics.configure(name, overrides, validateOnly);
    }),
  encode: encodeResources,
});

/** Kafka refuses before anything else what is named twice, and of brokers' configs those that cannot change. */
export function alterEach<T extends Resource & { readonly configs: readonly { readonly name: string }[] }>(
  resources: readonly T[],
  call: Call,
  alterTopic: (resource: T) => void,
): ResourceResult[] {
  const repeated = repeatedAmong(resources);
  return resources.map((resource) =>
    resourceResult(resource, call, () => {
      if (repeated.has(keyOf(resource)))
        throw new Refusal(Code.INVALID_REQUEST, 'Each resource must appear at most once.');
      if (resource.type === ResourceType.TOPIC) alterTopic(resource);
      else if (resource.type === ResourceType.BROKER) {
        const names = resource.configs.map(({ name }) => name);
        refuseBrokerConfigs(resource, names, call);
      } else throw new Refusal(Code.INVALID_REQUEST, `Unknown resource type ${resource.type}`);
    }),
  );
}

export function topicOf(name: string, { broker }: Call): Topic {
  if (name === '') throw new Refusal(Code.INVALID_REQUEST, 'Default topic resources are not allowed.');
  checkTopicName(name);
  const topic = broker.topics.get(name);
  if (topic === undefined)
    throw new Refusal(Code.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`);
  return topic;
}

export function refuseNulls(configs: readonly Config[]): void {
  const names = configs.filter(({ value }) => value === null).map(({ name }) => name);
  if (names.length > 0)
    throw new Refusal(Code.INVALID_REQUEST, `Null value not supported for : ${names.join(',')}`);
}
