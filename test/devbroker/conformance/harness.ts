/** Runs every scenario against Apache Kafka and against the dev broker: the same expectations hold for both. */

import { freePort } from '../../../scripts/stack/ports.cjs';
import type { DevBroker } from '../../../src/devbroker';
import { createLanes, type Lane, type Lanes } from '../../../src/kafka/lane';
import { Code } from '../../../src/kafka/wire/codes';
import { createTopicsRequest } from '../../../src/kafka/wire/create-topics';
import { deleteTopicsRequest } from '../../../src/kafka/wire/delete-topics';
import { findCoordinatorRequest } from '../../../src/kafka/wire/find-coordinator';
import { initProducerIdRequest } from '../../../src/kafka/wire/init-producer-id';
import { LATEST, listOffsetsRequest } from '../../../src/kafka/wire/list-offsets';
import { offsetFetchRequest } from '../../../src/kafka/wire/offset-fetch';
import { SILENT } from '../../../src/kernel';
import { type Service, stackAddresses, startPrivateKafka, uniqueName } from '../../support/stack';
import { waitFor } from '../../support/wait';

export interface Target {
  /** For the few expectations that must name a difference allowed by the protocol (waits, numbers of internal topics). */
  readonly kind: 'kafka' | 'dev broker';
  readonly address: string;
  /** A connection of its own, closed at the end of the file. Requests on one are answered in order, one at a time. */
  connect(purpose?: string): Lane;
  /** A topic of its own with a leader, deleted at the end of the file. */
  topic(options?: { partitions?: number; configs?: Record<string, string> }): Promise<string>;
  /** A name that nobody else has. */
  name(prefix?: string): string;
}

/** `CONFORMANCE=kafka` or `dev` runs one side alone. */
const sides = { kafka: 'kafka', dev: 'dev broker' } as const;
const wanted = process.env.CONFORMANCE as keyof typeof sides | undefined;

export interface ConformanceOptions {
  /** Users and passwords, the first one is who asks: SASL PLAIN is required. Kafka is a private broker then, and takes seconds to start. */
  readonly users?: Readonly<Record<string, string>>;
}

/** @param define calls `scenario` for each case; the target may be used from within scenarios only */
export function conformance(
  area: string,
  define: (target: Target) => void,
  options: ConformanceOptions = {},
): void {
  for (const side of wanted === undefined ? (['kafka', 'dev'] as const) : [wanted]) {
    describe(`${area}, ${sides[side]}`, () => {
      const target = new LiveTarget(sides[side], options);
      beforeAll(() => target.start(), START_MS);
      afterAll(() => target.stop());
      define(target);
    });
  }
}

/** One case of the suite. The name is a literal: docs/dev-broker.md lists all of them from the sources. */
export const scenario = (name: string, run: () => Promise<void>, timeoutMs?: number): void =>
  void it(name, run, timeoutMs);

const START_MS = 60_000;

/** Loaded when it is tested: what Kafka answers can be looked at without it. */
const devBroker = () => require('../../../src/devbroker') as typeof import('../../../src/devbroker');

/** Of the topics that Kafka keeps groups and transactions in, each. */
const COORDINATOR_PARTITIONS = 50;
const NOT_THERE_YET: readonly number[] = [
  Code.COORDINATOR_LOAD_IN_PROGRESS,
  Code.COORDINATOR_NOT_AVAILABLE,
  Code.NOT_COORDINATOR,
  Code.CONCURRENT_TRANSACTIONS,
];

/** A fresh Kafka makes its coordinators when they are asked for, and loads them one by one. */
async function coordinatorsOf(lane: Lane): Promise<void> {
  const isThere = ({ error }: { error: number }) => !NOT_THERE_YET.includes(error);
  const what = { what: 'coordinators', timeoutMs: START_MS };
  for (const kind of ['group', 'transaction'] as const)
    await waitFor(async () => isThere(await lane.send('any', findCoordinatorRequest(kind, 'any'))), what);
  for (let partition = 0; partition < COORDINATOR_PARTITIONS; partition++) {
    const name = nameIn(partition);
    const init = initProducerIdRequest(name, 60_000);
    await waitFor(async () => isThere(await lane.send('any', offsetFetchRequest(name, null))), what);
    await waitFor(async () => isThere(await lane.send('any', init)), what);
  }
}

/** The same for every run: what it leaves behind does not grow. */
function nameIn(partition: number): string {
  for (let n = 0; ; n++) {
    const name = `conformance-${n}`;
    let hash = 0;
    for (const char of name) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) | 0;
    if ((hash & 0x7fffffff) % COORDINATOR_PARTITIONS === partition) return name;
  }
}

class LiveTarget implements Target {
  #broker: DevBroker | null = null;
  #privateKafka: Service | null = null;
  #lanes: Lanes | null = null;
  #admin: Lane | null = null;
  #address: string | null = null;
  readonly #topics: string[] = [];

  constructor(
    readonly kind: Target['kind'],
    readonly options: ConformanceOptions,
  ) {}

  get address(): string {
    if (this.#address === null) throw new Error('the target is used outside of a scenario');
    return this.#address;
  }

  async start(): Promise<void> {
    const { users } = this.options;
    this.#address = this.kind === 'dev broker' ? await this.#startDevBroker() : await this.#findKafka();
    const [user] = Object.entries(users ?? {});
    const sasl = user && { mechanism: 'plain' as const, username: user[0], password: user[1] };
    this.#lanes = createLanes(
      { brokers: [this.address], clientId: 'conformance', ...(sasl && { sasl }) },
      SILENT,
    );
    this.#admin = this.connect('admin');
    if (this.kind === 'kafka') await coordinatorsOf(this.#admin);
  }

  async #startDevBroker(): Promise<string> {
    const { users } = this.options;
    this.#broker = await devBroker().startDevBroker(users === undefined ? {} : { users });
    return this.#broker.addresses[0]!;
  }

  async #findKafka(): Promise<string> {
    const { users } = this.options;
    if (users === undefined) return (await stackAddresses()).kafka;
    const login = `127.0.0.1:${await freePort()}`;
    this.#privateKafka = await startPrivateKafka({ overrides: saslSettings(login, users) });
    return login;
  }

  async stop(): Promise<void> {
    if (this.#topics.length > 0) await this.#admin?.send('any', deleteTopicsRequest(this.#topics, 10_000));
    await this.#lanes?.close();
    await this.#broker?.close();
    await this.#privateKafka?.remove();
  }

  connect(purpose = 'test'): Lane {
    return this.#lanes!.open(purpose);
  }

  name(prefix = 'conformance'): string {
    return uniqueName(prefix);
  }

  async topic({ partitions = 1, configs = {} } = {}): Promise<string> {
    const topic = this.name();
    const request = createTopicsRequest([{ topic, partitions, replicationFactor: 1, configs }], 10_000);
    const [created] = (await this.#admin!.send('any', request)).topics;
    if (created?.error !== 0) throw new Error(`${topic}: error ${created?.error} ${created?.message}`);
    this.#topics.push(topic);
    await waitFor(() => this.#isServed(topic, partitions), { what: `leaders of ${topic}` });
    return topic;
  }

  /** Metadata names a leader some time before that leader serves the partition. */
  async #isServed(topic: string, partitions: number): Promise<boolean> {
    const numbers = Array.from({ length: partitions }, (_, partition) => partition);
    const request = listOffsetsRequest(new Map([[topic, numbers]]), LATEST, 'read_uncommitted');
    const { topics } = await this.#admin!.send('any', request);
    return topics[0]!.partitions.every(({ error }) => error === 0);
  }
}

/** A listener with SASL PLAIN beside the plain one, which the broker itself needs. */
function saslSettings(login: string, users: Readonly<Record<string, string>>): Record<string, string> {
  const listeners = `PLAINTEXT://127.0.0.1:{port},LOGIN://${login}`;
  const known = Object.entries(users).map(([user, password]) => `user_${user}="${password}"`);
  return {
    listeners: `${listeners},CONTROLLER://127.0.0.1:{controllerPort}`,
    'advertised.listeners': listeners,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_PLAINTEXT',
    'listener.name.login.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.login.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${known.join(' ')};`,
  };
}
