/** Changes of what a worker is to run, and who made them. */
import type { TargetState } from '../lifecycle';
import type { RawConfig } from '../storage/types';

export interface Author {
  /** `anonymous` where nothing asks for credentials. */
  readonly name: string;
  /** What proves the name: `password`, `token`, `certificate`, `nothing`, or `file` for a file of the worker. */
  readonly by: string;
  /** Where the request came from, or the file; null when that is not known. */
  readonly from: string | null;
  /** Of a request that another worker sent on: where that worker says it came from. */
  readonly forwardedFor: string | null;
}

export interface Origin {
  readonly author: Author;
  /** The version whose configuration it is again. */
  readonly revertOf?: number;
}

export type ChangeKind =
  | 'created'
  | 'updated'
  | 'patched'
  | 'deleted'
  | 'reverted'
  /** Paused, resumed or stopped. */
  | 'target'
  /** It was there before its history began, or was changed past it: by a worker without one. */
  | 'found';

/** A change that was written. */
export interface Change {
  readonly connector: string;
  readonly kind: ChangeKind;
  readonly before: { readonly config: RawConfig; readonly target: TargetState } | null;
  readonly after: { readonly config: RawConfig; readonly target: TargetState } | null;
  readonly origin: Origin | null;
  /** Wall time, ms. */
  readonly at: number;
}
