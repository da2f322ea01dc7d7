/** Tags inside of schema texts: on records and fields, by path. */
import { DataError } from '../../kernel';
import { ENTITIES, type Entity, type EntityKind } from '../entities/index';
import { invalidSchema } from '../errors';
import type { Content } from '../state/content';

export interface EntityTags {
  readonly path: string;
  readonly kind: EntityKind;
  readonly tags: readonly string[];
}

export interface TagChange {
  readonly add: readonly EntityTags[];
  readonly remove: readonly EntityTags[];
}

/** The entities that have one of these tags; `*` is any. */
export function findTags({ schemaType, schema }: Content, tags: readonly string[]): EntityTags[] {
  const any = tags.includes('*');
  return listEntities(schemaType, schema).filter(
    (entity) => entity.tags.length > 0 && (any || entity.tags.some((tag) => tags.includes(tag))),
  );
}

function listEntities(schemaType: string, schema: string): readonly Entity[] {
  try {
    return ENTITIES.get(schemaType)?.list(schema) ?? [];
  } catch (error) {
    throw unreadable(error);
  }
}

/** The text with tags added, then removed. Throws 42201 for a path that is not there. */
export function changeTags(schemaType: string, schema: string, { add, remove }: TagChange): string {
  const paths = new Set(listEntities(schemaType, schema).map(keyOf));
  const missing = [...add, ...remove].find((entity) => !paths.has(keyOf(entity)));
  if (missing !== undefined) throw invalidSchema(`No matching path '${missing.path}' found in the schema`);
  const [added, removed] = [byKey(add), byKey(remove)];
  try {
    return ENTITIES.get(schemaType)!.retag(schema, (entity) => {
      const key = keyOf(entity);
      if (!added.has(key) && !removed.has(key)) return null;
      const tags = new Set([...entity.tags, ...(added.get(key) ?? [])]);
      return [...tags].filter((tag) => !removed.get(key)?.includes(tag));
    });
  } catch (error) {
    throw unreadable(error);
  }
}

function unreadable(error: unknown): unknown {
  return error instanceof DataError ? invalidSchema(error.message, error) : error;
}

const keyOf = ({ path, kind }: { path: string; kind: string }): string => `${kind} ${path}`;

function byKey(entities: readonly EntityTags[]): Map<string, string[]> {
  const tags = new Map<string, string[]>();
  for (const entity of entities) {
    tags.set(keyOf(entity), [...(tags.get(keyOf(entity)) ?? []), ...entity.tags]);
  }
  return tags;
}

/** A request whose schema has these tags too. It asks for the next version, which is then told in the schema. */
export function withTagChange<T extends { schemaType: string; schema: string; version: number }>(
  request: T,
  change: TagChange,
): T {
  if (change.add.length === 0 && change.remove.length === 0) return request;
  const schema = changeTags(request.schemaType, request.schema, change);
  return { ...request, schema, version: request.version === 0 ? -1 : request.version };
}

/** The tags of an older schema on those entities that a newer one still has. */
export function propagateTags(newer: { schemaType: string; schema: string }, older: Content): string {
  if (newer.schemaType !== older.schemaType) return newer.schema;
  const paths = new Set(listEntities(newer.schemaType, newer.schema).map(keyOf));
  const add = findTags(older, ['*']).filter((entity) => paths.has(keyOf(entity)));
  return add.length === 0 ? newer.schema : changeTags(newer.schemaType, newer.schema, { add, remove: [] });
}
