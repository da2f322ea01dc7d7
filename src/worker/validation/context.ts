import type { Catalog } from '../catalog';
import type { OverridePolicy } from '../client-keys';
import type { Providers } from '../references';

/** What a worker knows that a configuration is judged by. */
export interface ValidationContext {
  readonly catalog: Catalog;
  readonly providers: Providers;
  readonly policy: OverridePolicy;
  /** The worker's own configuration, resolved: its converters and registry are defaults here. */
  readonly worker: Readonly<Record<string, string>>;
  /** The group of the workers, which no sink may join; null in standalone mode. */
  readonly groupId: string | null;
  /** Whether sources may deliver exactly once on this worker. */
  readonly exactlyOnce: boolean;
  /** Whether class names are recommended, for which every plug-in has to be loaded. */
  readonly recommend?: boolean;
  /** Ends the checks that connectors do with their systems. */
  readonly signal?: AbortSignal;
}

/** References resolved. */
export type GivenConfig = Readonly<Record<string, string | null>>;
