/** Tells whether a connector is still the one a job was made for. */
import { createHash } from 'node:crypto';
import type { Core } from '../herding/core';

/** The same on every worker and after restarts: by the configuration as written. Null: there is no such connector. */
export function fenceOf(core: Core, connector: string): string | null {
  const config = core.configs.state.config(connector);
  if (config === null) return null;
  const entries = Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(entries)).digest('hex').slice(0, 24);
}
