/**
 * Objects. A property that only one side declares is judged by the content model of the other side: whether that one takes
 * any property (open), none (closed), or those that a pattern or a schema for the others covers (partially open).
 */
import { escapePointer, isSchema } from '../../json-schema/draft';
import type { Json, JsonObject } from '../../json-text';
import type { Comparison } from './check';
import { all, FITS, failed, type Verdict, within } from './problem';
import { bothOf, checkRest, type Rest, restOf } from './rest';
import type { Shape, TypedShape } from './shape';

export function checkObject(reader: TypedShape, writer: TypedShape, comparison: Comparison): Verdict {
  const [read, written] = [propertiesOf(reader), propertiesOf(writer)];
  comparison.spend(read.size + written.size);
  const { pair, lenient } = comparison;
  const kinds = {
    removed: 'ADDITIONAL_PROPERTIES_REMOVED',
    narrowed: 'ADDITIONAL_PROPERTIES_NARROWED',
  } as const;
  const unevaluated = {
    removed: 'UNEVALUATED_PROPERTIES_REMOVED',
    narrowed: 'UNEVALUATED_PROPERTIES_NARROWED',
  } as const;
  return all([
    checkRequired(reader, writer, read, written),
    ...checkProperties(reader, writer, read, written, comparison),
    checkDependencies(reader, writer, comparison),
    mended(
      lenient,
      checkRest(reader, writer, ['additionalProperties', 'additionalProperties'], kinds, pair),
      kinds,
    ),
    mended(
      lenient,
      checkRest(reader, writer, ['unevaluatedProperties', 'unevaluatedProperties'], unevaluated, pair),
      unevaluated,
    ),
    checkPart('propertyNames', reader, writer, comparison),
  ]);
}

/** LENIENT lets the rest itself become smaller; what a schema of it says is still compared. */
function mended(
  lenient: boolean,
  verdict: Verdict,
  { removed, narrowed }: { removed: string; narrowed: string },
): Verdict {
  const [problem] = verdict.problems;
  const isOwn = problem?.kind === removed || problem?.kind === narrowed;
  return lenient && isOwn ? FITS : verdict;
}

const mapOf = (json: Json | undefined): JsonObject => (json instanceof Map ? json : new Map());
const propertiesOf = ({ json }: TypedShape): JsonObject => mapOf(json.get('properties'));

const namesOf = (json: Json | undefined): Set<string> =>
  new Set(Array.isArray(json) ? (json.filter((name) => typeof name === 'string') as string[]) : []);

/** Of properties that both sides declare; others are judged as added or removed. */
function checkRequired(
  reader: TypedShape,
  writer: TypedShape,
  read: JsonObject,
  written: JsonObject,
): Verdict {
  const before = namesOf(writer.json.get('required'));
  const added = [...namesOf(reader.json.get('required'))].filter(
    (name) => read.has(name) && written.has(name) && !before.has(name) && !hasDefault(reader, read.get(name)),
  );
  return all(
    added.map((name) =>
      failed(
        'REQUIRED_ATTRIBUTE_ADDED',
        `/required/${escapePointer(name)}`,
        read.get(name),
        written.get(name),
      ),
    ),
  );
}

/** Beside a `$ref`, or where it leads. */
function hasDefault(owner: TypedShape, property: Json | undefined): boolean {
  if (!(property instanceof Map)) return false;
  if (property.has('default')) return true;
  const { json } = owner.child(property);
  return json instanceof Map && json.has('default');
}

function* checkProperties(
  reader: TypedShape,
  writer: TypedShape,
  read: JsonObject,
  written: JsonObject,
  comparison: Comparison,
): Generator<Verdict> {
  for (const [name, before] of written) {
    const place = `/properties/${escapePointer(name)}`;
    const now = read.get(name);
    yield within(
      place,
      now === undefined
        ? checkRemoved(reader, name, writer.child(before), comparison)
        : comparison.pair(reader.child(now), writer.child(before)),
    );
  }
  const required = namesOf(reader.json.get('required'));
  for (const [name, now] of read) {
    if (written.has(name)) continue;
    const place = `/properties/${escapePointer(name)}`;
    const added = {
      name,
      shape: reader.child(now),
      needed: required.has(name) && !hasDefault(reader, now),
      defaulted: required.has(name),
    };
    yield within(place, checkAdded(added, writer, comparison));
  }
}

/** What takes a property of this name. */
function covering(object: TypedShape, name: string, comparison: Comparison): Rest {
  const patterns = mapOf(object.json.get('patternProperties'));
  comparison.spend(patterns.size);
  for (const [pattern, schema] of patterns) {
    if (comparison.matches(pattern, name)) return restOrAny(object, schema);
  }
  const additional = object.json.get('additionalProperties');
  if (patterns.size > 0 && additional instanceof Map) return restOrAny(object, additional);
  const rest = bothOf(restOf(object, additional), restOf(object, object.json.get('unevaluatedProperties')));
  // Names that no pattern means count as refused, though they are not: so it is in Confluent's registry.
  return rest === 'open' && patterns.size > 0 ? 'closed' : rest;
}

function restOrAny(object: TypedShape, schema: Json): Rest {
  const rest = restOf(object, schema);
  return rest === 'open' ? object.child(true) : rest;
}

function checkRemoved(reader: TypedShape, name: string, written: Shape, comparison: Comparison): Verdict {
  const rest = covering(reader, name, comparison);
  if (rest === 'open' || comparison.lenient) return FITS;
  if (rest === 'closed') {
    if (written.kind === 'never') return FITS;
    return failed('PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL', '', undefined, written.json);
  }
  const { fits, problems } = comparison.pair(rest, written);
  if (fits) return FITS;
  return failed(
    'PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL',
    '',
    rest.json,
    written.json,
    problems[0],
  );
}

interface Added {
  readonly name: string;
  readonly shape: Shape;
  /** Required and without default. */
  readonly needed: boolean;
  /** Required. */
  readonly defaulted: boolean;
}

function checkAdded(
  { name, shape, needed, defaulted }: Added,
  writer: TypedShape,
  comparison: Comparison,
): Verdict {
  const rest = covering(writer, name, comparison);
  const { json } = shape;
  if (rest === 'open') {
    if (shape.kind === 'any') return FITS;
    if (needed) return failed('REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL', '', json, undefined);
    if (comparison.lenient) return FITS;
    return failed(
      defaulted
        ? 'REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL'
        : 'OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL',
      '',
      json,
      undefined,
    );
  }
  const verdicts: Verdict[] = [];
  if (rest !== 'closed' && !comparison.lenient) {
    const { fits, problems } = comparison.pair(shape, rest);
    const kind = 'PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL';
    if (!fits) verdicts.push(failed(kind, '', json, rest.json, problems[0]));
  }
  if (needed) verdicts.push(failed('REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL', '', json, undefined));
  return all(verdicts);
}

function checkDependencies(reader: TypedShape, writer: TypedShape, comparison: Comparison): Verdict {
  const before = dependenciesOf(writer);
  const verdicts: Verdict[] = [];
  for (const [name, { keyword, names, schema }] of dependenciesOf(reader)) {
    const old = before.get(name);
    const place = `/${keyword}/${escapePointer(name)}`;
    if (names !== undefined) verdicts.push(within(place, checkNames(names, old?.names)));
    if (schema === undefined) continue;
    verdicts.push(
      old?.schema === undefined
        ? failed('DEPENDENCY_SCHEMA_ADDED', place, schema, undefined)
        : within(place, comparison.pair(reader.child(schema), writer.child(old.schema))),
    );
  }
  comparison.spend(before.size);
  return all(verdicts);
}

interface Dependency {
  readonly keyword: string;
  readonly names?: Json[];
  readonly schema?: Json;
}

/** `dependencies` was split in two in 2019-09. */
function dependenciesOf({ json }: TypedShape): Map<string, Dependency> {
  const dependencies = new Map<string, Dependency>();
  for (const keyword of ['dependencies', 'dependentRequired', 'dependentSchemas']) {
    for (const [name, value] of mapOf(json.get(keyword))) {
      const known = { keyword, ...dependencies.get(name) };
      if (Array.isArray(value)) dependencies.set(name, { ...known, names: value });
      else if (isSchema(value)) dependencies.set(name, { ...known, schema: value });
    }
  }
  return dependencies;
}

function checkNames(now: Json[], before: Json[] | undefined): Verdict {
  if (before === undefined) return failed('DEPENDENCY_ARRAY_ADDED', '', now, undefined);
  const [read, written] = [namesOf(now), namesOf(before)];
  const extra = [...read].filter((name) => !written.has(name));
  if (extra.length === 0) return FITS;
  const hasAll = [...written].every((name) => read.has(name));
  return failed(hasAll ? 'DEPENDENCY_ARRAY_EXTENDED' : 'DEPENDENCY_ARRAY_CHANGED', '', now, before);
}

/** A keyword with one schema: removed it fits, added it does not. */
export function checkPart(
  keyword: string,
  reader: TypedShape,
  writer: TypedShape,
  comparison: Comparison,
): Verdict {
  const [read, written] = [reader.json.get(keyword), writer.json.get(keyword)];
  if (!isSchema(read) || reader.child(read).kind === 'any') return FITS;
  if (!isSchema(written)) return failed('SCHEMA_ADDED', `/${keyword}`, read, undefined);
  return within(`/${keyword}`, comparison.pair(reader.child(read), writer.child(written)));
}
