/** What holds for the properties or items that a schema does not list: all are taken, none, or those of a schema. */
import type { Json } from '../../json-text';
import { FITS, failed, type JsonProblemKind, type Verdict, within } from './problem';
import type { Shape, TypedShape } from './shape';

export type Rest = 'open' | 'closed' | Shape;

export function restOf(owner: TypedShape, json: Json | undefined): Rest {
  const shape = owner.child(json);
  if (shape.kind === 'any') return 'open';
  return shape.kind === 'never' ? 'closed' : shape;
}

/** The narrower of two that hold together, as far as it matters: none, else a schema. */
export function bothOf(first: Rest, second: Rest): Rest {
  return first === 'open' ? second : first;
}

export interface RestKinds {
  readonly removed: JsonProblemKind;
  readonly narrowed: JsonProblemKind;
}

/** Null where the old rest breaks nothing by itself. */
export function checkRest(
  reader: TypedShape,
  writer: TypedShape,
  [readerKeyword, writerKeyword]: readonly [string, string],
  kinds: RestKinds,
  pair: (reader: Shape, writer: Shape) => Verdict,
): Verdict {
  const [read, written] = [reader.json.get(readerKeyword), writer.json.get(writerKeyword)];
  const [now, before] = [restOf(reader, read), restOf(writer, written)];
  const place = `/${readerKeyword}`;
  if (now === 'open' || before === 'closed') return FITS;
  if (now === 'closed') return failed(kinds.removed, place, read, written);
  if (before === 'open') return failed(kinds.narrowed, place, read, written);
  return within(place, pair(now, before));
}
