/**
 * Whether data that fits one JSON Schema fits another, by the rules of Confluent's registry: a comparison of the schemas'
 * structure, part by part. It knows no logic beyond that: a type that is added to a schema that takes everything breaks, even
 * if a sibling implied it. `format`, examples, titles and the schemas of `patternProperties` are not compared.
 *
 * Pairs of schemas are judged once. Pairs that lead back to themselves are taken for compatible until known better, and the
 * check is repeated with what is known until nothing new comes up.
 */
import { type CompiledPattern, compilePattern, findPattern } from '../../json-schema/pattern';
import type { JsonSchema } from '../../json-schema/schema-text';
import { PairMap } from '../pair-map';
import { checkArray } from './arrays';
import { checkCombined, checkPlainReader, checkPlainWriter } from './combined';
import { checkObject } from './objects';
import { all, eachOnce, FITS, failed, type JsonProblem, type Verdict, within } from './problem';
import { checkBounds, checkEnum, checkNumber, checkString } from './scalars';
import { type ConditionalShape, type NotShape, type Shape, Shapes, type TypedShape } from './shape';

/** Pairs of schemas, properties and so on after which a check is given up. */
const MAX_STEPS = 200_000;
/** Schemas inside schemas, references included; deeper ones would end the stack. */
const MAX_DEPTH = 600;
const OPERATIONS_PER_STEP = 20;

/** What the parts of the checker ask of it. */
export interface Comparison {
  readonly lenient: boolean;
  pair(reader: Shape, writer: Shape): Verdict;
  /** Whether a name is one that a pattern means; also when that cannot be told. */
  matches(pattern: string, name: string): boolean;
  spend(steps: number): void;
}

export interface JsonCheckOptions {
  /** Lets objects close, and open ones get properties, as Confluent's compatibility policy LENIENT does. */
  readonly lenient?: boolean;
  readonly maxSteps?: number;
}

/** Nothing when `reader` takes all that fits `writer`. Locations are JSON pointers, `#/properties/a`. */
export function checkJson(
  reader: JsonSchema,
  writer: JsonSchema,
  { lenient = false, maxSteps = MAX_STEPS }: JsonCheckOptions = {},
): readonly JsonProblem[] {
  const [read, written] = [new Shapes(reader).root(), new Shapes(writer).root()];
  const budget: Budget = { left: maxSteps };
  const broken = new PairMap<Shape, Verdict>();
  for (;;) {
    const check = new Check(broken, budget, lenient);
    const verdict = check.pair(read, written);
    if (budget.left < 0) return failed('CHECK_TOO_COMPLEX', '#', reader.root, writer.root).problems;
    if (!check.assumedWrongly) return eachOnce(within('#', verdict).problems);
  }
}

interface Budget {
  /** Below zero: the check is over. */
  left: number;
}

class Check implements Comparison {
  assumedWrongly = false;
  readonly #verdicts = new PairMap<Shape, Verdict | 'under way'>();
  readonly #assumed = new PairMap<Shape, true>();
  readonly #patterns = new Map<string, CompiledPattern | null>();
  #depth = 0;

  constructor(
    /** Pairs that an earlier pass found broken, and why. */
    readonly broken: PairMap<Shape, Verdict>,
    readonly budget: Budget,
    readonly lenient: boolean,
  ) {}

  readonly pair = (reader: Shape, writer: Shape): Verdict => {
    this.spend(1);
    if (reader.kind === 'any' || writer.kind === 'never' || this.budget.left < 0) return FITS;
    const known = this.#verdicts.get(reader, writer);
    if (known === 'under way') {
      const found = this.broken.get(reader, writer);
      if (found !== undefined) return found;
      this.#assumed.set(reader, writer, true);
      return FITS;
    }
    if (known !== undefined) return known;
    if (this.#depth >= MAX_DEPTH) this.budget.left = -1;
    this.#verdicts.set(reader, writer, 'under way');
    this.#depth++;
    const verdict = this.#judge(reader, writer);
    this.#depth--;
    this.#verdicts.set(reader, writer, verdict);
    if (!verdict.fits && this.#assumed.get(reader, writer) && !this.broken.get(reader, writer)) {
      this.broken.set(reader, writer, verdict);
      this.assumedWrongly = true;
    }
    return verdict;
  };

  readonly spend = (steps: number): void => {
    this.budget.left -= steps;
  };

  matches(pattern: string, name: string): boolean {
    let compiled = this.#patterns.get(pattern);
    if (compiled === undefined) {
      compiled = compilePattern(pattern);
      this.#patterns.set(pattern, compiled);
    }
    if (compiled === null || this.budget.left < 0) return true;
    return findPattern(compiled, name, (operations) => this.spend(operations / OPERATIONS_PER_STEP)) ?? true;
  }

  #judge(reader: Shape, writer: Shape): Verdict {
    if (this.budget.left < 0) return FITS;
    if (reader.kind === 'combined') {
      return writer.kind === 'combined'
        ? checkCombined(reader, writer, this)
        : checkPlainWriter(reader, writer, this);
    }
    if (writer.kind === 'combined') return checkPlainReader(reader, writer, this);
    if (reader.kind === 'enum' && writer.kind === 'enum') return checkEnum(reader, writer);
    if (reader.kind === 'not' && writer.kind === 'not') return this.#not(reader, writer);
    if (reader.kind === 'conditional' && writer.kind === 'conditional')
      return this.#conditional(reader, writer);
    if (reader.kind === 'unknown' && writer.kind === 'unknown' && reader.json === writer.json) return FITS;
    if (isTyped(reader) && isTyped(writer) && reader.kind === writer.kind) return this.#typed(reader, writer);
    if (areBytes(reader, writer)) return FITS;
    return failed('TYPE_CHANGED', '', reader.json, writer.json);
  }

  #typed(reader: TypedShape, writer: TypedShape): Verdict {
    const isNarrowed = (reader.typed && !writer.typed) || (reader.integer && !writer.integer);
    return all([
      isNarrowed ? failed('TYPE_NARROWED', '/type', reader.json.get('type'), writer.json.get('type')) : FITS,
      checkBounds(reader, writer),
      this.#byKind(reader, writer),
    ]);
  }

  #byKind(reader: TypedShape, writer: TypedShape): Verdict {
    switch (reader.kind) {
      case 'object':
        return checkObject(reader, writer, this);
      case 'array':
        return checkArray(reader, writer, this);
      case 'number':
        return checkNumber(reader, writer);
      case 'string':
        return checkString(reader, writer);
      default:
        return FITS;
    }
  }

  /** What must not be may become less: the sides change places. */
  #not(reader: NotShape, writer: NotShape): Verdict {
    const [now, before] = [reader.json.get('not'), writer.json.get('not')];
    if (this.pair(writer.child(before), reader.child(now)).fits) return FITS;
    return failed('NOT_TYPE_EXTENDED', '/not', now, before);
  }

  /** Under the same condition, the consequences are compared. */
  #conditional(reader: ConditionalShape, writer: ConditionalShape): Verdict {
    const [now, before] = [reader.json.get('if'), writer.json.get('if')];
    const [read, written] = [reader.child(now), writer.child(before)];
    if (!this.#areSame(read, written)) return failed('CONDITION_CHANGED', '/if', now, before);
    return all(
      ['then', 'else'].map((keyword) =>
        within(
          `/${keyword}`,
          this.pair(reader.child(reader.json.get(keyword)), writer.child(writer.json.get(keyword))),
        ),
      ),
    );
  }

  #areSame(reader: Shape, writer: Shape): boolean {
    return this.pair(reader, writer).fits && this.pair(writer, reader).fits;
  }
}

const isTyped = (shape: Shape): shape is TypedShape => 'typed' in shape;

/** Connect's converter has written decimals as strings and as numbers; it reads both. */
function areBytes(reader: Shape, writer: Shape): boolean {
  return [reader, writer].every(({ json }) => json instanceof Map && json.get('connect.type') === 'bytes');
}
