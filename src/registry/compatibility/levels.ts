/** What the compatibility levels mean: who reads whose data, and how far back. */
import type { CompatibilityLevel, CompatibilityPolicy } from '../state/settings';
import type { SchemaText, SchemaType } from '../types/schema-type';

export interface CompatibilityRule {
  readonly level: CompatibilityLevel;
  readonly policy: CompatibilityPolicy;
}

/** The schema that is to come next. */
export interface NewVersion {
  readonly type: SchemaType;
  readonly text: SchemaText;
}

export interface OldVersion {
  readonly version: number;
  /** As stored; told in messages. */
  readonly text: string;
  /** Null when it is of another schema type than the candidate. */
  readonly schema: unknown;
}

const MAX_OLD_SCHEMA = 10 * 1024;

const isTransitive = (level: CompatibilityLevel): boolean => level.endsWith('_TRANSITIVE');

/**
 * Why a new schema does not fit the history, newest version first; empty when it does. Only levels named transitive look
 * beyond the first version, and they stop at the first one that does not fit.
 */
export function checkHistory(
  rule: CompatibilityRule,
  candidate: NewVersion,
  history: Iterable<OldVersion>,
): readonly string[] {
  const { level } = rule;
  if (level === 'NONE') return [];
  for (const old of history) {
    const problems = checkVersion(rule, candidate, old);
    if (problems.length > 0) return [...problems, ...tail(level, old)];
    if (!isTransitive(level)) break;
  }
  return [];
}

function checkVersion(
  { level, policy }: CompatibilityRule,
  { type, text }: NewVersion,
  old: OldVersion,
): string[] {
  const { schema } = old;
  if (schema === null) return ['Incompatible because of different schema type'];
  const problems: string[] = [];
  if (level.startsWith('BACKWARD') || level.startsWith('FULL')) {
    const roles = { reader: 'new schema', writer: 'old schema' };
    problems.push(...type.check(text.schema, schema, roles, policy));
  }
  if (level.startsWith('FORWARD') || level.startsWith('FULL')) {
    const roles = { reader: 'old schema', writer: 'new schema' };
    problems.push(...type.check(schema, text.schema, roles, policy));
  }
  return problems;
}

const tail = (level: CompatibilityLevel, { version, text }: OldVersion): string[] => [
  `{oldSchemaVersion: ${version}}`,
  `{oldSchema: '${text.length > MAX_OLD_SCHEMA ? `${text.slice(0, MAX_OLD_SCHEMA)}...` : text}'}`,
  `{compatibility: '${level}'}`,
];
