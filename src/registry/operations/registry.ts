/** What every operation works with. Operations speak of subjects and schemas; HTTP is the business of `api/`. */
import { LRUCache } from 'lru-cache';
import { HttpError } from '../../http';
import { type Counter, type Metrics, MillraceError } from '../../kernel';
import { modeText, operationNotPermitted, storeError } from '../errors';
import type { RegistryEvent } from '../log/events';
import type { Store } from '../log/store';
import type { RegistryState } from '../state/registry-state';
import type { Scope } from '../state/settings';
import type { Draft } from './batch';
import { ALONE, type Primacy } from './primacy';
import { SchemaReader } from './schema-reader';
import { WriteQueue } from './write-queue';

/** Names registrations in errors. */
export const REGISTER = 'Register';

/** How many items a list has when the client does not say, and at most. */
export interface PageLimit {
  readonly standard: number;
  readonly most: number;
}

export interface PageLimits {
  readonly schemas: PageLimit;
  readonly subjects: PageLimit;
  readonly versions: PageLimit;
  readonly contexts: PageLimit;
}

const UNLIMITED = 2 ** 31 - 1;

/** As in Confluent's registry: only schemas are told in pages unless the client asks for that. */
export const DEFAULT_LIMITS: PageLimits = {
  schemas: { standard: 1000, most: 1000 },
  subjects: { standard: UNLIMITED, most: UNLIMITED },
  versions: { standard: UNLIMITED, most: UNLIMITED },
  contexts: { standard: UNLIMITED, most: UNLIMITED },
};

export interface RegistryRules {
  /** Number in the body of a 409: 409, or 40901 as Confluent writes it since 8.1. */
  readonly incompatibleErrorCode: number;
  /** Check names and defaults of new schemas strictly. */
  readonly validateNewSchemas: boolean;
  /** Refuse reserved field names where no configuration says otherwise. */
  readonly validateFields: boolean;
  /** Whether modes can be changed. */
  readonly modeMutability: boolean;
  readonly limits: PageLimits;
}

export interface Registry {
  readonly state: RegistryState;
  readonly store: Store;
  /** Resolves when the state has all that anybody wrote before the call; calls at the same time share the asking. */
  catchUp(): Promise<void>;
  readonly primacy: Primacy;
  readonly rules: RegistryRules;
  readonly schemas: SchemaReader;
  readonly registered: Counter;
  /** Ids whose write may or may not have happened are not given again; per context. */
  readonly doubtfulIds: Map<string, number>;
  readonly writes: WriteQueue;
}

export function createRegistry(
  state: RegistryState,
  store: Store,
  rules: RegistryRules,
  metrics: Metrics,
  primacy: Primacy = ALONE,
): Registry {
  const doubtfulIds = new Map<string, number>();
  return {
    state,
    store,
    catchUp: coalescing(() => store.catchUp()),
    primacy,
    rules,
    schemas: new SchemaReader(state, new LRUCache({ max: 1000 })),
    registered: metrics.counter('millrace_registry_schemas_registered_total', 'Schema versions registered'),
    doubtfulIds,
    writes: new WriteQueue((drafts) => writeDrafts(store, drafts, doubtfulIds)),
  };
}

/** Who comes while work is under way shares the next round of it: what is under way may have looked too early. */
function coalescing(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  return () => {
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = null;
        running = work();
        return running;
      });
    return next;
  };
}

/** Runs a write alone, else as `asPrimary` does. */
export const writing = <T>(registry: Registry, action: string, work: () => Promise<T>): Promise<T> =>
  asPrimary(registry, action, (takeTurn) =>
    registry.writes.alone(async () => {
      takeTurn();
      return await work();
    }),
  );

/**
 * Runs a write on the primary, after the state has all that is in the log. `action` names it in errors. A write that
 * another primary has overtaken is done again from the beginning, there or here. So is one whose turn comes when its term
 * is over: what was on its way then, and may still arrive, must be in the state first. Throws NotPrimary, 50004.
 * @param work calls `takeTurn` when its turn has come
 */
export async function asPrimary<T>(
  registry: Registry,
  action: string,
  work: (takeTurn: () => void) => Promise<T>,
): Promise<T> {
  const { primacy } = registry;
  const since = Date.now();
  for (;;) {
    const term = await primacy.whenPrimary(since);
    const takeTurn = () => {
      if (!primacy.holds(term)) throw new TermOver();
    };
    try {
      if (!primacy.isExclusive) await stored(action, registry.catchUp());
      return await work(takeTurn);
    } catch (error) {
      if (isTimeout(error)) primacy.doubted(term);
      if (error instanceof Overtaken) primacy.fenced(term, error.reason);
      else if (!(error instanceof TermOver)) throw error;
    }
  }
}

export const writeEvents = (
  registry: Registry,
  action: string,
  events: readonly RegistryEvent[],
): Promise<void> => stored(action, registry.store.write(events));

/** Registrations that share a batch. */
async function writeDrafts(
  store: Store,
  drafts: readonly Draft<unknown>[],
  doubtfulIds: Map<string, number>,
): Promise<void> {
  try {
    await stored(REGISTER, store.write(drafts.flatMap(({ events }) => events)));
  } catch (error) {
    // A write that ends without an answer may still arrive: its ids must not go to other schemas meanwhile.
    for (const { id, name } of drafts) {
      doubtfulIds.set(name.context, Math.max(id, doubtfulIds.get(name.context) ?? 0));
    }
    throw error;
  }
}

/** The log refused a write because another node took over. */
class Overtaken extends Error {
  constructor(readonly reason: Error) {
    super(reason.message, { cause: reason });
  }
}

/** The turn of a write came after its term. */
class TermOver extends Error {}

async function stored<T>(action: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (hasCode(error, 'KAFKA_FENCED')) throw new Overtaken(error as Error);
    throw storeError(action, error);
  }
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof MillraceError && error.code === code;

/** 50002, as `storeError` makes it. */
const isTimeout = (error: unknown): boolean => error instanceof HttpError && hasCode(error.cause, 'TIMEOUT');

/** Throws 42205 while the subject, its context or all subjects are read-only. */
export function requireWritable({ state }: Registry, scope: Scope): void {
  const mode = state.settings.effectiveMode(scope);
  if (mode === 'READONLY' || mode === 'READONLY_OVERRIDE') {
    throw operationNotPermitted(modeText(scope, 'in read-only mode'));
  }
}
