/** Statements that read pages. Values go in as literals of a fixed type: COPY takes no parameters. */
import type { Int64 } from '../../../src/plugin';
import { quote } from '../identifier';
import type { Cursor } from './cursor';
import { isoText } from './temporals';

/** How a relation is read: by what, and in which columns. */
export interface ReadPlan {
  /** `"s"."t" AS q`, `(SELECT …) AS q`. */
  readonly from: string;
  /** What is selected, in order. */
  readonly columns: readonly string[];
  readonly id: string | null;
  readonly time: TimeExpression | null;
  readonly suffix: string;
  readonly pageRows: number;
}

export interface TimeExpression {
  readonly sql: string;
  /** `timestamptz`, or `timestamp` whose values are wall clocks. */
  readonly zoned: boolean;
  /** From the instant to what the column shows. */
  readonly toColumn: (micros: Int64) => Int64;
}

/** What rows a pass reads: behind `from`, up to `id` inclusive and `micros` exclusive; null: no limit. */
export interface Bounds {
  readonly from: Cursor;
  readonly id: Int64 | null;
  readonly micros: Int64 | null;
}

export const column = (name: string): string => `q.${quote(name)}`;

const instant = (time: TimeExpression, micros: Int64): string => {
  const text = isoText(time.toColumn(micros), 6).replace(/^\+/, '');
  return time.zoned ? `'${text}Z'::timestamptz` : `'${text}'::timestamp`;
};

/** One page, in the order of the cursor. Without id or time: everything. */
export function selectPage(plan: ReadPlan, bounds: Bounds): string {
  const conditions = [...below(plan, bounds), ...behind(plan, bounds.from)];
  const order = [plan.time?.sql, plan.id].filter((part) => part !== undefined && part !== null);
  return [
    `SELECT ${plan.columns.join(', ')} FROM ${plan.from}`,
    conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '',
    order.length > 0 ? `ORDER BY ${order.join(', ')}` : '',
    plan.suffix !== '' ? plan.suffix : limit(plan),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** Rows of one time alone cannot be told apart by a cursor: a page takes all of them or none. */
function limit({ id, time, pageRows }: ReadPlan): string {
  if (id === null && time === null) return '';
  return id === null ? `FETCH FIRST ${pageRows} ROWS WITH TIES` : `LIMIT ${pageRows}`;
}

function below({ id, time }: ReadPlan, bounds: Bounds): string[] {
  const conditions: string[] = [];
  if (time !== null && bounds.micros !== null)
    conditions.push(`${time.sql} < ${instant(time, bounds.micros)}`);
  if (time === null && id !== null && bounds.id !== null) conditions.push(`${id} <= '${bounds.id}'::int8`);
  return conditions;
}

function behind({ id, time }: ReadPlan, from: Cursor): string[] {
  if (time === null) {
    if (id === null) return [];
    return [from.id === null ? `${id} IS NOT NULL` : `${id} > '${from.id}'::int8`];
  }
  if (from.micros === null) {
    const notNull = `${time.sql} > '-infinity'`;
    return id === null ? [notNull] : [notNull, `${id} IS NOT NULL`];
  }
  const since = instant(time, from.micros);
  // Without an id every row of that time counts as read, as it is when one goes over to timestamp+incrementing.
  if (id === null || from.id === null)
    return id === null ? [`${time.sql} > ${since}`] : [`${time.sql} > ${since}`, `${id} IS NOT NULL`];
  return [`(${time.sql}, ${id}) > (${since}, '${from.id}'::int8)`];
}
