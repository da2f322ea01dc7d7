/** `/` and `/v1/metadata`: who is this? */
import type { FastifyInstance } from 'fastify';
import { answer } from './negotiation';

export interface Identity {
  readonly clusterId: () => Promise<string>;
  /** `schema.registry.group.id` */
  readonly groupId: string;
  readonly version: string;
  readonly commit: string;
}

export function rootRoutes(api: FastifyInstance): void {
  api.get('/', (_request, reply) => answer(reply, {}));
  api.post('/', (_request, reply) => answer(reply, {}));
}

export function metaRoutes(api: FastifyInstance, identity: Identity): void {
  api.get('/v1/metadata/id', async (_request, reply) =>
    answer(reply, {
      scope: {
        path: [],
        clusters: {
          'kafka-cluster': await identity.clusterId(),
          'schema-registry-cluster': identity.groupId,
        },
      },
    }),
  );
  api.get('/v1/metadata/version', (_request, reply) =>
    answer(reply, { version: identity.version, commitId: identity.commit }),
  );
  // Names of what a vendor has added to the server.
  api.get('/v1/metadata/deployment', (_request, reply) => answer(reply, { attributes: [] }));
}
