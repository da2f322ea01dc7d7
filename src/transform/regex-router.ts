import { ConfigDef, ConfigError } from '../kernel';
import type { TransformPlugin } from '../plugin';
import { javaAliases } from './side';

const config = new ConfigDef([
  {
    name: 'regex',
    type: 'STRING',
    importance: 'HIGH',
    doc: 'Regular expression the whole topic name must match; others pass unchanged.',
    validator: (value) => (typeof value === 'string' && compile(value) === null ? 'Invalid regex' : null),
  },
  {
    name: 'replacement',
    type: 'STRING',
    importance: 'HIGH',
    doc: 'New topic; $1 … are the groups of the match.',
  },
]);

function compile(regex: string): RegExp | null {
  try {
    return new RegExp(`^(?:${regex})$`, 'u');
  } catch {
    return null;
  }
}

export const regexRouter: TransformPlugin = {
  kind: 'transform',
  name: 'regex-router',
  aliases: javaAliases('RegexRouter'),
  version: '0.1.0',
  summary: 'Renames topics by a regular expression.',
  config,
  create(config) {
    const regex = compile(config.string('regex'));
    if (regex === null) throw new ConfigError(`regex ${config.string('regex')} is not a regular expression`);
    // Java writes named groups ${name}, JS $<name>.
    const replacement = config.string('replacement').replace(/\$\{(\w+)\}/g, '$$<$1>');
    const routes = new Map<string, string>();
    return (record) => {
      let topic = routes.get(record.topic);
      if (topic === undefined) {
        topic = record.topic.replace(regex, replacement);
        if (routes.size < 10_000) routes.set(record.topic, topic);
      }
      return topic === record.topic ? record : (record.withTopic(topic) as typeof record);
    };
  },
};
