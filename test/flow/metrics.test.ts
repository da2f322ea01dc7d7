import { runSinkTask, runSourceTask } from '../../src/flow';
import { createPrometheus, type Prometheus } from '../../src/http';
import type { KafkaPort } from '../../src/kafka';
import { DataError } from '../../src/kernel';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { waitFor } from '../support/wait';
import {
  countingSource,
  MemoryOffsets,
  NO_TOLERANCE,
  produce,
  sinkOf,
  sinkOptions,
  sourceOptions,
} from './support';

let bench: TestKafka;
let kafka: KafkaPort;
beforeAll(async () => {
  bench = await openTestKafka();
  kafka = bench.kafka;
});
afterAll(() => bench[Symbol.asyncDispose]());

/** Samples by name and labels: `name{a="b"}`. */
async function samples(prometheus: Prometheus): Promise<Map<string, number>> {
  const lines = (await prometheus.render())
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  );
}

const LABELS = '{connector="c",task="0"}';

/** Names of Connect's beans and attributes, as the JMX exporter writes them. */
const ALL_TASKS = [
  'connector_task_metrics_running_ratio',
  'connector_task_metrics_pause_ratio',
  'connector_task_metrics_batch_size_max',
  'connector_task_metrics_batch_size_avg',
  'connector_task_metrics_offset_commit_max_time_ms',
  'connector_task_metrics_offset_commit_avg_time_ms',
  'connector_task_metrics_offset_commit_failure_percentage',
  'connector_task_metrics_offset_commit_success_percentage',
  'task_error_metrics_total_record_failures',
  'task_error_metrics_total_record_errors',
  'task_error_metrics_total_records_skipped',
  'task_error_metrics_total_retries',
  'task_error_metrics_total_errors_logged',
  'task_error_metrics_last_error_timestamp',
];
const SOURCES = [
  'source_record_poll_rate',
  'source_record_poll_total',
  'source_record_write_rate',
  'source_record_write_total',
  'poll_batch_max_time_ms',
  'poll_batch_avg_time_ms',
  'source_record_active_count',
  'source_record_active_count_max',
  'source_record_active_count_avg',
  'transaction_size_min',
  'transaction_size_max',
  'transaction_size_avg',
].map((name) => `source_task_metrics_${name}`);
const SINKS = [
  ...[
    'sink_record_read_rate',
    'sink_record_read_total',
    'sink_record_send_rate',
    'sink_record_send_total',
    'partition_count',
    'offset_commit_seq_no',
    'offset_commit_completion_rate',
    'offset_commit_completion_total',
    'offset_commit_skip_rate',
    'offset_commit_skip_total',
    'put_batch_max_time_ms',
    'put_batch_avg_time_ms',
    'sink_record_active_count',
    'sink_record_active_count_max',
    'sink_record_active_count_avg',
    'sink_record_lag_max',
  ].map((name) => `sink_task_metrics_${name}`),
  'task_error_metrics_deadletterqueue_produce_requests',
  'task_error_metrics_deadletterqueue_produce_failures',
];

const missing = (found: ReadonlyMap<string, number>, names: readonly string[]): string[] =>
  names.filter((name) => !found.has(`kafka_connect_${name}${LABELS}`));

test('a source tells what it polled, wrote and committed; all of it goes when the worker lets it go', async () => {
  const topic = await bench.topic();
  const prometheus = createPrometheus({ processMetrics: false });
  const producer = kafka.producer({ idempotent: true });
  const handle = runSourceTask(
    sourceOptions(kafka, {
      plugin: countingSource(topic, 5000, 500),
      producer,
      offsets: new MemoryOffsets(),
      metrics: prometheus,
      flushIntervalMs: 20,
      once: false,
    }),
  );
  await waitFor(() => handle.progress.records === 5000);
  await waitFor(async () =>
    (await samples(prometheus)).get(`millrace_task_offset_commit_seconds_count${LABELS}`),
  );
  const found = await samples(prometheus);
  expect(missing(found, [...ALL_TASKS, ...SOURCES])).toEqual([]);
  const value = (name: string): number => found.get(`kafka_connect_${name}${LABELS}`)!;
  expect(value('source_task_metrics_source_record_poll_total')).toBe(5000);
  expect(value('source_task_metrics_source_record_write_total')).toBe(5000);
  expect(value('source_task_metrics_source_record_active_count')).toBe(0);
  expect(value('source_task_metrics_source_record_active_count_max')).toBeGreaterThanOrEqual(500);
  expect(value('source_task_metrics_source_record_write_rate')).toBeCloseTo(5000 / 30, 0);
  expect(value('connector_task_metrics_batch_size_avg')).toBe(500);
  expect(value('connector_task_metrics_offset_commit_success_percentage')).toBe(1);
  expect(value('connector_task_metrics_offset_commit_failure_percentage')).toBe(0);
  expect(value('connector_task_metrics_running_ratio')).toBeGreaterThan(0);
  expect(found.get(`millrace_task_end_to_end_latency_seconds_count${LABELS}`)).toBeGreaterThan(0);
  for (const stage of ['TASK_POLL', 'KEY_CONVERTER', 'VALUE_CONVERTER', 'KAFKA_PRODUCE', 'OFFSET_COMMIT']) {
    const key = `millrace_task_stage_seconds_total{connector="c",task="0",stage="${stage}"}`;
    expect(found.get(key)).toBeGreaterThan(0);
  }
  await handle.stop();
  expect([...(await samples(prometheus)).keys()]).toEqual([]);
  await producer.close();
});

test('a sink tells its lag in records and seconds, and what it put, failed and committed', async () => {
  const topic = await bench.topic();
  await produce(kafka, topic, ['1', '2', 'bad', '4']);
  const prometheus = createPrometheus({ processMetrics: false });
  let release = (): void => {};
  const blocked = new Promise<void>((resolve) => {
    release = resolve;
  });
  let puts = 0;
  const plugin = sinkOf(async (batch, report) => {
    if (batch.length > 0 && ++puts === 2) await blocked;
    for (const record of batch) if (record.value === 'bad') await report(record, new DataError('bad'));
  });
  const dead = bench.topicName();
  const handle = runSinkTask(
    sinkOptions(kafka, {
      plugin,
      topics: [topic],
      group: { groupId: bench.groupName(), instanceId: null },
      errors: {
        ...NO_TOLERANCE,
        tolerance: 'all',
        deadLetter: { topic: dead, replicationFactor: 1, contextHeaders: false },
      },
      metrics: prometheus,
      flushIntervalMs: 20,
      maxPollRecords: 1,
      once: null,
    }),
  );
  await waitFor(() => puts === 2);
  const behind = await samples(prometheus);
  const lag = (found: ReadonlyMap<string, number>, name: string) =>
    found.get(`kafka_connect_sink_task_metrics_${name}${LABELS}`);
  expect(lag(behind, 'sink_record_lag')).toBe(3);
  expect(lag(behind, 'sink_record_lag_max')).toBe(3);
  // `produce` writes timestamps of the year 1970.
  expect(lag(behind, 'sink_record_lag_seconds')).toBeGreaterThan(1e9);
  release();
  await waitFor(
    async () => lag(await samples(prometheus), 'sink_record_lag') === 0 && handle.progress.records === 4,
  );
  await waitFor(async () => lag(await samples(prometheus), 'offset_commit_completion_total')! >= 1);
  const found = await samples(prometheus);
  expect(missing(found, [...ALL_TASKS, ...SINKS])).toEqual([]);
  expect(lag(found, 'sink_record_lag_seconds')).toBe(0);
  expect(lag(found, 'sink_record_read_total')).toBe(4);
  expect(lag(found, 'sink_record_send_total')).toBe(4);
  expect(lag(found, 'partition_count')).toBe(1);
  const errors = (name: string) => found.get(`kafka_connect_task_error_metrics_${name}${LABELS}`);
  expect(errors('total_record_failures')).toBe(1);
  expect(errors('total_records_skipped')).toBe(1);
  expect(errors('deadletterqueue_produce_requests')).toBe(1);
  expect(errors('deadletterqueue_produce_failures')).toBe(0);
  expect(Date.now() - errors('last_error_timestamp')!).toBeLessThan(30_000);
  await handle.stop();
  expect([...(await samples(prometheus)).keys()]).toEqual([]);
});

test('a failed task stays to be seen until the worker lets it go', async () => {
  const prometheus = createPrometheus({ processMetrics: false });
  const topic = await bench.topic();
  await produce(kafka, topic, ['x']);
  const plugin = sinkOf(async () => {
    throw new Error('broken');
  });
  const group = { groupId: bench.groupName(), instanceId: null };
  const handle = runSinkTask(sinkOptions(kafka, { plugin, topics: [topic], group, metrics: prometheus }));
  await expect(handle.done).rejects.toThrow('broken');
  expect(
    missing(await samples(prometheus), [...ALL_TASKS, ...SINKS.filter((name) => name.startsWith('sink'))]),
  ).toEqual([]);
  await handle.stop();
  expect((await samples(prometheus)).size).toBe(0);
});
