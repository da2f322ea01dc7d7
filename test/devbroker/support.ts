/** A dev broker of one's own, and what tests that break it do with it. */
import { type DevBroker, type DevBrokerOptions, startDevBroker } from '../../src/devbroker';
import { createLanes, type Lane, type Lanes } from '../../src/kafka/lane';
import { SILENT } from '../../src/kernel';
import { uniqueName } from '../support/stack';
import { Client } from './conformance/client';
import { RawConnection } from './conformance/raw-connection';

export interface TestBroker extends AsyncDisposable {
  readonly broker: DevBroker;
  readonly client: Client;
  /** A connection of its own. */
  connect(clientId?: string): Lane;
  /** To a node, 1 unless given; ended with the broker at the latest. */
  raw(node?: number): Promise<RawConnection>;
  /** Creates one. */
  topic(partitions?: number): string;
}

export async function openDevBroker(options: DevBrokerOptions = {}): Promise<TestBroker> {
  const broker = await startDevBroker(options);
  const lanes: Lanes[] = [];
  const connect = (clientId = 'test') => {
    const opened = createLanes({ brokers: [broker.addresses[0]!], clientId }, SILENT);
    lanes.push(opened);
    return opened.open('test');
  };
  const target = {
    kind: 'dev broker' as const,
    address: broker.addresses[0]!,
    connect,
    topic: async () => createTopic(broker, 1),
    name: (prefix = 'test') => uniqueName(prefix),
  };
  return {
    broker,
    client: new Client(target),
    connect,
    raw: (node = 1) => RawConnection.open(broker.addresses[node - 1]!),
    topic: (partitions = 1) => createTopic(broker, partitions),
    async [Symbol.asyncDispose]() {
      await Promise.all(lanes.map((each) => each.close()));
      await broker.close();
    },
  };
}

function createTopic({ topics }: DevBroker, partitions: number): string {
  const name = uniqueName('topic');
  topics.create({ name, partitions });
  return name;
}
