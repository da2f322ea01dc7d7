/** What is wrong with a body, in the words of Jackson: clients and their tests compare them (connect.md §1.4). */
import { HttpError } from '../../http';

/** Bytes counted from 1, as Jackson counts them. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A step on the way from the body as a whole to what is wrong: `java.util.ArrayList[0]`. */
export type Step = string;

const source = (place: string): string =>
  `[Source: REDACTED (\`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION\` disabled); ${place}]`;

export const placeText = ({ line, column }: Place): string => source(`line: ${line}, column: ${column}`);

/** 500, where others answer 400: that is what a JVM worker says of a body it cannot read. */
export class BodyProblem extends HttpError {
  /** @param place null: where nothing was there to have a place. */
  constructor(
    readonly why: string,
    readonly place: Place | null,
    /** JSON is wrong, not only other than expected. */
    readonly isSyntax: boolean,
    readonly chain: readonly Step[] = [],
  ) {
    const at = place === null ? source('line: 1') : placeText(place);
    const way = chain.length === 0 ? '' : ` (through reference chain: ${chain.join('->')})`;
    super(500, `${why}\n at ${at}${way}`);
  }

  within(step: Step): BodyProblem {
    return new BodyProblem(this.why, this.place, this.isSyntax, [step, ...this.chain]);
  }
}

/** Runs `read`, and tells where its problem lies. */
export function within<T>(step: Step, read: () => T, isWrapped: (problem: BodyProblem) => boolean): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof BodyProblem && isWrapped(error) ? error.within(step) : error;
  }
}
