/** Which table a record goes to. */
import { DataError, SinkRecord, Struct } from '../../../src/plugin';
import { parseTableName, type TableName } from '../identifier';
import type { SinkOptions } from './options';

export type TableNamer = (record: SinkRecord) => TableName;

/** One object per topic and table: what is known of a table is found by its identity. */
export function tableNamer(options: SinkOptions): TableNamer {
  const known = new Map<string, TableName>();
  const variable = /\$\{source\./.test(options.naming.format);
  return (record) => {
    const id = variable ? `${record.topic} ${textOf(record, options)}` : record.topic;
    let name = known.get(id);
    if (name === undefined) known.set(id, (name = nameOf(record, options)));
    return name;
  };
}

function textOf(record: SinkRecord, { naming }: SinkOptions): string {
  const mapped = naming.byTopic.get(record.topic);
  if (mapped !== undefined) return mapped;
  const topic = naming.topicDotsToUnderscores ? record.topic.replaceAll('.', '_') : record.topic;
  return naming.format
    .replaceAll('${topic}', topic)
    .replace(/\$\{source\.([^}]+)\}/g, (_all, field: string) => sourceField(record, field));
}

/** The table of a topic; null when the record decides too. */
export const tableOfTopic = (topic: string, options: SinkOptions): TableName | null =>
  /\$\{source\./.test(options.naming.format)
    ? null
    : nameOf(new SinkRecord(topic, 0, 0, null, null, null, null, null, 'none', [], topic), options);

function nameOf(record: SinkRecord, options: SinkOptions): TableName {
  const text = textOf(record, options);
  // A name cleaned of everything but letters, digits and _ has no schema part any more.
  if (options.naming.normalize) return { schema: null, table: text.replace(/[^A-Za-z0-9_]/g, '_') };
  return parseTableName(text, options.foldNames);
}

/** `${source.schema}`: from the block `source` of a change event. */
function sourceField(record: SinkRecord, field: string): string {
  const found = fieldOf(fieldOf(record.value, 'source'), field);
  if (typeof found === 'string') return found;
  throw new DataError(`the table’s name needs source.${field}, which the value does not have`);
}

/** A field of a struct, map or object; undefined when it is not there. */
export function fieldOf(value: unknown, name: string): unknown {
  if (value instanceof Struct) {
    const field = value.schema.field(name);
    return field === undefined ? undefined : value.values[field.index];
  }
  if (value instanceof Map) return value.get(name);
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
