/** Schema languages that are written in JSON: entities are objects of the tree, their tags an array in it. */
import { type Json, type JsonObject, parseJson, printJson } from '../../schemas/json-text';
import type { Entity, EntityKind, EntityLanguage } from './entity';

const TAGS = 'confluent:tags';

export interface Node {
  readonly path: string;
  readonly kind: EntityKind;
  readonly name: string;
  readonly isTopLevel: boolean;
  readonly object: JsonObject;
}

export const jsonLanguage = (walk: (schema: Json) => Generator<Node>): EntityLanguage => ({
  list: (text) => [...walk(parseJson(text))].map(entityOf),
  retag(text, change) {
    const schema = parseJson(text);
    for (const node of [...walk(schema)]) {
      const tags = change(entityOf(node));
      if (tags === null) continue;
      if (tags.length === 0) node.object.delete(TAGS);
      else node.object.set(TAGS, [...tags]);
    }
    return printJson(schema);
  },
});

function entityOf({ object, ...node }: Node): Entity {
  const tags = object.get(TAGS);
  return { ...node, tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [] };
}

export const isObject = (value: Json | undefined): value is JsonObject => value instanceof Map;
