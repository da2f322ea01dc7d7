/** What each route needs, and what the audit log calls it. A route that is not here is for `admin` alone. */
import type { FastifyRequest } from 'fastify';
import type { GlobalOperation, SubjectOperation } from './permissions';

export interface Requirement {
  /**
   * - `subject`: the operation on the subject of the path.
   * - `scope`: the same for settings, whose path may name a context or nothing; then it is the global operation.
   * - `global`: the global operation.
   * - `found`: nothing to begin with; the handler shows what may be read of what it finds.
   */
  readonly on: 'subject' | 'scope' | 'global' | 'found';
  readonly operation: SubjectOperation | GlobalOperation | null;
  /** Null for reads, which are not audited. */
  readonly action: string | null;
}

type Line = readonly [
  routes: string,
  on: Requirement['on'],
  operation?: Requirement['operation'],
  action?: string,
];

const VERSION = '/subjects/:subject/versions/:version';

const LINES: readonly Line[] = [
  ['GET /', 'found'],
  ['POST /', 'found'],
  ['GET /v1/metadata/id', 'found'],
  ['GET /v1/metadata/version', 'found'],
  ['GET /v1/metadata/deployment', 'found'],
  ['GET /contexts', 'found'],
  ['DELETE /contexts/:context', 'global', 'contexts', 'delete context'],
  ['GET /schemas', 'found'],
  ['GET /schemas/types', 'found'],
  ['GET /schemas/ids/:id', 'found'],
  ['GET /schemas/ids/:id/schema', 'found'],
  ['GET /schemas/ids/:id/subjects', 'found'],
  ['GET /schemas/ids/:id/versions', 'found'],
  ['GET /schemas/guids/:guid', 'found'],
  ['GET /schemas/guids/:guid/ids', 'found'],
  ['GET /subjects', 'found'],
  ['POST /subjects/:subject', 'subject', 'read'],
  ['DELETE /subjects/:subject', 'subject', 'delete', 'delete subject'],
  ['GET /subjects/:subject/metadata', 'subject', 'read'],
  ['GET /subjects/:subject/versions', 'subject', 'read'],
  ['POST /subjects/:subject/versions', 'subject', 'write', 'register'],
  [`GET ${VERSION}`, 'subject', 'read'],
  [`DELETE ${VERSION}`, 'subject', 'delete', 'delete version'],
  [`GET ${VERSION}/schema`, 'subject', 'read'],
  [`GET ${VERSION}/referencedby`, 'subject', 'read'],
  [`POST ${VERSION}/tags`, 'subject', 'write', 'change tags'],
  ['POST /compatibility/subjects/:subject/versions', 'subject', 'read'],
  ['POST /compatibility/subjects/:subject/versions/:version', 'subject', 'read'],
  ['GET /config', 'scope', 'read'],
  ['PUT /config', 'scope', 'config', 'change config'],
  ['DELETE /config', 'scope', 'config', 'delete config'],
  ['GET /config/:subject', 'scope', 'read'],
  ['PUT /config/:subject', 'scope', 'config', 'change config'],
  ['DELETE /config/:subject', 'scope', 'config', 'delete config'],
  ['GET /mode', 'scope', 'read'],
  ['PUT /mode', 'scope', 'mode', 'change mode'],
  ['DELETE /mode', 'scope', 'mode', 'delete mode'],
  ['GET /mode/:subject', 'scope', 'read'],
  ['PUT /mode/:subject', 'scope', 'mode', 'change mode'],
  ['DELETE /mode/:subject', 'scope', 'mode', 'delete mode'],
  ['GET /admin/loggers', 'global', 'admin'],
  ['GET /admin/loggers/:logger', 'global', 'admin'],
  ['PUT /admin/loggers/:logger', 'global', 'admin', 'change log level'],
];

export const REQUIREMENTS: ReadonlyMap<string, Requirement> = new Map(
  LINES.map(([route, on, operation = null, action = null]) => [route, { on, operation, action }]),
);

const UNLISTED: Requirement = { on: 'global', operation: 'admin', action: null };

/** By route as the router names it, found once. */
const known = new Map<string, Requirement>();

/** Below a context a route needs the same as outside. */
export const requirementOf = ({ method, routeOptions }: FastifyRequest): Requirement =>
  requirementFor(method, routeOptions.url ?? '');

export function requirementFor(method: string, url: string): Requirement {
  const route = `${method === 'HEAD' ? 'GET' : method} ${url}`;
  let requirement = known.get(route);
  if (requirement === undefined) {
    requirement = REQUIREMENTS.get(route.replace(/ \/contexts\/:context(?=\/)/, ' ')) ?? UNLISTED;
    known.set(route, requirement);
  }
  return requirement;
}
