/** The meta schemas of all drafts: what a schema may look like. Only these are ever compiled, never a user's schema. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019';
import { Ajv2020 } from 'ajv/dist/2020';
import applicator2019 from 'ajv/dist/refs/json-schema-2019-09/meta/applicator.json';
import content2019 from 'ajv/dist/refs/json-schema-2019-09/meta/content.json';
import core2019 from 'ajv/dist/refs/json-schema-2019-09/meta/core.json';
import format2019 from 'ajv/dist/refs/json-schema-2019-09/meta/format.json';
import metaData2019 from 'ajv/dist/refs/json-schema-2019-09/meta/meta-data.json';
import validation2019 from 'ajv/dist/refs/json-schema-2019-09/meta/validation.json';
import schema2019 from 'ajv/dist/refs/json-schema-2019-09/schema.json';
import applicator2020 from 'ajv/dist/refs/json-schema-2020-12/meta/applicator.json';
import content2020 from 'ajv/dist/refs/json-schema-2020-12/meta/content.json';
import core2020 from 'ajv/dist/refs/json-schema-2020-12/meta/core.json';
import format2020 from 'ajv/dist/refs/json-schema-2020-12/meta/format-annotation.json';
import metaData2020 from 'ajv/dist/refs/json-schema-2020-12/meta/meta-data.json';
import unevaluated2020 from 'ajv/dist/refs/json-schema-2020-12/meta/unevaluated.json';
import validation2020 from 'ajv/dist/refs/json-schema-2020-12/meta/validation.json';
import schema2020 from 'ajv/dist/refs/json-schema-2020-12/schema.json';
import draft06 from 'ajv/dist/refs/json-schema-draft-06.json';
import draft07 from 'ajv/dist/refs/json-schema-draft-07.json';
import { DataError } from '../../kernel';
import { type Json, JsonNumber, parseJson } from '../json-text';
import type { Draft, SchemaJson } from './draft';
import { META_DRAFT_04 } from './meta-draft-04';

interface MetaDocument {
  readonly $id: string;
}

interface Dialect {
  /** The first is the meta schema itself. */
  readonly documents: readonly MetaDocument[];
  readonly Validator: typeof Ajv | typeof Ajv2019 | typeof Ajv2020;
}

/** The draft only advises against an empty enum; the copy that comes with the validator forbids it. */
const DRAFT_07 = {
  ...draft07,
  properties: { ...draft07.properties, enum: { type: 'array', items: true } },
};

const DIALECTS: Readonly<Record<Draft, Dialect>> = {
  'draft-04': { Validator: Ajv, documents: [META_DRAFT_04] },
  'draft-06': { Validator: Ajv, documents: [draft06] },
  'draft-07': { Validator: Ajv, documents: [DRAFT_07] },
  '2019-09': {
    Validator: Ajv2019,
    documents: [schema2019, applicator2019, content2019, core2019, format2019, metaData2019, validation2019],
  },
  '2020-12': {
    Validator: Ajv2020,
    documents: [
      schema2020,
      applicator2020,
      content2020,
      core2020,
      format2020,
      metaData2020,
      unevaluated2020,
      validation2020,
    ],
  },
};

const ALL_DOCUMENTS: readonly MetaDocument[] = Object.values(DIALECTS).flatMap(({ documents }) => documents);

/** A meta schema by its URI without `#`: schemas may refer to these without a reference. */
export function metaSchema(uri: string): SchemaJson | null {
  const document = ALL_DOCUMENTS.find(({ $id }) => $id === uri || $id === `${uri}#`);
  return document === undefined ? null : (parseJson(JSON.stringify(document)) as SchemaJson);
}

/** Throws DataError with the place and what should be there. */
export function validateAgainstMeta(schema: SchemaJson, draft: Draft): void {
  const validate = validatorOf(draft);
  if (validate(plain(schema))) return;
  const error = mostTelling(validate.errors!);
  throw new DataError(`#${cut(error.instancePath, MAX_PLACE)}: ${describe(error)}`);
}

const MAX_PLACE = 300;
const MAX_REASON = 300;

const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length)}…` : text;

const validators = new Map<Draft, ValidateFunction>();

/** Compiled when the first schema of a draft comes. */
function validatorOf(draft: Draft): ValidateFunction {
  const known = validators.get(draft);
  if (known !== undefined) return known;
  const { documents, Validator } = DIALECTS[draft];
  const ajv = new Validator({
    meta: false,
    strict: false,
    validateFormats: false,
    validateSchema: false,
    logger: false,
  });
  for (const document of documents) ajv.addSchema(withoutUniqueItems(document));
  const compiled = ajv.getSchema(documents[0]!.$id)!;
  validators.set(draft, compiled);
  return compiled;
}

/** The validator compares each item with each other one: a list of a million items would take hours. */
const withoutUniqueItems = (document: MetaDocument): MetaDocument =>
  JSON.parse(JSON.stringify(document), (key, value) =>
    key === 'uniqueItems' && value === true ? undefined : value,
  );

/** JSON as the validator wants it; without prototypes, so that `__proto__` and `constructor` are members like others. */
function plain(json: Json): unknown {
  if (json instanceof JsonNumber) return Number(json.text);
  if (Array.isArray(json)) return json.map(plain);
  if (!(json instanceof Map)) return json;
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of json) object[key] = plain(value);
  return object;
}

/** Of all the alternatives that were tried, the one that came furthest tells what is meant. */
function mostTelling(errors: readonly ErrorObject[]): ErrorObject {
  let best = errors[0]!;
  for (const error of errors) {
    if (error.instancePath.length > best.instancePath.length) best = error;
  }
  return best;
}

function describe({ keyword, params, message }: ErrorObject): string {
  const reason =
    keyword === 'enum'
      ? `must be one of ${(params as { allowedValues: unknown[] }).allowedValues.join(', ')}`
      : (message ?? `violates ${keyword}`);
  return cut(reason, MAX_REASON);
}
