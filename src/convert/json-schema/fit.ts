/** Whether data of one JSON schema fit another, as far as Connect sees: the fields, their types, and which must be there. */
import type { Schema } from '../../kernel';
import { hasTextKeys, isUnion } from './names';

const NUMBERS = ['int8', 'int16', 'int32', 'int64', 'float32', 'float64'];

/**
 * Why not; null when they do.
 * @param given read with properties that are not required as optional ones
 */
export const fitProblem = (own: Schema, given: Schema): string | null =>
  problem(own, given, '', new Map<Schema, Set<Schema>>());

function problem(own: Schema, given: Schema, path: string, assumed: Map<Schema, Set<Schema>>): string | null {
  if (assumed.get(own)?.has(given)) return null;
  assumed.set(own, (assumed.get(own) ?? new Set()).add(given));
  const place = path === '' ? 'the value' : path;
  if (own.optional && !given.optional) return `${place} may be null, which is not allowed`;
  if (isUnion(given) || isUnion(own)) return unionProblem(own, given, path, assumed);
  if (!sameType(own, given)) return `${place} is of type ${own.type}, not ${given.type}`;
  switch (own.type) {
    case 'array':
      return problem(own.valueSchema!, given.valueSchema!, `${path}[]`, assumed);
    case 'map':
      return problem(own.valueSchema!, given.valueSchema!, `${path}{}`, assumed);
    case 'struct':
      return structProblem(own, given, path, assumed);
    default:
      return null;
  }
}

/** Larger numbers hold smaller ones; texts and bytes are both texts. */
function sameType(own: Schema, given: Schema): boolean {
  if (own.type === given.type) return own.type !== 'map' || hasTextKeys(own) === hasTextKeys(given);
  const [small, large] = [NUMBERS.indexOf(own.type), NUMBERS.indexOf(given.type)];
  return small >= 0 && small <= large;
}

function structProblem(
  own: Schema,
  given: Schema,
  path: string,
  assumed: Map<Schema, Set<Schema>>,
): string | null {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  for (const field of own.fields) {
    const known = given.field(field.name);
    const found = known === undefined ? null : problem(field.schema, known.schema, at(field.name), assumed);
    if (found !== null) return found;
  }
  const missing = given.fields.find(
    ({ name, schema }) =>
      !schema.optional && schema.defaultValue === undefined && own.field(name) === undefined,
  );
  return missing === undefined ? null : `${at(missing.name)} is required and missing`;
}

function unionProblem(
  own: Schema,
  given: Schema,
  path: string,
  assumed: Map<Schema, Set<Schema>>,
): string | null {
  const ours = isUnion(own) ? own.fields.map(({ schema }) => schema) : [own];
  const theirs = isUnion(given) ? given.fields.map(({ schema }) => schema) : [given];
  const lost = ours.find((one) =>
    theirs.every((other) => problem(one, other.with({ optional: true }), path, assumed) !== null),
  );
  if (lost === undefined) return null;
  return `${path === '' ? 'the value' : path} may be of type ${lost.type}, which none of the alternatives is`;
}
