import { ConfigDef, type Validator, wholeJavaPattern } from '../kernel';
import type { PredicatePlugin } from '../plugin';
import { javaPatternValidator } from './regex-router';
import { javaAliases } from './side';

const aliases = (java: string): string[] => javaAliases(java, 'predicates.');

const notEmpty: Validator = (value) => (value === '' ? 'String must be non-empty' : null);

const hasHeaderKey: PredicatePlugin = {
  kind: 'predicate',
  name: 'has-header-key',
  aliases: aliases('HasHeaderKey'),
  version: '0.1.0',
  summary: 'True for records with at least one header of the name.',
  config: new ConfigDef([
    { name: 'name', type: 'STRING', importance: 'MEDIUM', validator: notEmpty, doc: 'The header name.' },
  ]),
  create(config) {
    const name = config.string('name');
    return ({ headers }) => {
      for (const header of headers) if (header.key === name) return true;
      return false;
    };
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
      validator: (value, name) => notEmpty(value, name) ?? javaPatternValidator(value, name),
      doc: 'Regular expression of Java.',
    },
  ]),
  create(config) {
    const regex = wholeJavaPattern(config.string('pattern'));
    return (record) => regex.test(record.topic);
  },
};

export const predicates: readonly PredicatePlugin[] = [hasHeaderKey, recordIsTombstone, topicNameMatches];
