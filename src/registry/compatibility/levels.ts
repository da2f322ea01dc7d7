/** What the compatibility levels mean: who reads whose data, and how far back. */
import type { AvroSchema } from '../../schemas/avro/ast';
import type { CompatibilityLevel } from '../state/settings';
import { checkAvro } from './avro';
import { describeProblem } from './avro-text';

export interface OldVersion {
  readonly version: number;
  /** As stored; told in messages. */
  readonly text: string;
  /** Null when it is of another schema type than the candidate. */
  readonly schema: AvroSchema | null;
}

const MAX_OLD_SCHEMA = 10 * 1024;

const isTransitive = (level: CompatibilityLevel): boolean => level.endsWith('_TRANSITIVE');

/**
 * Why a new schema does not fit the history, newest version first; empty when it does. Only levels named transitive look
 * beyond the first version, and they stop at the first one that does not fit.
 */
export function checkHistory(
  level: CompatibilityLevel,
  candidate: AvroSchema,
  history: Iterable<OldVersion>,
): readonly string[] {
  if (level === 'NONE') return [];
  for (const old of history) {
    const problems = checkVersion(level, candidate, old);
    if (problems.length > 0) return [...problems, ...tail(level, old)];
    if (!isTransitive(level)) break;
  }
  return [];
}

function checkVersion(level: CompatibilityLevel, candidate: AvroSchema, old: OldVersion): string[] {
  const { schema } = old;
  if (schema === null) return ['Incompatible because of different schema type'];
  const problems: string[] = [];
  if (level.startsWith('BACKWARD') || level.startsWith('FULL')) {
    const roles = { reader: 'new schema', writer: 'old schema' };
    problems.push(...checkAvro(candidate, schema).map((problem) => describeProblem(problem, roles)));
  }
  if (level.startsWith('FORWARD') || level.startsWith('FULL')) {
    const roles = { reader: 'old schema', writer: 'new schema' };
    problems.push(...checkAvro(schema, candidate).map((problem) => describeProblem(problem, roles)));
  }
  return problems;
}

const tail = (level: CompatibilityLevel, { version, text }: OldVersion): string[] => [
  `{oldSchemaVersion: ${version}}`,
  `{oldSchema: '${text.length > MAX_OLD_SCHEMA ? `${text.slice(0, MAX_OLD_SCHEMA)}...` : text}'}`,
  `{compatibility: '${level}'}`,
];
