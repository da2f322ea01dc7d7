/** Arrays: a tuple of items that may be empty, and what holds for the items after it. */
import type { Json } from '../../json-text';
import type { Comparison } from './check';
import { checkPart } from './objects';
import { all, FITS, failed, type Verdict, within } from './problem';
import { bothOf, checkRest, type Rest, restOf } from './rest';
import type { Shape, TypedShape } from './shape';

export function checkArray(reader: TypedShape, writer: TypedShape, comparison: Comparison): Verdict {
  const [read, written] = [tupleOf(reader), tupleOf(writer)];
  comparison.spend(read.items.length + written.items.length);
  const { pair } = comparison;
  return all([
    ...checkItems(reader, writer, read, written, comparison),
    checkRest(reader, writer, [read.restKeyword, written.restKeyword], restKinds(read), pair),
    checkRest(reader, writer, ['unevaluatedItems', 'unevaluatedItems'], UNEVALUATED, pair),
    checkPart('contains', reader, writer, comparison),
    checkUnique(reader.json.get('uniqueItems'), writer.json.get('uniqueItems')),
  ]);
}

const UNEVALUATED = {
  removed: 'UNEVALUATED_ITEMS_REMOVED',
  narrowed: 'UNEVALUATED_ITEMS_NARROWED',
} as const;

/** A schema for all items is none for additional ones. */
const restKinds = ({ restKeyword, items }: Tuple) =>
  ({
    removed: 'ADDITIONAL_ITEMS_REMOVED',
    narrowed: restKeyword === 'items' && items.length === 0 ? 'SCHEMA_ADDED' : 'ADDITIONAL_ITEMS_NARROWED',
  }) as const;

interface Tuple {
  readonly keyword: string;
  readonly items: readonly Json[];
  readonly restKeyword: string;
}

/** Until 2019-09 a list of `items` and `additionalItems`, then `prefixItems` and `items`. */
function tupleOf({ json }: TypedShape): Tuple {
  const items = json.get('items');
  if (Array.isArray(items)) return { keyword: 'items', items, restKeyword: 'additionalItems' };
  const prefix = json.get('prefixItems');
  return { keyword: 'prefixItems', items: Array.isArray(prefix) ? prefix : [], restKeyword: 'items' };
}

function* checkItems(
  reader: TypedShape,
  writer: TypedShape,
  read: Tuple,
  written: Tuple,
  comparison: Comparison,
): Generator<Verdict> {
  const length = Math.max(read.items.length, written.items.length);
  const { keyword } = read.items.length > 0 ? read : written;
  for (let i = 0; i < length; i++) {
    const [now, before] = [read.items[i], written.items[i]];
    const place = `/${keyword}/${i}`;
    if (now === undefined) {
      yield within(place, checkRemoved(restAfter(reader, read), writer.child(before), comparison));
    } else if (before === undefined) {
      yield within(place, checkAdded(reader.child(now), restAfter(writer, written), comparison));
    } else yield within(place, comparison.pair(reader.child(now), writer.child(before)));
  }
}

const restAfter = (array: TypedShape, { restKeyword }: Tuple): Rest =>
  bothOf(restOf(array, array.json.get(restKeyword)), restOf(array, array.json.get('unevaluatedItems')));

function checkRemoved(rest: Rest, written: Shape, comparison: Comparison): Verdict {
  if (rest === 'open') return FITS;
  if (rest === 'closed') {
    if (written.kind === 'never') return FITS;
    return failed('ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL', '', undefined, written.json);
  }
  const { fits, problems } = comparison.pair(rest, written);
  if (fits) return FITS;
  const kind = 'ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL';
  return failed(kind, '', rest.json, written.json, problems[0]);
}

function checkAdded(read: Shape, rest: Rest, comparison: Comparison): Verdict {
  if (rest === 'closed' || read.kind === 'any') return FITS;
  if (rest === 'open') return failed('ITEM_ADDED_TO_OPEN_CONTENT_MODEL', '', read.json, undefined);
  const { fits, problems } = comparison.pair(read, rest);
  if (fits) return FITS;
  const kind = 'ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL';
  return failed(kind, '', read.json, rest.json, problems[0]);
}

function checkUnique(now: Json | undefined, before: Json | undefined): Verdict {
  if (now !== true || before === true) return FITS;
  return failed('UNIQUE_ITEMS_ADDED', '/uniqueItems', now, before);
}
