/** What people ask of a worker beyond Kafka Connect's API. One file per subject; REST and jobs see this face of it. */
import type { Core } from '../herding/core';
import { createHealthBook, type HealthBook } from './health';

export type { Cause } from './cause';
export type { WorkerFacts } from './facts';
export * from './health';
export { HEALTH_STATES, type HealthState } from './verdict';

export interface Operations {
  readonly health: HealthBook;
}

export function createOperations(core: Core): Operations {
  return { health: createHealthBook(core) };
}
