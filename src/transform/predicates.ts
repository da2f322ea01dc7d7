import { ConfigDef, ConfigError, nonEmpty } from '../kernel';
import type { PredicatePlugin } from '../plugin';
import { javaAliases } from './side';

const aliases = (java: string): string[] => javaAliases(java, 'predicates.');

const hasHeaderKey: PredicatePlugin = {
  kind: 'predicate',
  name: 'has-header-key',
  aliases: aliases('HasHeaderKey'),
  version: '0.1.0',
  summary: 'True for records with at least one header of the name.',
  config: new ConfigDef([
    { name: 'name', type: 'STRING', importance: 'MEDIUM', validator: nonEmpty, doc: 'The header name.' },
  ]),
  create(config) {
    const name = config.string('name');
    return (record) => record.headers.some((header) => header.key === name);
  },
};

const recordIsTombstone: PredicatePlugin = {
  kind: 'predicate',
  name: 'record-is-tombstone',
  aliases: aliases('RecordIsTombstone'),
  version: '0.1.0',
  summary: 'True for records without value.',
  config: new ConfigDef([]),
  create: () => (record) => record.value === null || record.value === undefined,
};

const topicNameMatches: PredicatePlugin = {
  kind: 'predicate',
  name: 'topic-name-matches',
  aliases: aliases('TopicNameMatches'),
  version: '0.1.0',
  summary: 'True for records whose whole topic name matches.',
  config: new ConfigDef([
    {
      name: 'pattern',
      type: 'STRING',
      importance: 'MEDIUM',
      validator: nonEmpty,
      doc: 'Regular expression.',
    },
  ]),
  create(config) {
    const pattern = config.string('pattern');
    try {
      const regex = new RegExp(`^(?:${pattern})$`, 'u');
      return (record) => regex.test(record.topic);
    } catch (error) {
      throw new ConfigError(`pattern ${pattern} is not a regular expression`, { cause: error });
    }
  },
};

export const predicates: readonly PredicatePlugin[] = [hasHeaderKey, recordIsTombstone, topicNameMatches];
