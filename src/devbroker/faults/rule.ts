/** What can be made to go wrong, and where. */
import { Code, type CodeName } from '../refusal';

/** What a request speaks of. */
export interface Place {
  readonly topic?: string;
  readonly partition?: number;
  readonly group?: string;
  readonly transactionalId?: string;
}

/** Which requests, or parts of them, a fault is for. Everything that is given must fit; nothing given: all. */
export interface FaultTarget extends Place {
  /** Name of the request, `Produce`, or several. */
  readonly api?: string | readonly string[];
  /** Id of the virtual node it is sent to. */
  readonly node?: number;
  /** Begin of the client id. */
  readonly client?: string;
}

/** How often a fault strikes. */
export interface FaultCount {
  /** Number of times, 1 unless given; null: until it is removed. */
  readonly times?: number | null;
  /** Lets so many go by first. */
  readonly skip?: number;
}

/** Exactly one of these. */
export type FaultAction =
  /** Answers the code. `applied`: the request does what it asks for all the same. */
  | { readonly error: number | CodeName; readonly applied?: boolean }
  /** Cuts the connection: `before` anything is applied, or `after`, when the answer was due. */
  | { readonly drop: 'before' | 'after' }
  /** Serves the request so much later. */
  | { readonly delayMs: number }
  /** EndTxn: answers, but the markers are written only when the fault is removed. */
  | { readonly hold: 'markers' }
  /** Sends the answer after so many later ones of the same connection. Requests meanwhile are served in order. */
  | { readonly reorder: number }
  /** Fetch: cuts so many bytes off the end of a partition's records, and leaves at least one. */
  | { readonly truncateBytes: number }
  /** Fetch: changes a byte within the first batch, so that its checksum does not fit. */
  | { readonly corrupt: true };

export type FaultRule = FaultTarget & FaultCount & FaultAction;

export const errorCode = (error: number | CodeName): number =>
  typeof error === 'number' ? error : Code[error];
