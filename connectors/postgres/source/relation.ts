/** What a task reads: a table, or a query. */
import type { SourcePartition } from '../../../src/plugin';
import { quote } from '../identifier';
import { olderPartitions, queryPartition, tablePartition } from './cursor';
import type { SourceOptions } from './options';

export interface Relation {
  /** `schema.table`, or `the query`: for messages. */
  readonly name: string;
  /** Quoted and qualified; null for a query. */
  readonly table: string | null;
  /** Partitions under which older connectors kept its offset. */
  readonly olderPartitions: readonly SourcePartition[];
  readonly from: string;
  readonly topic: string;
  /** Name of the value's schema; queries have none. */
  readonly schemaName: string | null;
  readonly partition: SourcePartition;
  /** What locks tell of this relation alone: false for views and queries, which read other tables. */
  readonly lockable: boolean;
}

export function tableRelation(
  { schema, table, kind }: { schema: string; table: string; kind: string },
  { topicPrefix, connection }: SourceOptions,
): Relation {
  const qualified = `${quote(schema)}.${quote(table)}`;
  return {
    name: `${schema}.${table}`,
    table: qualified,
    from: `${qualified} AS q`,
    topic: `${topicPrefix}${table}`,
    schemaName: table,
    partition: tablePartition(schema, table),
    olderPartitions: olderPartitions(connection.database, schema, table),
    lockable: kind === 'r' || kind === 'p',
  };
}

export function queryRelation(query: string, topic: string): Relation {
  return {
    name: 'the query',
    table: null,
    // A comment at the end of the query must not swallow the parenthesis.
    from: `(${query.trim().replace(/;\s*$/, '')}\n) AS q`,
    topic,
    schemaName: null,
    partition: queryPartition(),
    olderPartitions: [],
    lockable: false,
  };
}
