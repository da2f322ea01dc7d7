/** `/compatibility`: would a schema be accepted? */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { testCompatibility } from '../operations/compatibility';
import type { Registry } from '../operations/registry';
import { answer } from './negotiation';
import { pathText, pathVersion, queryFlag, schemaRequest } from './params';

export function compatibilityRoutes(api: FastifyInstance, registry: Registry): void {
  const test = (request: FastifyRequest, target: number | 'latest' | null) =>
    testCompatibility(registry, pathText(request, 'subject'), target, schemaRequest(request), {
      normalize: queryFlag(request, 'normalize'),
      verbose: queryFlag(request, 'verbose'),
    });

  api.post('/compatibility/subjects/:subject/versions', (request, reply) =>
    answer(reply, test(request, null)),
  );
  api.post('/compatibility/subjects/:subject/versions/:version', (request, reply) =>
    answer(reply, test(request, pathVersion(request))),
  );
}
