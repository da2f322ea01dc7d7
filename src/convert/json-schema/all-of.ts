/** Schemas that several things are said of: what Confluent's converter takes their values for. */
import type { Json } from '../../schemas/json-text';
import type { Part } from './parts';

export interface Property {
  readonly name: string;
  readonly schema: Json;
  readonly required: boolean;
}

/** Follows references; null for what leads nowhere. */
type Follow = (part: Part & { kind: 'reference' }) => {
  readonly schema: Json;
  readonly parts: readonly Part[];
};

/** Properties of all objects among the parts, references and further `allOf`s included. */
export function propertiesOf(
  parts: readonly Part[],
  partsOf: (schema: Json) => readonly Part[],
  follow: Follow,
): Property[] {
  const found = new Map<string, Property>();
  const visited = new Set<Json>();
  const visit = (part: Part): void => {
    if (part.kind === 'object') collect(part.at, found);
    else if (part.kind === 'reference') {
      const target = follow(part);
      if (visited.has(target.schema)) return;
      visited.add(target.schema);
      target.parts.forEach(visit);
    } else if (part.kind === 'combined' && part.criterion === 'allOf') {
      for (const each of part.of) {
        if ('part' in each) visit(each.part);
        else partsOf(each.schema).forEach(visit);
      }
    }
  };
  parts.forEach(visit);
  return [...found.values()];
}

function collect(object: ReadonlyMap<string, Json>, found: Map<string, Property>): void {
  const properties = object.get('properties');
  if (!(properties instanceof Map)) return;
  const required = requiredOf(object);
  for (const [name, schema] of properties) found.set(name, { name, schema, required: required.has(name) });
}

export function requiredOf(object: ReadonlyMap<string, Json>): ReadonlySet<Json> {
  const required = object.get('required');
  return new Set(Array.isArray(required) ? required : []);
}

/** The part that says what the value is when none of them has properties; null when that cannot be told. */
export function decisivePart(parts: readonly Part[]): Part | null {
  const of = <K extends Part['kind']>(kind: K): (Part & { kind: K }) | undefined =>
    parts.find((part): part is Part & { kind: K } => part.kind === kind);
  const combined = of('combined');
  if (combined !== undefined) return combined;
  const type = of('number') ?? of('string') ?? of('boolean');
  const symbols = of('enum');
  if (symbols !== undefined) {
    const isSymbol = type === undefined || (type.kind === 'string' && !symbols.at.has('const'));
    return isSymbol ? symbols : type;
  }
  return type ?? of('array') ?? of('reference') ?? of('object') ?? null;
}
