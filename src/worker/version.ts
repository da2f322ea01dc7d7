import { version } from '../../package.json';

/**
 * What REST says of the worker. Clients gate features on Kafka's version (kcctl parses `int.int`), so the first part is
 * the Kafka Connect whose API this is; the commit names our own version.
 */
export const VERSION = { version: '4.1.1-millrace', commit: `millrace-${version}` } as const;
