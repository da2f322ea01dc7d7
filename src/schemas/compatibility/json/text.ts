/** What the JSON Schema checker found, for people: kind, place, both sides, and what would make the schemas fit. */
import { type Json, printJson } from '../../json-text';
import type { Roles } from '../roles';
import type { JsonProblem, JsonProblemKind, LowerBound, UpperBound } from './problem';

const MAX_FRAGMENT = 200;
const MAX_LOCATION = 500;

/** `{errorType:'…', location:'#/properties/a', description:'…', reader:'…', writer:'…', fix:'…'}` */
export function describeJsonProblem(problem: JsonProblem, roles: Roles): string {
  const [description, fix] = explain(problem, roles);
  const members = {
    errorType: problem.kind,
    location: cut(problem.location, MAX_LOCATION),
    description: description + becauseOf(problem),
    reader: fragment(problem.reader),
    writer: fragment(problem.writer),
    fix,
  };
  return `{${Object.entries(members)
    .map(([name, value]) => `${name}:'${value}'`)
    .join(', ')}}`;
}

/** The same in a sentence. */
export const jsonReason = (problem: JsonProblem, roles: Roles): string =>
  `${explain(problem, roles)[0]}${becauseOf(problem)} (${cut(problem.location, MAX_LOCATION)}: ` +
  `${fragment(problem.reader)} for ${fragment(problem.writer)})`;

const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length)}…` : text;

const fragment = (json: Json | undefined): string =>
  json === undefined ? 'nothing' : cut(printJson(json), MAX_FRAGMENT);

function becauseOf({ because }: JsonProblem): string {
  if (because === undefined) return '';
  const place = because.location === '' ? '' : ` at ${cut(because.location, MAX_LOCATION)}`;
  return `; what comes closest fails with ${because.kind}${place}`;
}

type Explanation = readonly [description: string, fix: string];
type Explain = (roles: Roles) => Explanation;

function explain({ kind }: JsonProblem, roles: Roles): Explanation {
  const bound = /^(.+)_(ADDED|INCREASED|DECREASED)$/.exec(kind);
  const keyword = bound && BOUND_KEYWORDS[bound[1] as UpperBound | LowerBound];
  if (keyword) return tightened(keyword, bound[2]!, roles);
  return TEXTS[kind as keyof typeof TEXTS](roles);
}

const BOUND_KEYWORDS: Readonly<Record<UpperBound | LowerBound, string>> = {
  MAX_LENGTH: 'maxLength',
  MIN_LENGTH: 'minLength',
  MAXIMUM: 'maximum',
  MINIMUM: 'minimum',
  EXCLUSIVE_MAXIMUM: 'exclusiveMaximum',
  EXCLUSIVE_MINIMUM: 'exclusiveMinimum',
  MAX_PROPERTIES: 'maxProperties',
  MIN_PROPERTIES: 'minProperties',
  MAX_ITEMS: 'maxItems',
  MIN_ITEMS: 'minItems',
  MAX_CONTAINS: 'maxContains',
  MIN_CONTAINS: 'minContains',
};

function tightened(keyword: string, how: string, { reader, writer }: Roles): Explanation {
  if (how === 'ADDED') {
    return [`The ${reader} has the bound ${keyword}, which the ${writer} has not`, `leave ${keyword} out`];
  }
  const [comparative, mend] = how === 'DECREASED' ? ['lower', 'raise'] : ['higher', 'lower'];
  return [
    `The ${keyword} of the ${reader} is ${comparative} than that of the ${writer}`,
    `keep ${keyword}, ${mend} it, or leave it out`,
  ];
}

type OtherKind = Exclude<
  JsonProblemKind,
  `${UpperBound | LowerBound}_ADDED` | `${UpperBound}_DECREASED` | `${LowerBound}_INCREASED`
>;

const closedFix = (reader: string): string =>
  `keep it in the ${reader}, or let the ${reader} take additional ones`;

const TEXTS: Readonly<Record<OtherKind, Explain>> = {
  TYPE_CHANGED: ({ reader, writer }) => [
    `The schema in the ${reader} is of another kind than the one in the ${writer}`,
    `keep the type, or make it an anyOf or a list of types that has the one of the ${writer} too`,
  ],
  TYPE_NARROWED: ({ reader, writer }) => [
    `The ${reader} takes fewer types than the ${writer}`,
    `keep the type that the ${writer} has, or a wider one (number for integer)`,
  ],
  SCHEMA_ADDED: ({ reader, writer }) => [
    `The ${reader} has a schema here, the ${writer} takes everything`,
    'leave the schema out',
  ],
  PATTERN_ADDED: ({ reader, writer }) => [
    `The ${reader} has a pattern, which the ${writer} has not`,
    'leave the pattern out',
  ],
  PATTERN_CHANGED: ({ reader, writer }) => [
    `The pattern of the ${reader} is not the one of the ${writer}`,
    'keep the pattern, or leave it out',
  ],
  MULTIPLE_OF_ADDED: ({ reader, writer }) => [
    `The ${reader} has multipleOf, which the ${writer} has not`,
    'leave multipleOf out',
  ],
  MULTIPLE_OF_EXPANDED: ({ reader, writer }) => [
    `The multipleOf of the ${reader} is a multiple of that of the ${writer}: some numbers are taken no more`,
    'keep multipleOf, divide it, or leave it out',
  ],
  MULTIPLE_OF_CHANGED: ({ reader, writer }) => [
    `The multipleOf of the ${reader} does not divide that of the ${writer}`,
    'keep multipleOf, divide it, or leave it out',
  ],
  ENUM_ARRAY_NARROWED: ({ reader, writer }) => [
    `The enum of the ${reader} lacks values that the ${writer} has`,
    `keep all values of the ${writer}`,
  ],
  ENUM_ARRAY_CHANGED: ({ reader, writer }) => [
    `The values that the ${reader} takes are not those of the ${writer}`,
    `keep all values of the ${writer}, and add to them`,
  ],
  REQUIRED_ATTRIBUTE_ADDED: ({ reader, writer }) => [
    `The ${reader} requires a property that is optional in the ${writer}`,
    'leave it optional, or give it a default',
  ],
  REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL: ({ reader, writer }) => [
    `The ${reader} requires a property that the ${writer} does not know; being open, the ${writer} takes any value under this name`,
    `add it as {} and optional, or close the ${writer} (additionalProperties false) and give it a default`,
  ],
  REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL: ({ reader, writer }) =>
    addedToOpen(reader, writer),
  OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL: ({ reader, writer }) => addedToOpen(reader, writer),
  REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL: ({ reader, writer }) => [
    `The ${reader} requires a property that the ${writer} does not know`,
    'make it optional, or give it a default',
  ],
  PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL: ({ reader, writer }) => [
    `The ${writer} takes this property by patternProperties or additionalProperties, with values that the ${reader} refuses`,
    'let it take all that these take, or choose another name',
  ],
  PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL: ({ reader, writer }) => [
    `The ${reader} does not know a property of the ${writer}; being closed, it takes none that it does not know`,
    closedFix(reader),
  ],
  PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL: ({ reader, writer }) => [
    `The ${reader} does not know a property of the ${writer}, and what it takes under this name is not what the ${writer} has`,
    `keep it in the ${reader}, or widen patternProperties or additionalProperties`,
  ],
  ADDITIONAL_PROPERTIES_REMOVED: ({ reader, writer }) => [
    `The ${reader} takes no additional properties, the ${writer} does`,
    'leave additionalProperties as it is, or set the compatibility policy LENIENT',
  ],
  ADDITIONAL_PROPERTIES_NARROWED: ({ reader, writer }) => [
    `The ${reader} takes additional properties of one schema, the ${writer} any`,
    'leave additionalProperties as it is, or set the compatibility policy LENIENT',
  ],
  UNEVALUATED_PROPERTIES_REMOVED: ({ reader, writer }) => [
    `The ${reader} takes no unevaluated properties, the ${writer} does`,
    'leave unevaluatedProperties as it is, or set the compatibility policy LENIENT',
  ],
  UNEVALUATED_PROPERTIES_NARROWED: ({ reader, writer }) => [
    `The ${reader} takes unevaluated properties of one schema, the ${writer} any`,
    'leave unevaluatedProperties as it is, or set the compatibility policy LENIENT',
  ],
  DEPENDENCY_ARRAY_ADDED: ({ reader, writer }) => [
    `With this property, the ${reader} requires others; the ${writer} does not`,
    'leave the dependency out',
  ],
  DEPENDENCY_ARRAY_EXTENDED: ({ reader, writer }) => [
    `With this property, the ${reader} requires more others than the ${writer}`,
    'keep the names, or fewer of them',
  ],
  DEPENDENCY_ARRAY_CHANGED: ({ reader, writer }) => [
    `With this property, the ${reader} requires other ones than the ${writer}`,
    'keep the names, or fewer of them',
  ],
  DEPENDENCY_SCHEMA_ADDED: ({ reader, writer }) => [
    `With this property, the ${reader} has a schema that the ${writer} has not`,
    'leave the dependency out',
  ],
  UNIQUE_ITEMS_ADDED: ({ reader, writer }) => [
    `Items are unique in the ${reader}, and need not be in the ${writer}`,
    'leave uniqueItems out',
  ],
  ITEM_ADDED_TO_OPEN_CONTENT_MODEL: ({ reader, writer }) => [
    `The ${reader} has a schema for an item that may be anything in the ${writer}`,
    `add it as {}, or close the ${writer} (additionalItems false)`,
  ],
  ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL: ({ reader, writer }) => [
    `The ${writer} takes items here that the ${reader} refuses`,
    'let it take all that these take',
  ],
  ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL: ({ reader, writer }) => [
    `The ${reader} lacks an item of the ${writer}, and takes none beyond those it lists`,
    closedFix(reader),
  ],
  ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL: ({ reader, writer }) => [
    `The ${reader} lacks an item of the ${writer}, and what it takes there is not what the ${writer} has`,
    `keep it in the ${reader}, or widen the schema of the items after the listed ones`,
  ],
  ADDITIONAL_ITEMS_REMOVED: ({ reader, writer }) => [
    `The ${reader} takes no further items, the ${writer} does`,
    'let it take further items',
  ],
  ADDITIONAL_ITEMS_NARROWED: ({ reader, writer }) => [
    `The ${reader} takes further items of one schema, the ${writer} any`,
    'let it take any further items',
  ],
  UNEVALUATED_ITEMS_REMOVED: ({ reader, writer }) => [
    `The ${reader} takes no unevaluated items, the ${writer} does`,
    'leave unevaluatedItems as it is',
  ],
  UNEVALUATED_ITEMS_NARROWED: ({ reader, writer }) => [
    `The ${reader} takes unevaluated items of one schema, the ${writer} any`,
    'leave unevaluatedItems as it is',
  ],
  COMBINED_TYPE_CHANGED: ({ reader, writer }) => [
    `The ${reader} combines schemas in another way than the ${writer}`,
    'keep allOf, anyOf or oneOf, or change it to anyOf',
  ],
  COMBINED_TYPE_SUBSCHEMAS_CHANGED: ({ reader, writer }) => [
    `The schemas that are combined in the ${reader} and the ${writer} do not fit each other one to one`,
    'keep the schemas, change each one in a way that fits, and add new ones to anyOf or oneOf',
  ],
  PRODUCT_TYPE_EXTENDED: ({ reader, writer }) => [
    `The ${reader} asks for more at once than the ${writer}`,
    'add nothing that must hold as well',
  ],
  SUM_TYPE_NARROWED: ({ reader, writer }) => [
    `The ${reader} lacks an alternative that the ${writer} has`,
    'keep all alternatives',
  ],
  NOT_TYPE_EXTENDED: ({ reader, writer }) => [
    `The ${reader} forbids more than the ${writer}`,
    'keep the schema within not, or tighten it',
  ],
  CONDITION_CHANGED: ({ reader, writer }) => [
    `The condition of the ${reader} is not the one of the ${writer}`,
    'keep the schema within if',
  ],
  CHECK_TOO_COMPLEX: () => [
    'The schemas are too large to be compared',
    'split them, or set the compatibility level NONE',
  ],
};

function addedToOpen(reader: string, writer: string): Explanation {
  return [
    `The ${reader} has a schema for a property that the ${writer} does not know; being open, the ${writer} takes any value under this name`,
    `add it as {}, close the ${writer} first (additionalProperties false), or set the compatibility policy LENIENT`,
  ];
}
