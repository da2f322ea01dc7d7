/** IncrementalAlterConfigs: changes some of what is set on a topic. Source: ConfigAdminManager and ConfigurationControlManager, Kafka 4.1. */
import { api, type Call } from '../api';
import { Code, Refusal } from '../refusal';
import { topicConfigKey, topicDefault } from '../topics/config';
import { alterEach, refuseNulls, topicOf } from './alter-configs';
import { encodeResources, placeOf, type Resource, type ResourceResult } from './config-resources';

interface Change {
  readonly name: string;
  readonly operation: number;
  readonly value: string | null;
}

interface ChangedResource extends Resource {
  readonly configs: readonly Change[];
}

interface IncrementalAlterConfigs {
  readonly resources: readonly ChangedResource[];
  readonly validateOnly: boolean;
}

const DELETE = 1;
/** Kafka's numbers, for those that change a list. */
const LIST_OPERATIONS = { 2: 'APPEND', 3: 'SUBTRACT' } as const;
const LAST_OPERATION = 3;

export const incrementalAlterConfigs = api<IncrementalAlterConfigs, readonly ResourceResult[]>({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: [0, 0],
  decode(reader) {
    const resources = reader.array((r) => ({
      type: r.int8(),
      name: r.string(),
      configs: r.array((each) => ({
        name: each.string(),
        operation: each.int8(),
        value: each.nullableString(),
      })),
    }));
    return { resources, validateOnly: reader.boolean() };
  },
  places: ({ resources }) => resources.map(placeOf),
  handle: ({ resources, validateOnly }, call) =>
    alterEach(resources, call, (resource) => alterTopic(resource, validateOnly, call)),
  encode: encodeResources,
});

function alterTopic({ name, configs }: ChangedResource, validateOnly: boolean, call: Call): void {
  if (new Set(configs.map((change) => change.name)).size < configs.length)
    throw new Refusal(Code.INVALID_REQUEST, 'Error due to duplicate config keys');
  refuseNulls(configs.filter(({ operation }) => operation !== DELETE));
  const overrides = new Map(topicOf(name, call).overrides);
  for (const change of configs) apply(overrides, change, call);
  call.broker.topics.configure(name, overrides, validateOnly);
}

function apply(overrides: Map<string, string>, { name, operation, value }: Change, call: Call): void {
  // Kafka fails on an operation that it does not know without a word.
  if (operation < 0 || operation > LAST_OPERATION) throw new Refusal(Code.UNKNOWN_SERVER_ERROR);
  if (operation === DELETE) overrides.delete(name);
  else if (operation === 2 || operation === 3)
    overrides.set(name, changedList(overrides.get(name), name, operation, value ?? '', call));
  else overrides.set(name, value ?? '');
}

function changedList(
  before: string | undefined,
  name: string,
  operation: keyof typeof LIST_OPERATIONS,
  value: string,
  { broker }: Call,
): string {
  const key = topicConfigKey(name);
  if (key?.type !== 'LIST') {
    throw new Refusal(
      Code.INVALID_CONFIG,
      `Can't ${LIST_OPERATIONS[operation]} to key ${name} because its type is not LIST.`,
    );
  }
  const items = itemsOf(before ?? topicDefault(key, broker.topics.brokerConfigs));
  const named = itemsOf(value);
  const changed =
    operation === 2
      ? [...items, ...named.filter((item) => !items.includes(item))]
      : items.filter((item) => !named.includes(item));
  return changed.join(',');
}

const itemsOf = (list: string): string[] =>
  list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
