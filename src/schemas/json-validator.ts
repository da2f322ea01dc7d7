/**
 * Whether a value fits a JSON schema. Schemas come from a registry, so from anybody: patterns are matched by an engine whose
 * time grows with the text alone, nothing is fetched, and a schema that unfolds without end is refused.
 */
import { Ajv, type Options } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019';
import { Ajv2020 } from 'ajv/dist/2020';
import { DataError } from '../kernel';
import { type Draft, mapSubschemas, refOf, refStandsAlone, type SchemaJson } from './json-schema/draft';
import { compilePattern, findPattern } from './json-schema/pattern';
import type { JsonSchema } from './json-schema/schema-text';
import { type Json, type JsonObject, printJson } from './json-text';

/** What is wrong with a value, as JSON.parse gives it; null when it fits. */
export type JsonValidator = (value: unknown) => string | null;

/** Schemas of a text and all it refers to. */
const MAX_SCHEMAS = 20_000;

/** Throws DataError for a schema that cannot be validated with. */
export function compileValidator(schema: JsonSchema): JsonValidator {
  const bundled: unknown = JSON.parse(printJson(new Bundle(schema).run()));
  try {
    const ajv = ajvOf(schema.resource.draft);
    const validate = ajv.compile(bundled as object);
    return (value) => (validate(value) ? null : ajv.errorsText(validate.errors, { dataVar: '#' }));
  } catch (error) {
    throw new DataError(`The JSON schema cannot be validated with: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Formats say what a text is meant as; since 2019-09 that is no more than a note. */
const OPTIONS: Options = {
  strict: false,
  meta: false,
  validateSchema: false,
  addUsedSchema: false,
  inlineRefs: false,
  validateFormats: false,
  logger: false,
  code: { regExp: Object.assign(patternTest, { code: 'patternTest' }) },
};

function ajvOf(draft: Draft): Ajv {
  if (draft === '2019-09') return new Ajv2019(OPTIONS);
  return draft === '2020-12' ? new Ajv2020(OPTIONS) : new Ajv(OPTIONS);
}

/** What the engine cannot tell, of patterns with back references and of very long texts, counts as fitting. */
function patternTest(source: string): { test(text: string): boolean; toString(): string } {
  const compiled = compilePattern(source);
  return {
    test: (text) => compiled === null || findPattern(compiled, text, ignore) !== false,
    toString: () => `/${source}/`,
  };
}

const ignore = (): void => undefined;

const OF_DOCUMENTS: ReadonlySet<string> = new Set([
  '$id',
  'id',
  '$schema',
  '$anchor',
  '$dynamicAnchor',
  '$recursiveAnchor',
]);
const DEFINITIONS: ReadonlySet<string> = new Set(['definitions', '$defs']);

/** One document without URIs: what is referred to stands among its definitions, by number. */
class Bundle {
  readonly #numbers = new Map<SchemaJson, number>();
  readonly #definitions = new Map<string, Json>();
  #left = MAX_SCHEMAS;

  constructor(readonly schema: JsonSchema) {}

  run(): JsonObject {
    const root = this.#reference(this.schema.root);
    // What is referred to is added while it is gone through.
    for (const [target, number] of this.#numbers) {
      this.#definitions.set(String(number), this.#rewrite(target));
    }
    return root.set('$defs', this.#definitions);
  }

  #reference(target: SchemaJson): JsonObject {
    let number = this.#numbers.get(target);
    if (number === undefined) this.#numbers.set(target, (number = this.#numbers.size));
    return new Map<string, Json>([['$ref', `#/$defs/${number}`]]);
  }

  #rewrite(schema: SchemaJson): Json {
    if (--this.#left < 0) throw new DataError(`The JSON schema holds more than ${MAX_SCHEMAS} schemas`);
    if (typeof schema === 'boolean') return schema;
    const { draft } = this.schema.set.ownerOf(schema);
    const reference = this.#targetOf(schema);
    if (reference !== null && refStandsAlone(draft)) return reference;
    const rewritten: JsonObject = new Map(reference);
    const keyword = refOf(schema)?.keyword;
    for (const [key, value] of schema) {
      if (OF_DOCUMENTS.has(key) || DEFINITIONS.has(key) || key === keyword) continue;
      rewritten.set(
        key,
        mapSubschemas(key, value, (subschema) => this.#rewrite(subschema)),
      );
    }
    return draft === 'draft-04' ? withNumericBounds(rewritten) : rewritten;
  }

  #targetOf(schema: JsonObject): JsonObject | null {
    const reference = refOf(schema);
    if (reference === null) return null;
    const { set } = this.schema;
    const target = set.resolve(reference.ref, set.ownerOf(schema));
    if ('schema' in target) return this.#reference(target.schema);
    throw new DataError(
      `The JSON schema refers to ${JSON.stringify(reference.ref)}, which is not among its references`,
    );
  }
}

/** In draft-04 a bound is said to be exclusive beside it. */
function withNumericBounds(schema: JsonObject): JsonObject {
  for (const [bound, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    const is = schema.get(exclusive);
    if (typeof is !== 'boolean') continue;
    schema.delete(exclusive);
    const limit = schema.get(bound);
    if (!is || limit === undefined) continue;
    schema.delete(bound);
    schema.set(exclusive, limit);
  }
  return schema;
}
