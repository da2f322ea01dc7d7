/** One record on its way, step by step, with what became of it after each. */

import type { Pipeline } from '../../flow';
import { causeChain, hintsOf, type SinkRecord, type SourceRecord } from '../../kernel';
import { Pending } from '../../plugin';
import { type Deadline, LATE } from './deadline';
import { hasSecrets, type ShownBytes, type ShownRecord, showBytes, showRecord } from './render';

export interface ShownWire {
  readonly key: ShownBytes;
  readonly value: ShownBytes;
  readonly headers: readonly { readonly key: string; readonly value: ShownBytes }[];
}

export interface PreviewStep {
  /** As error messages name it: `TRANSFORMATION`, `VALUE_CONVERTER` … */
  readonly stage: string;
  /** Class as configured; of a transform also its alias. */
  readonly class: string | null;
  readonly alias: string | null;
  /** The record after the step; null: bytes, dropped, or failed. */
  readonly record: ShownRecord | null;
  /** The bytes in Kafka, where the step is about those. */
  readonly wire: ShownWire | null;
  readonly dropped: boolean;
  readonly error: { readonly message: string; readonly hint: string | null } | null;
}

const STEP: PreviewStep = {
  stage: '',
  class: null,
  alias: null,
  record: null,
  wire: null,
  dropped: false,
  error: null,
};

export const dataStep = (
  stage: string,
  className: string,
  record: SinkRecord | SourceRecord,
): PreviewStep => ({
  ...STEP,
  stage,
  class: className,
  record: showRecord(record),
});

export const wireStep = (stage: string, className: string | null, wire: ShownWire): PreviewStep => ({
  ...STEP,
  stage,
  class: className,
  wire,
});

export interface Walk {
  readonly pipeline: Pipeline;
  readonly deadline: Deadline;
  scrub(text: string): string;
}

/** Runs what may have to wait for something first. */
export async function settle<T>(run: () => T, { deadline }: Pick<Walk, 'deadline'>): Promise<T> {
  for (;;) {
    try {
      return run();
    } catch (thrown) {
      if (!(thrown instanceof Pending)) throw thrown;
      if ((await deadline.within(thrown.ready)) === LATE)
        throw new Error(`${thrown.what} did not come in time`);
    }
  }
}

/** A step that failed is the last one of its record. */
export class StepFailure extends Error {
  constructor(readonly step: PreviewStep) {
    super(step.error?.message);
  }
}

export async function attempt<T>(
  walk: Walk,
  stage: string,
  className: string | null,
  run: () => T,
  alias: string | null = null,
): Promise<T> {
  try {
    return await settle(run, walk);
  } catch (error) {
    const message = walk.scrub(causeChain(error).join(': '));
    const hint = walk.scrub(hintsOf(error).join(' ')) || null;
    throw new StepFailure({ ...STEP, stage, class: className, alias, error: { message, hint } });
  }
}

/** Adds a step per transform. Null when one of them dropped the record. */
export async function applyTransforms<R extends SinkRecord | SourceRecord>(
  walk: Walk,
  first: R,
  steps: PreviewStep[],
): Promise<R | null> {
  let record: R | null = first;
  for (const { name, className, apply } of walk.pipeline.transforms) {
    const before: R = record;
    record = await attempt(walk, 'TRANSFORMATION', className, () => apply(before), name);
    const shown = record === null ? { dropped: true } : { record: showRecord(record) };
    steps.push({ ...STEP, stage: 'TRANSFORMATION', class: className, alias: name, ...shown });
    if (record === null) return null;
  }
  return record;
}

/** Bytes of which a schema says that they hold secrets are not shown. */
export const showWire = (
  { key, value, headers }: WireParts,
  { keySchema, valueSchema }: Pick<SinkRecord, 'keySchema' | 'valueSchema'> = NO_SCHEMAS,
): ShownWire => ({
  key: showBytes(key, hasSecrets(keySchema)),
  value: showBytes(value, hasSecrets(valueSchema)),
  headers: headers.map((header) => ({ key: header.key, value: showBytes(header.value) })),
});

const NO_SCHEMAS = { keySchema: null, valueSchema: null };

export interface WireParts {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}
