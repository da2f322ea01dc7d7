/** Settings of the converters that a connector names; without one of its own it has none (connect.md §1.4). */

import { grownOrder } from '../../convert/json-schema/hash-order';
import { ConfigDef, type ConfigKey } from '../../kernel';
import { stripPrefix } from '../config-compose';
import { REGISTRY_URL } from '../pipeline';
import type { GivenConfig, ValidationContext } from './context';
import { asWorkerSets, CONVERTER_TYPE } from './definitions';
import { Findings } from './findings';
import type { RoleConverter } from './framework';

export function judgeConverter(
  { role, own }: RoleConverter,
  config: GivenConfig,
  { worker }: ValidationContext,
): Findings {
  const findings = new Findings();
  if (!own?.plugin) return findings;
  const prefix = `${role}.converter.`;
  const raw = { [CONVERTER_TYPE]: role, ...stripPrefix(config, prefix) };
  const def = asWorkerSees(own.plugin.config, raw, worker[REGISTRY_URL] ?? null);
  findings.addAll(inMapOrder(def), def.validate(raw), prefix);
  if (!findings.hasErrors()) {
    for (const issue of def.check(raw)) findings.complain(prefix + issue.key, issue.value, issue.message);
  }
  return findings;
}

/** The worker's registry is there for converters that name none. */
function asWorkerSees(
  def: ConfigDef,
  raw: Readonly<Record<string, string>>,
  registry: string | null,
): ConfigDef {
  const changed = [...def.keys.values()].map((key): ConfigKey => {
    const isWorkers = key.name === REGISTRY_URL && registry !== null && raw[REGISTRY_URL] === undefined;
    return isWorkers ? { ...key, default: null, validator: undefined } : asWorkerSets(key);
  });
  return new ConfigDef(changed, def.prefixes, def.crossChecks);
}

/** A JVM worker lists them as its hash map does. */
function inMapOrder(def: ConfigDef): string[] {
  return grownOrder([...def.keys.keys()]);
}
