/** Definitions within definitions: a transform's keys below `transforms.a.`, a producer's below `producer.override.`. */
import { Config, ConfigDef, type ConfigIssue, type ConfigValue, nearest, type RawConfig } from '../kernel';

/** The entries below a prefix, the prefix cut off. */
export function stripPrefix(raw: RawConfig, prefix: string): Record<string, string> {
  const entries: Record<string, string> = {};
  for (const [key, value] of Object.entries(raw)) {
    if (key.startsWith(prefix) && typeof value === 'string') entries[key.slice(prefix.length)] = value;
  }
  return entries;
}

/** The same definition with every key below a prefix; messages then have the full names. */
export function prefixDef(def: ConfigDef, prefix: string, group?: string): ConfigDef {
  const keys = [...def.keys.values()].map((key) => ({
    ...key,
    name: prefix + key.name,
    group: group ?? key.group,
    dependents: key.dependents?.map((name) => prefix + name),
  }));
  const prefixes = def.prefixes.map((family) => ({ ...family, prefix: prefix + family.prefix }));
  const crossChecks = def.crossChecks.map((check) => (config: Config) => {
    const values = new Map<string, ConfigValue>();
    for (const name of def.keys.keys()) values.set(name, config.get(prefix + name));
    const issues = check(new Config(values, stripPrefix(config.raw, prefix)));
    return issues.map((issue) => ({ ...issue, key: prefix + issue.key }));
  });
  return new ConfigDef(keys, prefixes, crossChecks);
}

/**
 * As `def.check`, for people: with a did-you-mean for values that come from a list, and one message per key. (Kafka runs
 * validators on the null that a misspelt value leaves, which gives a second one; REST answers show both.)
 */
export function checkWithHints(def: ConfigDef, raw: RawConfig): ConfigIssue[] {
  const issues = def.check(raw);
  const first = issues.filter((issue, i) => issues.findIndex(({ key }) => key === issue.key) === i);
  return first.map((issue) => {
    const recommended = def.keys.get(issue.key)?.recommended;
    if (issue.value === null || recommended === undefined) return issue;
    const meant = nearest(issue.value, recommended);
    return meant === null ? issue : { ...issue, message: `${issue.message}. Did you mean ${meant}?` };
  });
}
