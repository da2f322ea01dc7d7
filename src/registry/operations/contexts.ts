/** Contexts as a whole. */
import { statusError } from '../../http';
import { contextNotEmpty } from '../errors';
import { contextPrefix, DEFAULT_CONTEXT } from '../state/names';
import { type Registry, writeEvents, writing } from './registry';

/** Forgets an empty context. Its ids are not given again, should it come back. Throws 42211, and 405 for the default one. */
export function deleteContext(registry: Registry, context: string): Promise<void> {
  if (context === DEFAULT_CONTEXT) throw statusError(405);
  return writing(registry, 'Delete context', async () => {
    if (registry.state.subjectsIn(contextPrefix(context)).length > 0) throw contextNotEmpty(context);
    if (!registry.state.hasContext(context)) return;
    await writeEvents(registry, 'Delete context', [
      { kind: 'context', context, tenant: 'default', exists: false },
    ]);
  });
}
