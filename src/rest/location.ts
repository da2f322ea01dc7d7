import type { FastifyRequest } from 'fastify';

/** What a path segment may hold as it is. A JVM worker also leaves `/` and `%41`, which then lead nowhere. */
const PLAIN = /%(?:3A|40|24|26|2B|2C|3B|3D)/g;

/** Where the client reached this worker; empty when it does not say. */
export const baseOf = ({ host, protocol }: FastifyRequest): string =>
  host === '' ? '' : `${protocol}://${host}`;

/** Absolute, by the name under which the client reached this worker. */
export function locationOf(request: FastifyRequest, connector: string): string {
  return `${baseOf(request)}/connectors/${encodeURIComponent(connector).replace(PLAIN, decodeURIComponent)}`;
}
