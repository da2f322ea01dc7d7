/** What roles may do, when logins have roles: look, operate what is there, change it. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError, principalOf } from '../http';

export const NEEDS = ['read', 'operate', 'admin'] as const;
export type Need = (typeof NEEDS)[number];

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `read` for GET and HEAD, `admin` for other verbs unless given. */
    needs?: Need;
  }
}

/** Roles by what they may do; who may do more may do less. `*` is everybody. */
export type Roles = Readonly<Record<Need, readonly string[]>>;

export function requireRoles(
  api: FastifyInstance,
  roles: Roles,
  isExempt: (request: FastifyRequest) => boolean,
): void {
  api.addHook('onRequest', (request, _reply, done) => {
    const need = needOf(request);
    if (isExempt(request) || isAllowed(roles, need, principalOf(request).roles)) return done();
    done(
      new HttpError(
        403,
        `${principalOf(request).name} may not do this: it takes a role of authorization.${need}.roles.`,
      ),
    );
  });
}

function needOf({ method, routeOptions }: FastifyRequest): Need {
  const { needs } = routeOptions.config;
  return needs ?? (['GET', 'HEAD', 'OPTIONS'].includes(method) ? 'read' : 'admin');
}

export const isAllowed = (roles: Roles, need: Need, own: readonly string[]): boolean =>
  NEEDS.slice(NEEDS.indexOf(need)).some((each) =>
    roles[each].some((role) => role === '*' || own.includes(role)),
  );
