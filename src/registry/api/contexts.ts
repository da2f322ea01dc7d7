/** `/contexts`. What stands behind a context in a path is the business of `names.ts`. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readable } from '../access/guard';
import { deleteContext } from '../operations/contexts';
import type { Registry } from '../operations/registry';
import { contextPrefix, DEFAULT_CONTEXT } from '../state/names';
import type { RegistryState } from '../state/registry-state';
import { readContext } from './names';
import { answer } from './negotiation';
import { page, pathText, queryText } from './params';

/** The list is the same below a context. */
export function contextRoutes(api: FastifyInstance, { state, rules }: Registry): void {
  api.get('/contexts', (request, reply) => {
    const prefix = queryText(request, 'contextPrefix') ?? '';
    const isVisible = visibleContexts(state, request);
    const contexts = state.contexts().filter((context) => context.startsWith(prefix) && isVisible(context));
    return answer(reply, page(request, contexts, rules.limits.contexts));
  });
}

/** Those in which the client may read something, or may read whatever comes. */
function visibleContexts(state: RegistryState, request: FastifyRequest): (context: string) => boolean {
  const mayRead = readable(request);
  return (context) => {
    const prefix = contextPrefix(context);
    if (context === DEFAULT_CONTEXT || mayRead(prefix)) return true;
    return state.subjects(prefix).some(({ name }) => mayRead(name.qualified));
  };
}

export function contextDeletion(api: FastifyInstance, registry: Registry): void {
  api.delete('/contexts/:context', async (request, reply) => {
    await deleteContext(registry, readContext(pathText(request, 'context')));
    return reply.code(204).send();
  });
}
