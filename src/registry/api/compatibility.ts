/** `/compatibility`: would a schema be accepted? */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { testCompatibility } from '../operations/compatibility';
import type { Registry } from '../operations/registry';
import { schemaBody } from './bodies';
import { pathSubject } from './names';
import { answer } from './negotiation';
import { pathVersion, queryFlag } from './params';

export function compatibilityRoutes(api: FastifyInstance, registry: Registry): void {
  const test = (request: FastifyRequest, target: number | 'latest' | null) =>
    testCompatibility(registry, pathSubject(registry, request), target, schemaBody(request), {
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
