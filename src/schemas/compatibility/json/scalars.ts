/** Bounds, patterns, divisors and enums: loosened or removed they fit, tightened or added they do not. */
import type { Json, JsonObject } from '../../json-text';
import { compareDecimals, type Decimal, decimalOf, isMultiple } from './decimal';
import { all, FITS, failed, type LowerBound, type UpperBound, type Verdict } from './problem';
import type { EnumShape, TypedShape } from './shape';

type Bound =
  | { readonly keyword: string; readonly name: UpperBound; readonly upper: true }
  | { readonly keyword: string; readonly name: LowerBound; readonly upper: false };

const upper = (keyword: string, name: UpperBound): Bound => ({ keyword, name, upper: true });
const lower = (keyword: string, name: LowerBound): Bound => ({ keyword, name, upper: false });

const BOUNDS: Readonly<Partial<Record<TypedShape['kind'], readonly Bound[]>>> = {
  string: [upper('maxLength', 'MAX_LENGTH'), lower('minLength', 'MIN_LENGTH')],
  object: [upper('maxProperties', 'MAX_PROPERTIES'), lower('minProperties', 'MIN_PROPERTIES')],
  array: [
    upper('maxItems', 'MAX_ITEMS'),
    lower('minItems', 'MIN_ITEMS'),
    upper('maxContains', 'MAX_CONTAINS'),
    lower('minContains', 'MIN_CONTAINS'),
  ],
};

export function checkBounds(reader: TypedShape, writer: TypedShape): Verdict {
  const bounds = BOUNDS[reader.kind] ?? [];
  return all(bounds.map((bound) => checkBound(bound, reader.json, writer.json)));
}

function checkBound({ keyword, name, upper }: Bound, reader: JsonObject, writer: JsonObject): Verdict {
  const [now, before] = [decimalOf(reader.get(keyword)), decimalOf(writer.get(keyword))];
  if (now === null) return FITS;
  const [read, written] = [reader.get(keyword), writer.get(keyword)];
  if (before === null) return failed(`${name}_ADDED`, `/${keyword}`, read, written);
  const order = compareDecimals(now, before);
  if (upper ? order >= 0 : order <= 0) return FITS;
  return upper
    ? failed(`${name}_DECREASED`, `/${keyword}`, read, written)
    : failed(`${name}_INCREASED`, `/${keyword}`, read, written);
}

export function checkString(reader: TypedShape, writer: TypedShape): Verdict {
  const [now, before] = [reader.json.get('pattern'), writer.json.get('pattern')];
  if (typeof now !== 'string' || now === before) return FITS;
  return failed(typeof before === 'string' ? 'PATTERN_CHANGED' : 'PATTERN_ADDED', '/pattern', now, before);
}

export function checkNumber(reader: TypedShape, writer: TypedShape): Verdict {
  return all([
    checkLimit(reader.json, writer.json, true),
    checkLimit(reader.json, writer.json, false),
    checkMultipleOf(reader.json.get('multipleOf'), writer.json.get('multipleOf')),
  ]);
}

interface Limit {
  readonly value: Decimal;
  readonly json: Json;
  readonly keyword: string;
  readonly exclusive: boolean;
}

/** The tighter of a bound and its exclusive sibling, which up to draft-04 is a flag of the bound. */
function limitOf(json: JsonObject, upper: boolean): Limit | null {
  const [keyword, exclusiveKeyword] = upper
    ? ['maximum', 'exclusiveMaximum']
    : ['minimum', 'exclusiveMinimum'];
  const flag = json.get(exclusiveKeyword) === true;
  const plain = limit(json, keyword, flag);
  const exclusive = limit(json, exclusiveKeyword, true);
  if (plain === null || exclusive === null) return plain ?? exclusive;
  return isTighter(plain, exclusive, upper) ? plain : exclusive;
}

function limit(json: JsonObject, keyword: string, exclusive: boolean): Limit | null {
  const value = decimalOf(json.get(keyword));
  return value && { value, json: json.get(keyword)!, keyword, exclusive };
}

function isTighter(a: Limit, b: Limit, upper: boolean): boolean {
  const order = compareDecimals(a.value, b.value);
  if (order === 0) return a.exclusive && !b.exclusive;
  return upper ? order < 0 : order > 0;
}

function checkLimit(reader: JsonObject, writer: JsonObject, upper: boolean): Verdict {
  const [now, before] = [limitOf(reader, upper), limitOf(writer, upper)];
  if (now === null || (before !== null && !isTighter(now, before, upper))) return FITS;
  const name = `${now.exclusive ? 'EXCLUSIVE_' : ''}${upper ? 'MAXIMUM' : 'MINIMUM'}` as const;
  if (before === null || before.exclusive !== now.exclusive) {
    return failed(`${name}_ADDED`, `/${now.keyword}`, now.json, before?.json);
  }
  const kind = upper
    ? (`${name as 'MAXIMUM' | 'EXCLUSIVE_MAXIMUM'}_DECREASED` as const)
    : (`${name as 'MINIMUM' | 'EXCLUSIVE_MINIMUM'}_INCREASED` as const);
  return failed(kind, `/${now.keyword}`, now.json, before.json);
}

function checkMultipleOf(read: Json | undefined, written: Json | undefined): Verdict {
  const [now, before] = [decimalOf(read), decimalOf(written)];
  if (now === null) return FITS;
  if (before === null) return failed('MULTIPLE_OF_ADDED', '/multipleOf', read, written);
  if (isMultiple(before, now)) return FITS;
  const kind = isMultiple(now, before) ? 'MULTIPLE_OF_EXPANDED' : 'MULTIPLE_OF_CHANGED';
  return failed(kind, '/multipleOf', read, written);
}

export function checkEnum(reader: EnumShape, writer: EnumShape): Verdict {
  if ([...writer.values].every((value) => reader.values.has(value))) return FITS;
  const isNarrowed = [...reader.values].every((value) => writer.values.has(value));
  return failed(
    isNarrowed && reader.keyword === 'enum' ? 'ENUM_ARRAY_NARROWED' : 'ENUM_ARRAY_CHANGED',
    `/${reader.keyword}`,
    reader.json.get(reader.keyword),
    writer.json.get(writer.keyword),
  );
}
