import { ConfigDef, DataError, javaPattern, type Validator, wholeJavaPattern } from '../kernel';
import type { Transform, TransformPlugin } from '../plugin';
import { javaAliases } from './side';

/** Topics whose new name is remembered; a source with more names computes those beyond. */
const MOST_ROUTES = 10_000;

export const javaPatternValidator: Validator = (value) => {
  if (typeof value !== 'string') return 'Invalid regex: there is none';
  try {
    javaPattern(value);
    return null;
  } catch (error) {
    return `Invalid regex: ${((error as Error).cause as Error).message}`;
  }
};

const config = new ConfigDef([
  {
    name: 'regex',
    type: 'STRING',
    importance: 'HIGH',
    doc: 'Regular expression of Java that the whole topic name must match; others pass unchanged.',
    validator: javaPatternValidator,
  },
  {
    name: 'replacement',
    type: 'STRING',
    importance: 'HIGH',
    doc: 'What replaces the first match in the name; $1 or ${name} are groups of the match, a backslash keeps a $ as it is.',
  },
]);

export const regexRouter: TransformPlugin = {
  kind: 'transform',
  name: 'regex-router',
  aliases: javaAliases('RegexRouter'),
  version: '0.1.0',
  summary: 'Renames topics by a regular expression.',
  config,
  create: (config) => router(config.string('regex'), config.string('replacement')),
};

/** The whole name has to match; what is replaced is the first match anywhere, which may be shorter (`a|ab` in `ab`). */
function router(regex: string, replacement: string): Transform {
  const whole = wholeJavaPattern(regex);
  const first = javaPattern(regex);
  const routes = new Map<string, string>();
  const routed = (topic: string): string =>
    whole.test(topic) ? topic.replace(first, (...match) => expand(replacement, match)) : topic;
  return (record) => {
    let topic = routes.get(record.topic);
    if (topic === undefined) {
      topic = routed(record.topic);
      if (routes.size < MOST_ROUTES) routes.set(record.topic, topic);
    }
    return topic === record.topic ? record : (record.withTopic(topic) as typeof record);
  };
}

/** Java's notation: `$12` is group 12 when there is one, else group 1 and a 2. `match` is what JS hands to replacers. */
function expand(replacement: string, match: readonly unknown[]): string {
  const named = (typeof match.at(-1) === 'object' ? match.at(-1) : {}) as Readonly<Record<string, string>>;
  const count = match.findIndex((each) => typeof each === 'number') - 1;
  return replacement.replace(/\\(.)|\$\{(\w+)\}|\$(\d+)|\$|\\$/gs, (all, kept, name, digits) => {
    if (kept !== undefined) return kept;
    if (name !== undefined && name in named) return named[name] ?? '';
    if (digits === undefined) throw new DataError(`replacement ${replacement}: ${all} names no group`);
    let length = digits.length;
    while (length > 1 && Number(digits.slice(0, length)) > count) length--;
    const group = Number(digits.slice(0, length));
    if (group > count) throw new DataError(`replacement ${replacement}: there is no group ${group}`);
    return String(match[group] ?? '') + digits.slice(length);
  });
}
