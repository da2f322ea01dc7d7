/** A worker among others: configurations, states and offsets in Kafka, the work shared out by the group (connect.md §2). */
import type { KafkaClients } from './clients';
import { connectorChecks } from './connector-checks';
import type { Herder } from './herder';
import {
  Core,
  createInternalRequests,
  fenceZombies,
  GroupMembership,
  hostEnvironment,
  type InternalRequests,
  Leadership,
  NO_LOG_LEVELS,
  observeWorker,
  openClients,
  type SendRequest,
  WorkerHerder,
  type WorkerOptions,
  watchOf,
} from './herding';
import type { KafkaWatch } from './kafka-watch';
import { openOffsetStore } from './offset-storage';
import type { Operations } from './operations';
import { kafkaHistoryLog } from './operations/history-log';
import type { ExactlyOnceSupport } from './source-offsets';
import { type ConfigEvent, createKafkaConfigStore, createKafkaStatusStore, storageTopic } from './storage';
import { createSessionKey, signRequest, verifySignature } from './storage/session-key';

export interface DistributedOptions extends WorkerOptions {
  /** To other workers. */
  readonly request: SendRequest;
  /** The worker cannot go on: another process has its place, or Kafka refuses it. */
  onFatal(error: Error): void;
}

export interface DistributedWorker extends Herder {
  readonly operations: Operations;
  /** Where others reach the REST API; before `start`. */
  advertise(url: string, workerId: string): void;
  /** Resolves once the topics are read and the group has given this worker its part. */
  start(signal?: AbortSignal): Promise<void>;
  /** Ends tasks within `task.shutdown.graceful.timeout.ms`, leaves the group, then ends connections. */
  stop(): Promise<void>;
}

/** Throws ConfigError when converters are not known or a topic is not named. */
export async function createDistributed(options: DistributedOptions): Promise<DistributedWorker> {
  const clients = await openClients(options);
  return new Distributed(buildParts(options, clients, await openOffsets(options, clients)));
}

type Offsets = NonNullable<Awaited<ReturnType<typeof openOffsetStore>>>;

async function openOffsets({ worker, logger }: DistributedOptions, clients: KafkaClients): Promise<Offsets> {
  storageTopic(worker.raw, 'offset');
  const isolation = isExactlyOnce(worker) ? 'read_committed' : 'read_uncommitted';
  return (await openOffsetStore(worker, clients.kafka, logger, isolation))!;
}

const isExactlyOnce = ({ config }: DistributedOptions['worker']): boolean =>
  config.string('exactly.once.source.support') === 'enabled';

interface DistributedParts {
  readonly options: DistributedOptions;
  readonly core: Core;
  readonly clients: KafkaClients;
  readonly watch: KafkaWatch;
  readonly offsets: Offsets;
  readonly leadership: Leadership;
  readonly address: Address;
}

/** Known once REST listens. */
interface Address {
  url: string;
  workerId: string;
}

function buildParts(options: DistributedOptions, clients: KafkaClients, offsets: Offsets): DistributedParts {
  const { worker, catalog, logger, metrics } = options;
  const { config, raw } = worker;
  const groupId = config.string('group.id');
  const address: Address = { url: '', workerId: '' };
  const fatal = (error: Error): void => options.onFatal(error);
  const configs = createKafkaConfigStore(
    clients.kafka,
    {
      ...storageTopic(raw, 'config'),
      isolation: 'read_committed',
      // The id that leaders of JVM clusters use for the same purpose.
      ...(isExactlyOnce(worker) ? { writerId: `connect-cluster-${groupId}` } : {}),
      onFailure: fatal,
    },
    logger,
  );
  const statuses = createKafkaStatusStore(
    clients.kafka,
    { ...storageTopic(raw, 'status'), onFailure: fatal },
    logger,
  );
  const leadership = new Leadership({
    configs,
    logger,
    keyTtlMs: config.number('inter.worker.key.ttl.ms'),
    isLeader: () => membership.isLeader,
    createKey: () => createSessionKey(config.optionalNumber('inter.worker.key.size') ?? undefined),
  });
  const membership = new GroupMembership({
    kafka: clients.kafka,
    config,
    configs,
    logger,
    metrics,
    url: () => address.url,
    onRound: () => leadership.update(),
    onFatal: fatal,
  });
  const internal = createInternalRequests(options.request, (body) => {
    const { sessionKey } = configs.state;
    return sessionKey === null ? null : signRequest(sessionKey, body);
  });
  const exactlyOnce: ExactlyOnceSupport | null = isExactlyOnce(worker)
    ? {
        groupId,
        offsetsTopic: config.string('offset.storage.topic'),
        stillOwner: async (id) => {
          await configs.readToEnd();
          return core.owns(id);
        },
      }
    : null;
  const environment = {
    ...hostEnvironment(options, clients, offsets, null),
    ownOffsetTopics: true,
    exactlyOnce,
  };
  const core: Core = new Core({
    environment,
    catalog,
    configs,
    statuses,
    offsets,
    membership,
    logger,
    workerId: () => address.workerId,
    sendTasks: (url, name, tasks) => internal.putTasks(url, name, tasks),
    admitTask: async ({ plugin, connector }) => {
      if (exactlyOnce !== null && plugin.kind === 'source') await admit(core, internal, groupId, connector);
    },
    onEvent: (event) => onEvent(core, options, event),
  });
  observeWorker(core, metrics);
  return { options, core, clients, watch: watchOf(options, clients), offsets, leadership, address };
}

/** Zombies of the connector are fenced before a task of the new set opens. */
async function admit(core: Core, internal: InternalRequests, groupId: string, name: string): Promise<void> {
  const { membership, configs } = core;
  if (!configs.state.fencingDue(name)) return;
  if (membership.isLeader) return fenceZombies(core, groupId, name);
  await internal.fence(() => membership.leaderUrl, name, core.leaving);
  await configs.readToEnd();
}

function onEvent(core: Core, { logLevels, logger }: DistributedOptions, event: ConfigEvent): void {
  if (event.kind === 'restart') void core.carryOutRestart(event.request);
  if (event.kind !== 'logger') return;
  try {
    logLevels?.set(event.namespace, event.level);
  } catch (err) {
    logger.warn({ err }, `The level of ${event.namespace} was not set`);
  }
}

class Distributed extends WorkerHerder implements DistributedWorker {
  readonly #parts: DistributedParts;
  #stopping: Promise<void> | null = null;

  constructor(parts: DistributedParts) {
    const { options, core, watch } = parts;
    const { config } = options.worker;
    super({
      core,
      watch,
      metrics: options.metrics,
      ...connectorChecks(core.parts.environment, config.string('group.id')),
      settled: async () => {},
      verify: (signature) =>
        verifySignature(
          signature,
          core.configs.state.sessionKey,
          config.list('inter.worker.verification.algorithms'),
        ),
      fence: (name) => fenceZombies(core, config.string('group.id'), name),
      history: kafkaHistoryLog(parts.clients.kafka, storageTopic(options.worker.raw, 'config')),
      logLevels: options.logLevels ?? NO_LOG_LEVELS,
      beside: options.beside ?? (() => []),
    });
    this.#parts = parts;
  }

  advertise(url: string, workerId: string): void {
    Object.assign(this.#parts.address, { url, workerId });
  }

  start(signal?: AbortSignal): Promise<void> {
    return this.begin(signal);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { core, watch, clients, offsets, leadership } = this.#parts;
    // Without Kafka, tasks that wait for their offsets would wait on for all of the time they have.
    if (watch.clusterId === null) await offsets.close();
    watch.close();
    leadership.stop();
    await core.stop();
    await this.operations.history.stop();
    await clients.close(offsets.close());
  }
}
