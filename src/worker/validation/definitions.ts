/** Definitions of keys as REST shows them (connect.md §1.3). */
import { type ConfigKey, textOf } from '../../kernel';
import type { Plugin } from '../../plugin';
import { CONNECTOR_KEYS, SINK_KEYS, SOURCE_KEYS } from '../connector-keys';
import type { ConfigKeyInfo } from './infos';

/**
 * Of a plug-in of any kind, for a form: its own keys, then those of the framework that it does not define itself. Without
 * our extensions of connectors of another make: clients compare key sets.
 */
export function configDefinitions(plugin: Plugin): ConfigKeyInfo[] {
  const own = [...plugin.config.keys.values()]
    .filter(({ extension }) => extension !== true)
    .map(asWorkerSets);
  const inherited = frameworkKeys(plugin).filter(({ name }) => !plugin.config.keys.has(name));
  return [...keyInfos(own), ...keyInfos(inherited)];
}

export const CONVERTER_TYPE = 'converter.type';

/** Nobody has to say what a converter is for: the worker does, and always, which makes it required there. */
export const asWorkerSets = (key: ConfigKey): ConfigKey =>
  key.name === CONVERTER_TYPE ? { ...key, default: undefined } : key;

/** What a connector has beside its own keys; nothing for other plug-ins. */
export function frameworkKeys({ kind, version }: Plugin): ConfigKey[] {
  if (kind !== 'source' && kind !== 'sink') return [];
  const keys = [...CONNECTOR_KEYS, ...(kind === 'source' ? SOURCE_KEYS : SINK_KEYS)];
  return keys.map((key) => (key.name === 'connector.plugin.version' ? { ...key, default: version } : key));
}

export function keyInfos(keys: readonly ConfigKey[]): ConfigKeyInfo[] {
  const orders = ordersOf(keys);
  return keys.map((key, i) => keyInfo(key, orders[i]!));
}

const keyInfo = (key: ConfigKey, order: number): ConfigKeyInfo => ({
  name: key.name,
  type: key.type,
  required: key.default === undefined,
  default_value: textOf(key, key.default ?? null),
  importance: key.importance,
  documentation: key.doc,
  group: key.group ?? null,
  width: key.width ?? 'NONE',
  display_name: key.displayName ?? key.name,
  dependents: key.dependents ?? [],
  order,
});

/** Places within the groups, from 1; -1 without a group. */
function ordersOf(keys: readonly ConfigKey[]): number[] {
  const counts = new Map<string, number>();
  return keys.map(({ group, order }) => {
    if (group === undefined) return order ?? -1;
    const place = (counts.get(group) ?? 0) + 1;
    counts.set(group, place);
    return order ?? place;
  });
}

const IMPORTANCES = ['HIGH', 'MEDIUM', 'LOW'];

/** The order in which Kafka embeds a definition in another: by group and place, the required first, then by importance and name. */
export function embeddedOrder(keys: readonly ConfigKey[]): ConfigKey[] {
  const orders = new Map(keys.map((key, i) => [key, ordersOf(keys)[i]!]));
  const groups = [...new Set(keys.map(({ group }) => group ?? null))].sort(
    (a, b) => Number(a !== null) - Number(b !== null),
  );
  const rank = (key: ConfigKey): number[] => [
    groups.indexOf(key.group ?? null),
    orders.get(key)!,
    key.default === undefined ? 0 : 1,
    IMPORTANCES.indexOf(key.importance),
  ];
  return [...keys].sort((a, b) => compareRanks(rank(a), rank(b)) || (a.name < b.name ? -1 : 1));
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  const i = a.findIndex((value, at) => value !== b[at]);
  return i < 0 ? 0 : a[i]! - b[i]!;
}
