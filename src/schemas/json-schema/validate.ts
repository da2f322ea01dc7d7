/** What is asked of a schema that is new: the form its draft describes, references that lead somewhere, real patterns. */
import { DataError } from '../../kernel';
import type { Json, JsonObject } from '../json-text';
import { escapePointer, refOf, refStandsAlone, type SchemaJson, visitSubschemas } from './draft';
import { validateAgainstMeta } from './meta-schema';
import { isPattern } from './pattern';
import type { JsonSchema } from './schema-text';

/** Throws DataError with place and reason. */
export function validateSchema({ root, resource, set }: JsonSchema): void {
  validateAgainstMeta(root, resource.draft);
  const seen = new Set<JsonObject>();
  const sound = new Set<JsonObject>();
  const visit = (schema: SchemaJson, place: string): void => {
    if (typeof schema === 'boolean' || seen.has(schema)) return;
    seen.add(schema);
    checkReference(schema, place, set, sound);
    checkPatterns(schema, place);
    checkUnique(schema, place);
    for (const [keyword, value] of schema) {
      visitSubschemas(keyword, value, (subschema, at) => visit(subschema, place + at));
    }
  };
  visit(root, '#');
}

const MAX_SHOWN = 200;
const shown = (text: string): string =>
  JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);

const invalid = (place: string, reason: string): DataError =>
  new DataError(`${place.length > 300 ? `${place.slice(0, 300)}…` : place}: ${reason}`);

/** @param sound schemas that are known not to lead back to themselves */
function checkReference(
  schema: JsonObject,
  place: string,
  set: JsonSchema['set'],
  sound: Set<JsonObject>,
): void {
  const reference = refOf(schema);
  if (reference === null) return;
  const { keyword, ref } = reference;
  const owner = set.ownerOf(schema);
  const target = set.resolve(ref, owner);
  const at = `${place}/${keyword}`;
  if ('missing' in target) {
    if (target.missing === 'place') throw invalid(at, `${shown(ref)} leads to no schema`);
    throw invalid(
      at,
      `${shown(target.uri)} is not among the references: add a reference of that name (schemas are never fetched)`,
    );
  }
  if (refStandsAlone(owner.draft) && leadsToItself(schema, set, sound)) {
    throw invalid(at, `${shown(ref)} leads to nothing but itself`);
  }
}

function leadsToItself(schema: JsonObject, set: JsonSchema['set'], sound: Set<JsonObject>): boolean {
  const passed = new Set<JsonObject>();
  for (let at: SchemaJson = schema; typeof at !== 'boolean' && !sound.has(at); ) {
    if (passed.has(at)) return true;
    passed.add(at);
    const reference = refOf(at);
    if (reference === null) break;
    const target = set.resolve(reference.ref, set.ownerOf(at));
    if ('missing' in target) break;
    at = target.schema;
  }
  for (const each of passed) sound.add(each);
  return false;
}

function checkPatterns(schema: JsonObject, place: string): void {
  const pattern = schema.get('pattern');
  if (typeof pattern === 'string' && !isPattern(pattern)) {
    throw invalid(`${place}/pattern`, `${shown(pattern)} is no regular expression`);
  }
  const patterns = schema.get('patternProperties');
  if (!(patterns instanceof Map)) return;
  for (const key of patterns.keys()) {
    if (isPattern(key)) continue;
    throw invalid(
      `${place}/patternProperties/${escapePointer(key)}`,
      `${shown(key)} is no regular expression`,
    );
  }
}

/** Left out of the meta schemas for the time it takes there. */
function checkUnique(schema: JsonObject, place: string): void {
  for (const keyword of ['required', 'type']) requireUnique(schema.get(keyword), `${place}/${keyword}`);
  for (const keyword of ['dependencies', 'dependentRequired']) {
    const dependencies = schema.get(keyword);
    if (!(dependencies instanceof Map)) continue;
    for (const [name, names] of dependencies)
      requireUnique(names, `${place}/${keyword}/${escapePointer(name)}`);
  }
}

function requireUnique(list: Json | undefined, place: string): void {
  if (!Array.isArray(list)) return;
  const seen = new Set<Json>();
  for (const item of list) {
    if (typeof item === 'string' && seen.has(item))
      throw invalid(place, `${shown(item)} is there more than once`);
    seen.add(item);
  }
}
