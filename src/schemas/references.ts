/** The schemas that a schema refers to, fetched by subject and version. */
import { DataError } from '../kernel';
import type { RegisteredSchema } from './cache/entries';
import type { SchemaReference } from './identity';
import { contextPrefix, inContext } from './subjects';

/** A referenced schema with its text; those it needs itself come before it. */
export interface ResolvedReference {
  readonly name: string;
  readonly text: string;
}

type FetchVersion = (subject: string, version: number) => Promise<RegisteredSchema>;

const MAX_REFERENCES = 1000;

/**
 * All within reach, each after those it needs; one schema may come under several names.
 * @param subject its context is that of references that name none
 */
export async function resolveReferences(
  references: readonly SchemaReference[],
  subject: string,
  fetch: FetchVersion,
): Promise<ResolvedReference[]> {
  if (references.length === 0) return [];
  const context = contextPrefix(subject);
  return inOrder(references, context, await load(references, context, fetch));
}

/** By subject and version; those of one depth are asked for at the same time. */
async function load(
  references: readonly SchemaReference[],
  context: string,
  fetch: FetchVersion,
): Promise<ReadonlyMap<string, RegisteredSchema>> {
  const loaded = new Map<string, RegisteredSchema>();
  for (let level = references; level.length > 0; ) {
    const wanted = new Map<string, SchemaReference>();
    for (const reference of level) {
      const key = keyOf(reference, context);
      if (!loaded.has(key)) wanted.set(key, reference);
    }
    if (loaded.size + wanted.size > MAX_REFERENCES)
      throw new DataError(`A schema refers to more than ${MAX_REFERENCES} others`);
    const found = await Promise.all(
      Array.from(wanted, async ([key, { subject, version }]) => {
        return [key, await fetch(inContext(context, subject), version)] as const;
      }),
    );
    for (const [key, schema] of found) loaded.set(key, schema);
    level = found.flatMap(([, schema]) => schema.references);
  }
  return loaded;
}

const keyOf = ({ subject, version }: SchemaReference, context: string): string =>
  `${version}/${inContext(context, subject)}`;

function inOrder(
  references: readonly SchemaReference[],
  context: string,
  loaded: ReadonlyMap<string, RegisteredSchema>,
): ResolvedReference[] {
  const seen = new Set<string>();
  const ordered: ResolvedReference[] = [];
  const visit = (reference: SchemaReference): void => {
    const key = keyOf(reference, context);
    const named = JSON.stringify([reference.name, key]);
    if (seen.has(named)) return;
    seen.add(named);
    const schema = loaded.get(key)!;
    schema.references.forEach(visit);
    ordered.push({ name: reference.name, text: schema.schema });
  };
  references.forEach(visit);
  return ordered;
}
