/** Runs every scenario against Apache Kafka and against the dev broker: the same expectations hold for both. */

import type { DevBroker } from '../../../src/devbroker';
import { createLanes, type Lane, type Lanes } from '../../../src/kafka/lane';
import { createTopicsRequest } from '../../../src/kafka/wire/create-topics';
import { deleteTopicsRequest } from '../../../src/kafka/wire/delete-topics';
import { LATEST, listOffsetsRequest } from '../../../src/kafka/wire/list-offsets';
import { SILENT } from '../../../src/kernel';
import { stackAddresses, uniqueName } from '../../support/stack';
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

/** @param define calls `scenario` for each case; the target may be used from within scenarios only */
export function conformance(area: string, define: (target: Target) => void): void {
  for (const side of wanted === undefined ? (['kafka', 'dev'] as const) : [wanted]) {
    describe(`${area}, ${sides[side]}`, () => {
      const target = new LiveTarget(sides[side]);
      beforeAll(() => target.start());
      afterAll(() => target.stop());
      define(target);
    });
  }
}

/** One case of the suite. The name is a literal: docs/dev-broker.md lists all of them from the sources. */
export const scenario = (name: string, run: () => Promise<void>, timeoutMs?: number): void =>
  void it(name, run, timeoutMs);

/** Loaded when it is tested: what Kafka answers can be looked at without it. */
const devBroker = () => require('../../../src/devbroker') as typeof import('../../../src/devbroker');

class LiveTarget implements Target {
  #broker: DevBroker | null = null;
  #lanes: Lanes | null = null;
  #admin: Lane | null = null;
  #address: string | null = null;
  readonly #topics: string[] = [];

  constructor(readonly kind: Target['kind']) {}

  get address(): string {
    if (this.#address === null) throw new Error('the target is used outside of a scenario');
    return this.#address;
  }

  async start(): Promise<void> {
    if (this.kind === 'kafka') this.#address = (await stackAddresses()).kafka;
    else {
      this.#broker = await devBroker().startDevBroker();
      this.#address = this.#broker.addresses[0]!;
    }
    this.#lanes = createLanes({ brokers: [this.address], clientId: 'conformance' }, SILENT);
    this.#admin = this.connect('admin');
  }

  async stop(): Promise<void> {
    if (this.#topics.length > 0) await this.#admin?.send('any', deleteTopicsRequest(this.#topics, 10_000));
    await this.#lanes?.close();
    await this.#broker?.close();
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
