/** `/contexts`. What stands behind a context in a path is the business of `names.ts`. */
import type { FastifyInstance } from 'fastify';
import { deleteContext } from '../operations/contexts';
import type { Registry } from '../operations/registry';
import { readContext } from './names';
import { answer } from './negotiation';
import { page, pathText, queryText } from './params';

/** The list is the same below a context. */
export function contextRoutes(api: FastifyInstance, { state, rules }: Registry): void {
  api.get('/contexts', (request, reply) => {
    const prefix = queryText(request, 'contextPrefix') ?? '';
    const contexts = state.contexts().filter((context) => context.startsWith(prefix));
    return answer(reply, page(request, contexts, rules.limits.contexts));
  });
}

export function contextDeletion(api: FastifyInstance, registry: Registry): void {
  api.delete('/contexts/:context', async (request, reply) => {
    await deleteContext(registry, readContext(pathText(request, 'context')));
    return reply.code(204).send();
  });
}
