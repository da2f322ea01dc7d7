/** Altering and resetting offsets (KIP-875): of stopped connectors only, by the leader. */
import { MillraceError } from '../../kernel';
import type { OffsetChange } from '../herder';
import type { Core } from './core';
import { configOf } from './views';
import { requireLeader } from './writes';

/** Null resets all. Resolves with the sentence REST answers. */
export async function changeOffsets(
  core: Core,
  name: string,
  changes: readonly OffsetChange[] | null,
): Promise<string> {
  requireLeader(core);
  configOf(core, name);
  throw new MillraceError('INTERNAL', `offsets of ${name} cannot be changed: ${changes?.length ?? 'all'}`);
}
