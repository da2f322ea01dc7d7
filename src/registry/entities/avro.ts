/** Records by their full name, fields behind it. */
import type { Json, JsonObject } from '../../schemas/json-text';
import { isObject, jsonLanguage, type Node } from './json-tree';

const NAMED = new Set(['record', 'error']);

export const avroEntities = jsonLanguage((schema) => walk(schema, '', true));

function* walk(schema: Json, namespace: string, isRoot: boolean): Generator<Node> {
  if (Array.isArray(schema)) {
    for (const branch of schema) yield* walk(branch, namespace, false);
  } else if (isObject(schema)) {
    const type = schema.get('type');
    if (typeof type === 'string' && NAMED.has(type)) yield* walkRecord(schema, namespace, isRoot);
    else if (type === 'array') yield* walk(schema.get('items') ?? null, namespace, false);
    else if (type === 'map') yield* walk(schema.get('values') ?? null, namespace, false);
    else if (typeof type !== 'string') yield* walk(type ?? null, namespace, isRoot);
  }
}

function* walkRecord(record: JsonObject, enclosing: string, isRoot: boolean): Generator<Node> {
  const fullName = fullNameOf(record, enclosing);
  const dot = fullName.lastIndexOf('.');
  const namespace = dot < 0 ? '' : fullName.slice(0, dot);
  yield {
    path: fullName,
    kind: 'sr_record',
    name: fullName.slice(dot + 1),
    isTopLevel: false,
    object: record,
  };
  const fields = record.get('fields');
  for (const field of Array.isArray(fields) ? fields : []) {
    const name = isObject(field) ? field.get('name') : undefined;
    if (!isObject(field) || typeof name !== 'string') continue;
    yield { path: `${fullName}.${name}`, kind: 'sr_field', name, isTopLevel: isRoot, object: field };
    yield* walk(field.get('type') ?? null, namespace, false);
  }
}

function fullNameOf(record: JsonObject, enclosing: string): string {
  const name = String(record.get('name'));
  if (name.includes('.')) return name;
  const own = record.get('namespace');
  const namespace = typeof own === 'string' ? own : enclosing;
  return namespace === '' ? name : `${namespace}.${name}`;
}
