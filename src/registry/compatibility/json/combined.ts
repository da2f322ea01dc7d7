/** `allOf`, `anyOf`, `oneOf`, and what is one of these in effect: several keywords, or a list of types. */
import type { Comparison } from './check';
import { maximumMatching } from './matching';
import { all, FITS, failed, type JsonProblem, type Verdict, within } from './problem';
import type { CombinedShape, Criterion, Shape } from './shape';

const placeOf = ({ explicit, criterion }: CombinedShape): string => (explicit ? `/${criterion}` : '');

/** Null: a plain schema against a combined one says no more than that they differ. */
export function checkPlainWriter(reader: CombinedShape, writer: Shape, comparison: Comparison): Verdict {
  const branches = reader.branches();
  if (branches.length === 1) {
    return within(`${placeOf(reader)}${reader.explicit ? '/0' : ''}`, comparison.pair(branches[0]!, writer));
  }
  if (reader.criterion === 'allOf') return typeChanged(reader, writer);
  if (branches.some((branch) => comparison.pair(branch, writer).fits)) return FITS;
  return typeChanged(reader, writer, closest(branches, [writer], comparison));
}

export function checkPlainReader(reader: Shape, writer: CombinedShape, comparison: Comparison): Verdict {
  const branches = writer.branches();
  if (branches.length === 1) return comparison.pair(reader, branches[0]!);
  if (writer.criterion !== 'allOf') return typeChanged(reader, writer);
  if (branches.some((branch) => comparison.pair(reader, branch).fits)) return FITS;
  const near = branches.find(({ kind }) => kind === reader.kind);
  if (near !== undefined && !writer.explicit) return comparison.pair(reader, near);
  return typeChanged(reader, writer, closest([reader], branches, comparison));
}

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
  read: readonly Shape[],
  written: readonly Shape[],
  comparison: Comparison,
): Verdict {
  const edges = written.map((before) =>
    [...read.keys()].filter((i) => comparison.pair(read[i]!, before).fits),
  );
  const partners = maximumMatching(edges, read.length, comparison.spend);
  const matched = new Set(partners.filter((partner) => partner !== -1));
  if (matched.size >= Math.min(read.length, written.length)) return FITS;
  const lonely = written.filter((_before, i) => partners[i] === -1);
  const free = read.filter((_now, i) => !matched.has(i));
  const told = reader.explicit || writer.explicit ? FITS : toldByKind(read, written, comparison);
  if (!told.fits) return told;
  return failed(
    'COMBINED_TYPE_SUBSCHEMAS_CHANGED',
    placeOf(reader),
    free[0]?.json ?? reader.json,
    lonely[0]?.json ?? writer.json,
    closest(free, lonely, comparison),
  );
}

/** Keywords side by side are parts only here: a user wants to hear of the keyword. */
function toldByKind(readers: readonly Shape[], writers: readonly Shape[], comparison: Comparison): Verdict {
  return all(
    readers.flatMap((reader) => {
      const writer = writers.find(({ kind }) => kind === reader.kind);
      return writer === undefined ? [] : [comparison.pair(reader, writer)];
    }),
  );
}
