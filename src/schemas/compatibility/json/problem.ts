/** What the JSON Schema checker finds. Kinds have the names that users know from Confluent's messages, where it has one. */
import type { Json } from '../../json-text';

/** Bounds that keep values small; a lower one breaks. */
export type UpperBound =
  | 'MAX_LENGTH'
  | 'MAXIMUM'
  | 'EXCLUSIVE_MAXIMUM'
  | 'MAX_PROPERTIES'
  | 'MAX_ITEMS'
  | 'MAX_CONTAINS';
/** Bounds that keep values large; a higher one breaks. */
export type LowerBound =
  | 'MIN_LENGTH'
  | 'MINIMUM'
  | 'EXCLUSIVE_MINIMUM'
  | 'MIN_PROPERTIES'
  | 'MIN_ITEMS'
  | 'MIN_CONTAINS';

export type JsonProblemKind =
  | `${UpperBound | LowerBound}_ADDED`
  | `${UpperBound}_DECREASED`
  | `${LowerBound}_INCREASED`
  | 'TYPE_CHANGED'
  | 'TYPE_NARROWED'
  | 'SCHEMA_ADDED'
  | 'PATTERN_ADDED'
  | 'PATTERN_CHANGED'
  | 'MULTIPLE_OF_ADDED'
  | 'MULTIPLE_OF_EXPANDED'
  | 'MULTIPLE_OF_CHANGED'
  | 'ENUM_ARRAY_NARROWED'
  | 'ENUM_ARRAY_CHANGED'
  | 'REQUIRED_ATTRIBUTE_ADDED'
  | 'REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL'
  | 'REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL'
  | 'OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL'
  | 'REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL'
  | 'PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL'
  | 'PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL'
  | 'PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL'
  | 'ADDITIONAL_PROPERTIES_REMOVED'
  | 'ADDITIONAL_PROPERTIES_NARROWED'
  | 'UNEVALUATED_PROPERTIES_REMOVED'
  | 'UNEVALUATED_PROPERTIES_NARROWED'
  | 'DEPENDENCY_ARRAY_ADDED'
  | 'DEPENDENCY_ARRAY_EXTENDED'
  | 'DEPENDENCY_ARRAY_CHANGED'
  | 'DEPENDENCY_SCHEMA_ADDED'
  | 'UNIQUE_ITEMS_ADDED'
  | 'ITEM_ADDED_TO_OPEN_CONTENT_MODEL'
  | 'ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL'
  | 'ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL'
  | 'ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL'
  | 'ADDITIONAL_ITEMS_REMOVED'
  | 'ADDITIONAL_ITEMS_NARROWED'
  | 'UNEVALUATED_ITEMS_REMOVED'
  | 'UNEVALUATED_ITEMS_NARROWED'
  | 'COMBINED_TYPE_CHANGED'
  | 'COMBINED_TYPE_SUBSCHEMAS_CHANGED'
  | 'PRODUCT_TYPE_EXTENDED'
  | 'SUM_TYPE_NARROWED'
  | 'NOT_TYPE_EXTENDED'
  | 'CONDITION_CHANGED'
  | 'CHECK_TOO_COMPLEX';

/** Where two schemas part. Texts are made from it only when somebody wants to read them. */
export interface JsonProblem {
  readonly kind: JsonProblemKind;
  /** From the schemas that were compared: `/properties/a`. References are not seen in it. */
  readonly location: string;
  /** The two sides there; undefined where a side has nothing. */
  readonly reader: Json | undefined;
  readonly writer: Json | undefined;
  /** Why what comes closest does not fit. */
  readonly because?: JsonProblem;
}

export interface Verdict {
  readonly fits: boolean;
  readonly problems: readonly JsonProblem[];
}

/** More are of no use to a reader. */
const MAX_PROBLEMS = 50;

export const FITS: Verdict = { fits: true, problems: [] };

export const failed = (
  kind: JsonProblemKind,
  location: string,
  reader: Json | undefined,
  writer: Json | undefined,
  because?: JsonProblem,
): Verdict => ({ fits: false, problems: [{ kind, location, reader, writer, because }] });

export function all(verdicts: Iterable<Verdict>): Verdict {
  const broken = [...verdicts].filter((verdict) => !verdict.fits);
  if (broken.length === 0) return FITS;
  return { fits: false, problems: broken.flatMap(({ problems }) => problems).slice(0, MAX_PROBLEMS) };
}

/** A schema that is referred to from many places is told of once, where it is met first from outside. */
export function eachOnce(problems: readonly JsonProblem[]): readonly JsonProblem[] {
  return problems.filter((problem) => {
    const same = problems.filter((other) => isSame(problem, other));
    return same.every((other) => other === problem || isOuter(problem, other, problems));
  });
}

const isSame = (a: JsonProblem, b: JsonProblem): boolean =>
  a.kind === b.kind &&
  a.reader === b.reader &&
  a.writer === b.writer &&
  (typeof a.reader === 'object' || typeof a.writer === 'object');

function isOuter(a: JsonProblem, b: JsonProblem, problems: readonly JsonProblem[]): boolean {
  if (a.location.length !== b.location.length) return a.location.length < b.location.length;
  return problems.indexOf(a) < problems.indexOf(b);
}

/** The verdict on a part, as a verdict on the whole. */
export function within(place: string, verdict: Verdict): Verdict {
  if (verdict.fits || place === '') return verdict;
  const problems = verdict.problems.map((problem) => ({ ...problem, location: place + problem.location }));
  return { fits: false, problems };
}
