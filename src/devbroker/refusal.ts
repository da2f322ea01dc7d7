/** A request, or a part of it, that Kafka would refuse: becomes its error code in the answer. */
import { Code } from '../kafka/wire/codes';

export { Code };

export type CodeName = keyof typeof Code;

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(Code).map(([name, code]) => [code, name]));

/** `NOT_LEADER_OR_FOLLOWER` for 6. */
export const codeName = (code: number): string => NAMES.get(code) ?? `error ${code}`;

export class Refusal extends Error {
  /** @param message for answers that carry one; what Kafka says where clients are known to read it */
  constructor(
    readonly code: number,
    message: string = codeName(code),
  ) {
    super(message);
  }
}

/** The code of a refusal; everything else is a fault of the broker and thrown on. */
export function codeOf(error: unknown): number {
  if (error instanceof Refusal) return error.code;
  throw error;
}

/** Code of what `act` is refused with, 0 when it goes through. */
export function attempt(act: () => void): number {
  try {
    act();
    return Code.NONE;
  } catch (error) {
    return codeOf(error);
  }
}
