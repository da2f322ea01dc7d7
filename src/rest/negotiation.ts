import type { FastifyInstance } from 'fastify';
import { statusError } from '../http';

/** 406 for who does not take JSON. */
export function requireJsonAccepted(api: FastifyInstance): void {
  api.addHook('onRequest', (request, _reply, done) => {
    const { accept } = request.headers;
    done(accept === undefined || takesJson(accept) ? undefined : statusError(406));
  });
}

export const takesJson = (accept: string): boolean =>
  accept.trim() === '' ||
  accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    return (
      ['application/json', 'application/*', '*/*', '*'].includes(type) &&
      !parameters.some((parameter) => /^q\s*=\s*0(\.0*)?$/.test(parameter))
    );
  });
