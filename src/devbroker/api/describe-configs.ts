/** DescribeConfigs, of topics and of the broker that is asked. */
import type { ByteReader, ByteWriter } from '../../kafka/wire/bytes';
import { api, type Call } from '../api';
import { Code, Refusal } from '../refusal';
import { brokerEntries, type ConfigEntry, topicEntries } from '../topics/config-entries';
import type { ConfigType } from '../topics/config-value';
import { checkTopicName } from '../topics/names';
import {
  placeOf,
  type Resource,
  type ResourceResult,
  ResourceType,
  resourceResult,
} from './config-resources';

interface AskedResource extends Resource {
  /** Null: all. */
  readonly keys: readonly string[] | null;
}

interface DescribeConfigs {
  readonly resources: readonly AskedResource[];
  readonly tellsSynonyms: boolean;
}

interface Described extends ResourceResult {
  readonly entries: readonly ConfigEntry[];
}

interface Answer {
  readonly resources: readonly Described[];
  readonly tellsSynonyms: boolean;
}

/** Kafka's numbers. */
const TYPE_NUMBERS: Readonly<Record<ConfigType, number>> = {
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
  CLASS: 8,
  PASSWORD: 9,
};

export const describeConfigs = api<DescribeConfigs, Answer>({
  key: 32,
  name: 'DescribeConfigs',
  versions: [1, 3],
  decode(reader, version) {
    const resources = reader.array(readResource);
    const tellsSynonyms = reader.boolean();
    if (version >= 3) reader.boolean(); // documentation, which there is none of
    return { resources, tellsSynonyms };
  },
  places: ({ resources }) => resources.map(placeOf),
  handle: ({ resources, tellsSynonyms }, call) => ({
    resources: resources.map((resource) => describe(resource, call)),
    tellsSynonyms,
  }),
  encode(writer, { resources, tellsSynonyms }, version) {
    writer.int32(0).array(resources, (w, { error, message, type, name, entries }) => {
      // Kafka says "" where others say null.
      w.int16(error)
        .nullableString(message ?? '')
        .int8(type)
        .string(name);
      w.array(entries, (inner, entry) => encodeEntry(inner, entry, tellsSynonyms, version));
    });
  },
});

const readResource = (reader: ByteReader): AskedResource => {
  const type = reader.int8();
  const name = reader.string();
  const count = reader.int32();
  const keys = Array.from({ length: Math.max(0, count) }, () => reader.string());
  return { type, name, keys: keys.length === 0 ? null : keys };
};

function describe(resource: AskedResource, call: Call): Described {
  let entries: readonly ConfigEntry[] = [];
  const result = resourceResult(resource, call, () => {
    const { keys } = resource;
    entries = entriesOf(resource, call).filter(({ name }) => keys === null || keys.includes(name));
  });
  return { ...result, entries: result.error === 0 ? entries : [] };
}

function entriesOf({ type, name }: AskedResource, { broker, node }: Call): readonly ConfigEntry[] {
  const { topics, settings } = broker;
  if (type === ResourceType.TOPIC) {
    checkTopicName(name);
    const topic = topics.get(name);
    if (topic === undefined) throw new Refusal(Code.UNKNOWN_TOPIC_OR_PARTITION);
    return topicEntries(topic, topics.brokerConfigs);
  }
  if (type !== ResourceType.BROKER) throw new Refusal(Code.INVALID_REQUEST, `Unknown resource type ${type}`);
  // Configs of all brokers together: none are set.
  if (name === '') return [];
  checkBrokerId(name, node.id);
  return brokerEntries(node, topics.brokerConfigs, settings.dataDir);
}

function checkBrokerId(name: string, nodeId: number): void {
  if (!/^-?\d+$/.test(name))
    throw new Refusal(Code.INVALID_REQUEST, `Broker id must be an integer, but it is: ${name}`);
  if (Number(name) !== nodeId) {
    throw new Refusal(
      Code.INVALID_REQUEST,
      `Unexpected broker id, expected ${nodeId} or empty string, but received ${name}`,
    );
  }
}

function encodeEntry(writer: ByteWriter, entry: ConfigEntry, tellsSynonyms: boolean, version: number): void {
  writer.string(entry.name).nullableString(entry.value).boolean(entry.isReadOnly);
  writer.int8(entry.source).boolean(entry.isSensitive);
  writer.array(tellsSynonyms ? entry.synonyms : [], (w, { name, value, source }) => {
    w.string(name).nullableString(value).int8(source);
  });
  if (version >= 3) writer.int8(TYPE_NUMBERS[entry.type]).nullableString(null);
}
