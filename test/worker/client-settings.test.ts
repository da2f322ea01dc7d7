import { consumerSettings, producerSettings } from '../../src/worker/client-settings';

describe('client settings', () => {
  test('defaults are fast and safe', () => {
    expect(producerSettings({ 'bootstrap.servers': 'b:1' })).toMatchObject({
      connection: { 'bootstrap.servers': 'b:1' },
      options: { idempotent: true },
      compression: 'lz4',
      batchBytes: 262_144,
      lingerMs: 5,
      maxRecordBytes: 1_048_576,
    });
    expect(consumerSettings({})).toMatchObject({
      connection: { 'bootstrap.servers': 'localhost:9092' },
      autoOffsetReset: 'earliest',
      maxPollRecords: 5000,
      groupId: null,
    });
  });

  test('worker for all, worker for the kind, connector: the later wins', () => {
    const worker = {
      'bootstrap.servers': 'all:1',
      'security.protocol': 'SSL',
      'consumer.bootstrap.servers': 'consumers:1',
      'consumer.max.poll.records': '7',
      'producer.linger.ms': '1',
    };
    const consumer = consumerSettings(worker, {
      'consumer.override.max.poll.records': '9',
      'consumer.override.group.id': 'g',
    });
    expect(consumer.connection).toEqual({ 'bootstrap.servers': 'consumers:1', 'security.protocol': 'SSL' });
    expect(consumer).toMatchObject({ maxPollRecords: 9, groupId: 'g' });
    const producer = producerSettings(worker, { 'producer.override.batch.size': '2000000' });
    expect(producer.connection['bootstrap.servers']).toBe('all:1');
    // A batch must fit into a request.
    expect(producer).toMatchObject({ lingerMs: 1, batchBytes: 1_048_576 });
  });

  test('how a sink shares its partitions, and how long it may take to give them up', () => {
    const settings = consumerSettings(
      { 'consumer.max.poll.interval.ms': '7000' },
      {
        'consumer.override.partition.assignment.strategy':
          'org.apache.kafka.clients.consumer.RoundRobinAssignor, range',
        'consumer.override.session.timeout.ms': '6000',
      },
    );
    expect(settings).toMatchObject({
      rebalanceTimeoutMs: 7000,
      assignors: ['roundrobin', 'range'],
      sessionTimeoutMs: 6000,
    });
  });

  test('settings of other kinds of client, converters and the worker stay out of the connection', () => {
    const worker = { 'bootstrap.servers': 'b:1', 'group.id': 'cluster', 'producer.client.id': 'p' };
    expect(consumerSettings(worker)).toMatchObject({
      connection: { 'bootstrap.servers': 'b:1' },
      groupId: null,
    });
    expect(producerSettings(worker).connection).toEqual({ 'bootstrap.servers': 'b:1', 'client.id': 'p' });
  });

  test('acks=1 gives idempotence up, unless it is asked for', () => {
    expect(producerSettings({ 'producer.acks': '1' }).options).toMatchObject({ idempotent: false, acks: 1 });
    expect(() => producerSettings({ 'producer.acks': '1', 'producer.enable.idempotence': 'true' })).toThrow(
      'acks',
    );
  });
});
