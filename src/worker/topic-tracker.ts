/** Notes the topics a connector really used (KIP-558), by looking at the batches that pass. */
import type { BatchProducer, BatchReader, KafkaPort } from '../kafka/port';

export interface UsedTopics {
  add(topic: string): unknown;
}

export function trackProducer(producer: BatchProducer, used: UsedTopics): BatchProducer {
  return {
    send(topic, partition, batch) {
      used.add(topic);
      return producer.send(topic, partition, batch);
    },
    ready: () => producer.ready(),
    flush: () => producer.flush(),
    close: () => producer.close(),
    transaction: producer.transaction,
    fencing: producer.fencing,
  };
}

/** The same port; its readers note the topics of what they hand out. */
export function trackReaders(kafka: KafkaPort, used: UsedTopics): KafkaPort {
  return new Proxy(kafka, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name === 'reader')
        return (...args: Parameters<KafkaPort['reader']>) => trackReader(target.reader(...args), used);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

const trackReader = (reader: BatchReader, used: UsedTopics): BatchReader => ({
  assign: (positions) => reader.assign(positions),
  unassign: (partitions) => reader.unassign(partitions),
  seek: (position) => reader.seek(position),
  pause: (partitions) => reader.pause(partitions),
  resume: (partitions) => reader.resume(partitions),
  async next(waitMs, signal) {
    const batches = await reader.next(waitMs, signal);
    for (const { topic } of batches) used.add(topic);
    return batches;
  },
  position: (partition) => reader.position(partition),
  end: (partition) => reader.end(partition),
  close: () => reader.close(),
});
