/** `/config` and `/mode`, of all subjects and of one. `PUT` answers `compatibility`, the others `compatibilityLevel`. */
import type { FastifyInstance } from 'fastify';
import type { Registry } from '../operations/registry';
import {
  deleteConfig,
  deleteMode,
  readConfig,
  readMode,
  updateConfig,
  updateMode,
} from '../operations/settings';
import { answer } from './negotiation';
import { bodyMembers, pathSubject, queryFlag } from './params';

export function configRoutes(api: FastifyInstance, registry: Registry): void {
  for (const url of ['/config', '/config/:subject']) {
    api.get(url, (request, reply) =>
      answer(reply, readConfig(registry, pathSubject(request), queryFlag(request, 'defaultToGlobal'))),
    );
    api.put(url, async (request, reply) =>
      answer(reply, await updateConfig(registry, pathSubject(request), bodyMembers(request))),
    );
    api.delete(url, async (request, reply) =>
      answer(reply, await deleteConfig(registry, pathSubject(request))),
    );
  }
}

export function modeRoutes(api: FastifyInstance, registry: Registry): void {
  for (const url of ['/mode', '/mode/:subject']) {
    api.get(url, (request, reply) =>
      answer(reply, {
        mode: readMode(registry, pathSubject(request), queryFlag(request, 'defaultToGlobal')),
      }),
    );
    api.put(url, async (request, reply) =>
      answer(reply, { mode: await updateMode(registry, pathSubject(request), bodyMembers(request).mode) }),
    );
    api.delete(url, async (request, reply) =>
      answer(reply, { mode: await deleteMode(registry, pathSubject(request)) }),
    );
  }
}
