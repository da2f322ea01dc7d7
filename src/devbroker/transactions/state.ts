/** Life of a transaction, as Kafka's coordinator keeps it for clients that add partitions themselves (protocol v1). */
import { Code } from '../refusal';

export const STATES = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
] as const;

export type State = (typeof STATES)[number];

export const EVENTS = ['init', 'add', 'commit', 'abort', 'timeout', 'written'] as const;

/** `init`: InitProducerId; `add`: a partition or a group; `timeout`: it was open for too long; `written`: all markers are. */
export type Event = (typeof EVENTS)[number];

export interface Step {
  readonly to: State;
  /** What the request is answered with. */
  readonly code: number;
}

const go = (to: State, code: number = Code.NONE): Step => ({ to, code });

/** Nothing but EndTxn, InitProducerId and time ends a transaction; nothing happens to one whose markers are being written. */
const ending = (state: 'PrepareCommit' | 'PrepareAbort', written: State): Readonly<Record<Event, Step>> => ({
  init: go(state, Code.CONCURRENT_TRANSACTIONS),
  add: go(state, Code.CONCURRENT_TRANSACTIONS),
  commit: go(state, Code.CONCURRENT_TRANSACTIONS),
  abort: go(state, Code.CONCURRENT_TRANSACTIONS),
  timeout: go(state),
  written: go(written),
});

export const STEPS: Readonly<Record<State, Readonly<Record<Event, Step>>>> = {
  Empty: {
    init: go('Empty'),
    add: go('Ongoing'),
    commit: go('Empty', Code.INVALID_TXN_STATE),
    abort: go('Empty', Code.INVALID_TXN_STATE),
    timeout: go('Empty'),
    written: go('Empty'),
  },
  Ongoing: {
    // The client asks again until the markers are written.
    init: go('PrepareAbort', Code.CONCURRENT_TRANSACTIONS),
    add: go('Ongoing'),
    commit: go('PrepareCommit'),
    abort: go('PrepareAbort'),
    timeout: go('PrepareAbort'),
    written: go('Ongoing'),
  },
  PrepareCommit: ending('PrepareCommit', 'CompleteCommit'),
  PrepareAbort: ending('PrepareAbort', 'CompleteAbort'),
  // A repeated EndTxn is answered as the first one was.
  CompleteCommit: {
    init: go('Empty'),
    add: go('Ongoing'),
    commit: go('CompleteCommit'),
    abort: go('CompleteCommit', Code.INVALID_TXN_STATE),
    timeout: go('CompleteCommit'),
    written: go('CompleteCommit'),
  },
  CompleteAbort: {
    init: go('Empty'),
    add: go('Ongoing'),
    commit: go('CompleteAbort', Code.INVALID_TXN_STATE),
    abort: go('CompleteAbort'),
    timeout: go('CompleteAbort'),
    written: go('CompleteAbort'),
  },
};

export const isEnding = (state: State): boolean => state === 'PrepareCommit' || state === 'PrepareAbort';
