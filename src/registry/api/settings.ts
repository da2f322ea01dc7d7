/** `/config` and `/mode`, of all subjects and of one. `PUT` answers `compatibility`, the others `compatibilityLevel`. */
import type { FastifyInstance } from 'fastify';
import { deleteMode, readMode, updateMode } from '../operations/modes';
import type { Registry } from '../operations/registry';
import { deleteConfig, readConfig, updateConfig } from '../operations/settings';
import type { Mode } from '../state/settings';
import { bodyMembers } from './bodies';
import { pathScope } from './names';
import { answer } from './negotiation';
import { queryFlag } from './params';

export function configRoutes(api: FastifyInstance, registry: Registry): void {
  for (const url of ['/config', '/config/:subject']) {
    api.get(url, (request, reply) =>
      answer(reply, readConfig(registry, pathScope(request), queryFlag(request, 'defaultToGlobal'))),
    );
    api.put(url, async (request, reply) =>
      answer(reply, await updateConfig(registry, pathScope(request), bodyMembers(request))),
    );
    api.delete(url, async (request, reply) =>
      answer(reply, await deleteConfig(registry, pathScope(request))),
    );
  }
}

export function modeRoutes(api: FastifyInstance, registry: Registry): void {
  for (const url of ['/mode', '/mode/:subject']) {
    api.get(url, (request, reply) =>
      answer(reply, modeReply(readMode(registry, pathScope(request), queryFlag(request, 'defaultToGlobal')))),
    );
    api.put(url, async (request, reply) => {
      const { mode } = bodyMembers(request);
      const force = queryFlag(request, 'force');
      return answer(reply, modeReply(await updateMode(registry, pathScope(request), mode, force)));
    });
    api.delete(url, async (request, reply) => {
      const recursive = queryFlag(request, 'recursive');
      return answer(reply, modeReply(await deleteMode(registry, pathScope(request), recursive)));
    });
  }
}

const modeReply = (mode: Mode | null): object => (mode === null ? {} : { mode });
