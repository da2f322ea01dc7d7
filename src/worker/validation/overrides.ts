/** Settings of Kafka's clients in a connector: only those of clients that the connector will have are looked at. */

import { grownOrder } from '../../convert/json-schema/hash-order';
import { ConfigDef, type ConfigKey } from '../../kernel';
import { CLIENT_DEFS, type ClientKind, isIgnoredByClients, type OverridePolicy } from '../client-keys';
import { stripPrefix } from '../config-compose';
import { wantsTopicCreation } from '../topic-keys';
import type { GivenConfig, ValidationContext } from './context';
import { Findings } from './findings';

const PRINCIPAL_KEYS: readonly string[] = ['sasl.jaas.config', 'sasl.mechanism', 'security.protocol'];

/** The text of the refusal; null when the key may be set. */
export function overrideRefusal(policy: OverridePolicy, name: string): string | null {
  if (policy === 'all' || (policy === 'principal' && PRINCIPAL_KEYS.includes(name))) return null;
  const which = policy === 'none' ? 'None' : 'Principal';
  return `The '${which}' policy does not allow '${name}' to be overridden in the connector configuration.`;
}

export function judgeOverrides(
  kind: 'source' | 'sink',
  config: GivenConfig,
  { policy, exactlyOnce }: ValidationContext,
): Findings[] {
  return clientsOf(kind, config, exactlyOnce).map((client) => judgeClient(client, config, policy));
}

/** A sink produces its dead letters, and creates their topic. */
function clientsOf(kind: 'source' | 'sink', config: GivenConfig, exactlyOnce: boolean): ClientKind[] {
  const hasDeadLetters = Boolean(config['errors.deadletterqueue.topic.name']?.trim());
  const uses: Readonly<Record<ClientKind, boolean>> = {
    producer: kind === 'source' || hasDeadLetters,
    consumer: kind === 'sink' || exactlyOnce,
    admin: kind === 'source' ? wantsTopicCreation(config) || exactlyOnce : hasDeadLetters,
  };
  return (Object.keys(uses) as ClientKind[]).filter((client) => uses[client]);
}

function judgeClient(client: ClientKind, config: GivenConfig, policy: OverridePolicy): Findings {
  const findings = new Findings();
  const prefix = `${client}.override.`;
  const given = Object.keys(config)
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
  const names = grownOrder(given);
  const def = new ConfigDef(names.flatMap((name) => keyOf(client, name)));
  findings.addAll(names, def.validate(withNulls(config, prefix)), prefix);
  for (const name of names) {
    const key = prefix + name;
    findings.complain(key, config[key] ?? null, overrideRefusal(policy, name) ?? undefined);
  }
  return findings;
}

const withNulls = (config: GivenConfig, prefix: string): GivenConfig => {
  const nulls = Object.keys(config).filter((key) => key.startsWith(prefix) && config[key] === null);
  return {
    ...stripPrefix(config, prefix),
    ...Object.fromEntries(nulls.map((key) => [key.slice(prefix.length), null])),
  };
};

/** As Kafka's clients define their keys. */
const BARE = { group: undefined, displayName: undefined, width: undefined, recommended: undefined } as const;

/** A key of Kafka's clients that means nothing here is a key all the same. */
function keyOf(client: ClientKind, name: string): ConfigKey[] {
  const known = CLIENT_DEFS[client].keys.get(name);
  if (known !== undefined) return [{ ...known, ...BARE }];
  if (!isIgnoredByClients(name)) return [];
  const doc = 'Known to Kafka’s clients; without effect here.';
  return [{ name, type: 'STRING', default: null, importance: 'LOW', doc }];
}
