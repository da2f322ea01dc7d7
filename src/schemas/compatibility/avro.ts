/**
 * Whether data written with one Avro schema can be read with another, by the rules of Avro's own checker. Walks reader
 * and writer together; each pair of types is judged once, so recursive and widely shared types cost nothing extra.
 * Logical types do not count.
 */
import type {
  AvroEnum,
  AvroField,
  AvroFixed,
  AvroNamed,
  AvroRecord,
  AvroSchema,
  AvroUnion,
} from '../avro/ast';
import { PairMap } from './pair-map';

export type AvroProblemKind =
  | 'NAME_MISMATCH'
  | 'FIXED_SIZE_MISMATCH'
  | 'MISSING_ENUM_SYMBOLS'
  | 'READER_FIELD_MISSING_DEFAULT_VALUE'
  | 'TYPE_MISMATCH'
  | 'MISSING_UNION_BRANCH'
  | 'CHECK_TOO_COMPLEX';

/** Where the two schemas part. Texts are made from it only when somebody wants to read them. */
export interface AvroProblem {
  readonly kind: AvroProblemKind;
  /** JSON pointer into the reader, into the writer below the branches of a writer's union. */
  readonly location: string;
  readonly reader: AvroSchema;
  readonly writer: AvroSchema;
  /** The reader's field without default. */
  readonly field?: AvroField;
  /** The writer's symbols that the reader lacks. */
  readonly symbols?: readonly string[];
  /** Why the branch that comes closest does not fit. */
  readonly because?: readonly AvroProblem[];
}

/** Pairs of types after which a check is given up: unions of 500 records against each other are just below it. */
const MAX_STEPS = 300_000;
/** Types inside types; deeper ones would end the stack. */
const MAX_DEPTH = 1000;
/** More are of no use to a reader. */
const MAX_PROBLEMS = 50;

/** Nothing when the reader can read all that the writer writes. */
export function checkAvro(
  reader: AvroSchema,
  writer: AvroSchema,
  maxSteps: number = MAX_STEPS,
): readonly AvroProblem[] {
  const broken = new PairMap<AvroSchema, Verdict>();
  const budget: Budget = { steps: maxSteps, exhausted: false };
  for (;;) {
    const check = new Check(broken, budget);
    const { problems } = check.pair(reader, writer, '');
    if (budget.exhausted) return [{ kind: 'CHECK_TOO_COMPLEX', location: '', reader, writer }];
    // A cycle was taken for compatible until known better; what rested on that assumption must be judged again.
    if (!check.assumedWrongly) return problems;
  }
}

interface Budget {
  steps: number;
  exhausted: boolean;
}

interface Verdict {
  readonly fits: boolean;
  readonly problems: readonly AvroProblem[];
}

const FITS: Verdict = { fits: true, problems: [] };

/** Types that a reader takes besides its own. */
const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  long: ['int'],
  float: ['int', 'long'],
  double: ['int', 'long', 'float'],
  bytes: ['string'],
  string: ['bytes'],
};

class Check {
  assumedWrongly = false;
  readonly #verdicts = new PairMap<AvroSchema, Verdict | 'under way'>();
  readonly #assumed = new PairMap<AvroSchema, true>();
  #depth = 0;

  constructor(
    /** Pairs that an earlier pass found broken, and why. */
    readonly broken: PairMap<AvroSchema, Verdict>,
    readonly budget: Budget,
  ) {}

  pair(reader: AvroSchema, writer: AvroSchema, at: string): Verdict {
    const known = this.#verdicts.get(reader, writer);
    if (known === 'under way') {
      const found = this.broken.get(reader, writer);
      if (found !== undefined) return found;
      this.#assumed.set(reader, writer, true);
      return FITS;
    }
    if (known !== undefined) return known;
    if (this.budget.steps-- <= 0 || this.#depth >= MAX_DEPTH) this.budget.exhausted = true;
    if (this.budget.exhausted) return FITS;
    this.#verdicts.set(reader, writer, 'under way');
    this.#depth++;
    const verdict = this.#judge(reader, writer, at);
    this.#depth--;
    this.#verdicts.set(reader, writer, verdict);
    if (!verdict.fits && this.#assumed.get(reader, writer)) {
      this.broken.set(reader, writer, verdict);
      this.assumedWrongly = true;
    }
    return verdict;
  }

  #judge(reader: AvroSchema, writer: AvroSchema, at: string): Verdict {
    if (writer.kind === 'union') return this.#writerUnion(reader, writer, at);
    if (reader.kind === 'union') return this.#readerUnion(reader, writer, at);
    if (reader.kind === 'array' && writer.kind === 'array') {
      return this.pair(reader.items, writer.items, `${at}/items`);
    }
    if (reader.kind === 'map' && writer.kind === 'map') {
      return this.pair(reader.values, writer.values, `${at}/values`);
    }
    if (reader.kind === 'record' && writer.kind === 'record') return this.#records(reader, writer, at);
    if (reader.kind === 'enum' && writer.kind === 'enum') return enums(reader, writer, at);
    if (reader.kind === 'fixed' && writer.kind === 'fixed') return fixeds(reader, writer, at);
    if (reader.kind === writer.kind || PROMOTIONS[reader.kind]?.includes(writer.kind)) return FITS;
    return failed({ kind: 'TYPE_MISMATCH', location: at, reader, writer });
  }

  /** Every branch may come, so every branch must be readable. */
  #writerUnion(reader: AvroSchema, writer: AvroUnion, at: string): Verdict {
    return all(writer.branches.map((branch, i) => this.pair(reader, branch, `${at}/${i}`)));
  }

  #readerUnion(reader: AvroUnion, writer: AvroSchema, at: string): Verdict {
    let because: readonly AvroProblem[] | undefined;
    for (const [i, branch] of reader.branches.entries()) {
      const verdict = this.pair(branch, writer, `${at}/${i}`);
      if (verdict.fits) return FITS;
      if (comesClose(branch, writer)) because = verdict.problems;
    }
    return failed({ kind: 'MISSING_UNION_BRANCH', location: at, reader, writer, because });
  }

  #records(reader: AvroRecord, writer: AvroRecord, at: string): Verdict {
    if (!sameName(reader, writer)) return misnamed(reader, writer, at);
    const written = new Map(writer.fields.map((field) => [field.name, field]));
    const verdicts = reader.fields.map((field, i) => {
      const source = [field.name, ...field.aliases].map((name) => written.get(name)).find(Boolean);
      if (source !== undefined) return this.pair(field.type, source.type, `${at}/fields/${i}/type`);
      if (field.default !== undefined) return FITS;
      return failed({
        kind: 'READER_FIELD_MISSING_DEFAULT_VALUE',
        location: `${at}/fields/${i}`,
        reader,
        writer,
        field,
      });
    });
    return all(verdicts);
  }
}

function enums(reader: AvroEnum, writer: AvroEnum, at: string): Verdict {
  if (!sameName(reader, writer)) return misnamed(reader, writer, at);
  const known = new Set(reader.symbols);
  const symbols = writer.symbols.filter((symbol) => !known.has(symbol));
  if (symbols.length === 0 || (reader.default !== null && known.has(reader.default))) return FITS;
  return failed({ kind: 'MISSING_ENUM_SYMBOLS', location: `${at}/symbols`, reader, writer, symbols });
}

function fixeds(reader: AvroFixed, writer: AvroFixed, at: string): Verdict {
  if (!sameName(reader, writer)) return misnamed(reader, writer, at);
  if (reader.size === writer.size) return FITS;
  return failed({ kind: 'FIXED_SIZE_MISMATCH', location: `${at}/size`, reader, writer });
}

/** Types of other names are other types: what else they differ in is of no interest. */
const misnamed = (reader: AvroNamed, writer: AvroNamed, at: string): Verdict =>
  failed({ kind: 'NAME_MISMATCH', location: `${at}/name`, reader, writer });

/** Short names decide, namespaces do not; an alias of the reader must be the writer's full name. */
const sameName = (reader: AvroNamed, writer: AvroNamed): boolean =>
  reader.name.short === writer.name.short || reader.aliases.some((alias) => alias.full === writer.name.full);

function comesClose(branch: AvroSchema, writer: AvroSchema): boolean {
  if (branch.kind !== writer.kind) return false;
  return 'name' in branch && 'name' in writer ? sameName(branch, writer) : true;
}

const failed = (problem: AvroProblem): Verdict => ({ fits: false, problems: [problem] });

/** A shared type is judged once but met often; its problems are told once. */
function all(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.every((verdict) => verdict.fits)) return FITS;
  const problems: AvroProblem[] = [];
  for (const problem of verdicts.flatMap((verdict) => verdict.problems)) {
    if (problems.length < MAX_PROBLEMS && !problems.some((known) => isSame(known, problem))) {
      problems.push(problem);
    }
  }
  return { fits: false, problems };
}

const isSame = (a: AvroProblem, b: AvroProblem): boolean =>
  a.kind === b.kind && a.location === b.location && a.reader === b.reader && a.writer === b.writer;
