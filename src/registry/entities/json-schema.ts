/** Objects and their properties; the path says what is passed through: `object.list.array.object.name`, `anyof.0.object`. */
import type { Json, JsonObject } from '../../schemas/json-text';
import { isObject, jsonLanguage, type Node } from './json-tree';

export const jsonSchemaEntities = jsonLanguage((schema) => walk(schema, '', null));

const COMBINED = [
  ['allOf', 'allof'],
  ['anyOf', 'anyof'],
  ['oneOf', 'oneof'],
] as const;
const CONDITIONAL = ['if', 'then', 'else'] as const;

/** `field`: the schema is that of a field, whose tags are its own. */
function* walk(schema: Json | undefined, scope: string, field: 'field' | null): Generator<Node> {
  if (!isObject(schema)) return;
  for (const [member, word] of COMBINED) {
    const branches = schema.get(member);
    for (const [i, branch] of (Array.isArray(branches) ? branches : []).entries()) {
      yield* walk(branch, `${scope}${word}.${i}.`, null);
    }
  }
  for (const member of CONDITIONAL) yield* walk(schema.get(member), `${scope}conditional.${member}.`, null);
  yield* walk(schema.get('not'), `${scope}not.`, null);
  yield* walk(schema.get('items'), `${scope}array.`, null);
  if (isObjectSchema(schema)) yield* walkObject(schema, `${scope}object`, field);
}

function isObjectSchema(schema: JsonObject): boolean {
  const type = schema.get('type');
  const types = Array.isArray(type) ? type : [type];
  return types.includes('object') || schema.has('properties');
}

function* walkObject(schema: JsonObject, path: string, field: 'field' | null): Generator<Node> {
  if (field === null) yield { path, kind: 'sr_record', name: 'object', isTopLevel: false, object: schema };
  for (const [name, property] of members(schema, 'properties')) {
    const isTopLevel = path === 'object';
    yield { path: `${path}.${name}`, kind: 'sr_field', name, isTopLevel, object: property };
    yield* walk(property, `${path}.${name}.`, 'field');
  }
  for (const definitions of ['definitions', '$defs']) {
    for (const [name, definition] of members(schema, definitions)) {
      yield* walk(definition, `${path}.${definitions}.${name}.`, null);
    }
  }
}

function members(schema: JsonObject, name: string): [string, JsonObject][] {
  const object = schema.get(name);
  if (!isObject(object)) return [];
  return [...object].filter((entry): entry is [string, JsonObject] => isObject(entry[1]));
}
