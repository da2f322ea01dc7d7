/** Who asks for a change, for the history of configurations. */
import type { FastifyRequest } from 'fastify';
import { principalOf } from '../http';
import type { Author, Origin } from '../worker';
import { queryValue } from './requests';

export function authorOf(request: FastifyRequest): Author {
  const { name, by } = principalOf(request);
  const isForwarded = queryValue(request.query, 'forward') !== null;
  const claimed = request.headers['x-forwarded-for'];
  return {
    name: by === 'nothing' ? 'anonymous' : name,
    by,
    from: request.ip,
    forwardedFor: isForwarded && typeof claimed === 'string' ? claimed : null,
  };
}

export const originOf = (request: FastifyRequest): Origin => ({ author: authorOf(request) });
