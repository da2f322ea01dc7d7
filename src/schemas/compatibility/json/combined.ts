/** `allOf`, `anyOf`, `oneOf`, and what is one of these in effect: several keywords, or a list of types. */
import type { Comparison } from './check';
import { maximumMatching } from './matching';
import { all, FITS, failed, type JsonProblem, type Verdict, within } from './problem';
import type { Branch, CombinedShape, Criterion, Shape } from './shape';

const placeOf = ({ explicit, criterion }: CombinedShape): string => (explicit ? `/${criterion}` : '');

/** Null: a plain schema against a combined one says no more than that they differ. */
export function checkPlainWriter(reader: CombinedShape, writer: Shape, comparison: Comparison): Verdict {
  const branches = shapesOf(reader);
  if (branches.length === 1) {
    return within(`${placeOf(reader)}${reader.explicit ? '/0' : ''}`, comparison.pair(branches[0]!, writer));
  }
  if (reader.criterion === 'allOf') return typeChanged(reader, writer);
  if (branches.some((branch) => comparison.pair(branch, writer).fits)) return FITS;
  return typeChanged(reader, writer, closest(branches, [writer], comparison));
}

export function checkPlainReader(reader: Shape, writer: CombinedShape, comparison: Comparison): Verdict {
  const branches = shapesOf(writer);
  if (branches.length === 1) return comparison.pair(reader, branches[0]!);
  if (writer.criterion !== 'allOf') return typeChanged(reader, writer);
  if (branches.some((branch) => comparison.pair(reader, branch).fits)) return FITS;
  const near = branches.find(({ kind }) => kind === reader.kind);
  if (near !== undefined && !writer.explicit) return comparison.pair(reader, near);
  return typeChanged(reader, writer, closest([reader], branches, comparison));
}

const shapesOf = (combined: CombinedShape): Shape[] => combined.branches().map(({ shape }) => shape);

const typeChanged = (reader: Shape, writer: Shape, because?: JsonProblem): Verdict =>
  failed('TYPE_CHANGED', '', reader.json, writer.json, because);

/** What keeps schemas of the same kind apart. */
function closest(
  readers: readonly Shape[],
  writers: readonly Shape[],
  comparison: Comparison,
): JsonProblem | undefined {
  for (const reader of readers) {
    const writer = writers.find(({ kind }) => kind === reader.kind);
    if (writer !== undefined) return comparison.pair(reader, writer).problems[0];
  }
  return undefined;
}

export function checkCombined(reader: CombinedShape, writer: CombinedShape, comparison: Comparison): Verdict {
  const [read, written] = [reader.branches(), writer.branches()];
  if (!mayBecome(writer.criterion, written.length, reader.criterion, read.length)) {
    return failed('COMBINED_TYPE_CHANGED', placeOf(reader), reader.json, writer.json);
  }
  return all([
    checkNumber(reader, writer, read.length, written.length),
    checkBranches(reader, writer, read, written, comparison),
  ]);
}

function mayBecome(before: Criterion, oldSize: number, now: Criterion, newSize: number): boolean {
  if (before === now || now === 'anyOf') return true;
  if (oldSize === 1 && (newSize === 1 || now === 'oneOf')) return true;
  return newSize === 1 && before === 'allOf';
}

function checkNumber(reader: CombinedShape, writer: CombinedShape, now: number, before: number): Verdict {
  const place = placeOf(reader);
  if (now > before && reader.criterion === 'allOf') {
    return failed('PRODUCT_TYPE_EXTENDED', place, reader.json, writer.json);
  }
  if (now < before && writer.criterion !== 'allOf') {
    return failed('SUM_TYPE_NARROWED', place, reader.json, writer.json);
  }
  return FITS;
}

/** Every branch of the side with fewer needs a partner of its own. */
function checkBranches(
  reader: CombinedShape,
  writer: CombinedShape,
  read: readonly Branch[],
  written: readonly Branch[],
  comparison: Comparison,
): Verdict {
  const partners = maximumMatching({
    leftSize: written.length,
    rightSize: read.length,
    fits: (left, right) => comparison.pair(read[right]!.shape, written[left]!.shape).fits,
    guess: guessByText(read, written),
  });
  const matched = new Set(partners.filter((partner) => partner !== -1));
  if (matched.size >= Math.min(read.length, written.length)) return FITS;
  const told = reader.explicit || writer.explicit ? FITS : toldByKind(reader, writer, comparison);
  if (!told.fits) return told;
  const free = shapesOf(reader).filter((_now, i) => !matched.has(i));
  const lonely = shapesOf(writer).filter((_before, i) => partners[i] === -1);
  return failed(
    'COMBINED_TYPE_SUBSCHEMAS_CHANGED',
    placeOf(reader),
    free[0]?.json ?? reader.json,
    lonely[0]?.json ?? writer.json,
    closest(free, lonely, comparison),
  );
}

/** Mostly, most branches are what they were. */
function guessByText(
  read: readonly Branch[],
  written: readonly Branch[],
): (left: number) => number | undefined {
  const byText = new Map(read.map(({ text }, i) => [text, i]));
  return (left) => byText.get(written[left]!.text) ?? (left < read.length ? left : undefined);
}

/** Keywords side by side are parts only here: a user wants to hear of the keyword. */
function toldByKind(reader: CombinedShape, writer: CombinedShape, comparison: Comparison): Verdict {
  const writers = shapesOf(writer);
  return all(
    shapesOf(reader).flatMap((now) => {
      const before = writers.find(({ kind }) => kind === now.kind);
      return before === undefined ? [] : [comparison.pair(now, before)];
    }),
  );
}
