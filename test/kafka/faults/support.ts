/** A broker that can be made to fail, and clients of the port at it. */
import { type DevBroker, type DevBrokerOptions, startDevBroker } from '../../../src/devbroker';
import type { BatchProducer, BatchReader, GroupMember, GroupOptions, KafkaPort } from '../../../src/kafka';
import { openTestKafka, type TestKafka } from '../../support/kafka';
import { encodeTexts, readToEnd, valuesOf } from '../data-plane';

export interface Breakable extends AsyncDisposable {
  readonly broker: DevBroker;
  readonly stack: TestKafka;
  readonly kafka: KafkaPort;
  /** Sends one batch per text. */
  send(producer: BatchProducer, topic: string, texts: readonly string[]): Promise<unknown>;
  /** All there is to read in partition 0 for readers under read_committed. */
  values(topic: string): Promise<(string | null)[]>;
}

export async function openBreakable(options: DevBrokerOptions = {}): Promise<Breakable> {
  const broker = await startDevBroker(options);
  const stack = await openTestKafka(broker.addresses);
  const { kafka } = stack;
  return {
    broker,
    stack,
    kafka,
    send: (producer, topic, texts) =>
      Promise.all(texts.map((value) => producer.send(topic, 0, encodeTexts([value])))),
    values: (topic) => readValues(kafka.reader({ isolation: 'read_committed' }), topic),
    async [Symbol.asyncDispose]() {
      broker.faults.clear();
      broker.resume();
      await stack[Symbol.asyncDispose]();
      await broker.close();
    },
  };
}

async function readValues(reader: BatchReader, topic: string): Promise<(string | null)[]> {
  reader.assign([{ topic, partition: 0, offset: 0 }]);
  const records = await readToEnd(reader, { topic, partition: 0 });
  await reader.close();
  return valuesOf(records);
}

export interface Watched {
  readonly member: GroupMember;
  /** `assigned` and the reasons of revocations, in order. */
  readonly events: string[];
  readonly fatal: Error | null;
}

/** A member of a group of type `test` that notes what happens to it; it has started. */
export function watchedMember(
  kafka: KafkaPort,
  groupId: string,
  options: Partial<GroupOptions> = {},
): Watched {
  const events: string[] = [];
  let fatal: Error | null = null;
  const member = kafka.group({
    groupId,
    protocolType: 'test',
    heartbeatMs: 50,
    protocols: () => [{ name: 'p', metadata: Buffer.from('m') }],
    assign: async (_protocol, peers) => new Map(peers.map(({ memberId }) => [memberId, Buffer.from('a')])),
    onAssigned: () => void events.push('assigned'),
    onRevoked: (reason) => void events.push(reason),
    onFatal: (error) => {
      fatal = error;
    },
    ...options,
  });
  member.start();
  return {
    member,
    events,
    get fatal() {
      return fatal;
    },
  };
}

export const isAssigned = ({ events }: Watched): boolean => events.at(-1) === 'assigned';
