/** Real Kafka, Postgres and Redis for tests: the shared ones of this clone, or private instances for tests that break them. */
import { randomBytes } from 'node:crypto';
import * as stack from '../../scripts/stack/index.cjs';

export type { PrivateOptions, Service } from '../../scripts/stack/index.cjs';

export interface StackAddresses {
  /** `host:port` */
  kafka: string;
  /** `postgres://user:password@host:port/database` of a superuser. */
  postgres: string;
  /** `redis://host:port`; null where there is no redis-server. */
  redis: string | null;
}

let addresses: Promise<StackAddresses> | undefined;

/** Addresses of the shared services: those of KAFKA_BROKERS, PG_URL and REDIS_URL, else the stack of this clone, brought up when it is not. */
export function stackAddresses(): Promise<StackAddresses> {
  addresses ??= findAddresses();
  return addresses;
}

async function findAddresses(): Promise<StackAddresses> {
  const found = { ...(await stack.status()) };
  const { kafka, postgres, redis } = found.kafka && found.postgres ? found : (await stack.up()).addresses;
  if (!kafka || !postgres) throw new Error('Kafka and Postgres are not up. Run: npm run stack -- up');
  return { kafka, postgres, redis };
}

export const startPrivateKafka = (options?: stack.PrivateOptions) => stack.startPrivate('kafka', options);
export const startPrivatePostgres = (options?: stack.PrivateOptions) =>
  stack.startPrivate('postgres', options);
export const startPrivateRedis = () => stack.startPrivate('redis');

/** A name for a topic, table, group or subject that no other test has: letters, digits and `_` only, so it needs no quotes in SQL. */
export function uniqueName(prefix: string): string {
  return `${prefix}_${randomBytes(5).toString('hex')}`;
}
