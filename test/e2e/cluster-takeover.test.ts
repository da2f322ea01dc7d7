/**
 * A cluster's topics change hands: what a JVM worker wrote is continued by ours, and back.
 *
 * With JVM workers only where CONNECT_JVM_CLASSPATH is a class path of Kafka Connect 4.1 with connect-runtime and
 * connect-file (`folder/*`), and a `java` is there. Otherwise records that one has written are replayed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../../scripts/stack/ports.cjs';
import { createRecordBatchBuilder } from '../../src/kafka/wire/record-batch';
import { type Cluster, createCluster, statusesOf } from '../support/cluster';
import { sendRequest } from '../support/http';
import { killAllProcesses, type RunningProcess, startProcess } from '../support/process';
import { stackAddresses } from '../support/stack';
import { waitFor } from '../support/wait';
import { recordsOf, valuesOf } from './support';

jest.setTimeout(240_000);

let brokers: string;
let cluster: Cluster;

beforeAll(async () => {
  brokers = (await stackAddresses()).kafka;
});

beforeEach(async () => {
  cluster = await createCluster(1, { brokers, keys: { 'offset.storage.partitions': 25 } });
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
  await killAllProcesses();
});

/** [partition, offset, key, value] */
type GoldenRecord = readonly [number, number, string, string | null];

const golden = (topic: string): GoldenRecord[] =>
  JSON.parse(readFileSync(path.join(__dirname, `../golden/connect/topics/${topic}.json`), 'utf8')).records;

async function replay(
  topic: string,
  partitions: number,
  records: readonly GoldenRecord[],
  change: (text: string) => string,
): Promise<void> {
  const configs = { 'cleanup.policy': 'compact' };
  await cluster.kafka.admin.createTopic({ topic, partitions, replicationFactor: 1, configs });
  const producer = cluster.kafka.producer();
  for (const [partition, , key, value] of records) {
    const builder = createRecordBatchBuilder();
    builder.append(
      Date.now(),
      Buffer.from(change(key)),
      value === null ? null : Buffer.from(change(value)),
      [],
    );
    await producer.send(topic, partition, builder.build('none'));
  }
  await producer.close();
}

test('recorded topics of a JVM worker are continued', async () => {
  const input = path.join(cluster.dir, 'second.txt');
  const [data, own] = [cluster.topic(), cluster.topic()];
  await writeFile(input, 'first\nsecond ä 😀\nthird\n');
  const change = (text: string): string =>
    text
      .replaceAll('/srv/pipeline/second.txt', input)
      .replaceAll('oracle-own-offsets', own)
      .replaceAll('oracle-data', data);
  const { configs, offsets, status } = cluster.topics;
  await replay(configs, 1, golden('configs'), change);
  await replay(offsets, 25, golden('offsets'), change);
  await replay(status, 5, golden('status'), change);
  const worker = cluster.workers[0]!;
  await worker.start();
  expect(await worker.get('/connectors')).toEqual(['file-source', 'paused']);
  expect(await worker.get('/connectors/file-source/config')).toEqual({
    name: 'file-source',
    'connector.class': 'FileStreamSource',
    'tasks.max': '1',
    file: input,
    topic: data,
    'offsets.storage.topic': own,
  });
  // The position that the JVM worker stored is behind the first line.
  await waitFor(async () => (await valuesOf(cluster.kafka, data)).length >= 2, { timeoutMs: 20_000 });
  expect((await valuesOf(cluster.kafka, data)).map(String)).toEqual(['second ä 😀', 'third']);
  const statuses = await statusesOf(worker);
  const states = ({
    connector,
    tasks,
  }: {
    connector: { state: string };
    tasks: readonly { state: string }[];
  }) => [connector, ...tasks].map(({ state }) => state);
  expect([...statuses].map(([name, each]) => [name, ...states(each)])).toEqual([
    ['file-source', 'RUNNING', 'RUNNING'],
    ['paused', 'PAUSED'],
  ]);
  expect((await worker.send('PUT', '/connectors/file-source/stop')).status).toBe(204);
  const written = (await recordsOf(cluster.kafka, configs)).slice(-2);
  expect(written.map(({ key, value }) => [String(key), String(value)])).toEqual([
    ['commit-file-source', '{"tasks":0}'],
    ['target-state-file-source', '{"state":"PAUSED","state.v2":"STOPPED"}'],
  ]);
});

const classPath = process.env.CONNECT_JVM_CLASSPATH;
const withJvm = classPath === undefined ? test.skip : test;

withJvm('a JVM worker, ours, and the JVM worker again: every line once', async () => {
  const [input, output] = [path.join(cluster.dir, 'in.txt'), path.join(cluster.dir, 'out.txt')];
  const topic = cluster.topic();
  await writeFile(input, '');
  const jvm = await startJvm();
  for (const [name, config] of Object.entries({
    reads: { 'connector.class': 'FileStreamSource', file: input, topic },
    writes: { 'connector.class': 'FileStreamSink', file: output, topics: topic },
    waits: { 'connector.class': 'FileStreamSource', file: `${input}.none`, topic },
  })) {
    const reply = await ask(jvm.url, 'POST', '/connectors', { name, config });
    expect([name, reply.status, reply.text]).toEqual([name, 201, expect.any(String)]);
  }
  expect((await ask(jvm.url, 'PUT', '/connectors/waits/stop')).status).toBe(204);
  const wanted: string[] = [];
  const goesOn = async (lines: number): Promise<void> => {
    // Letters of one byte: the JVM's connector counts characters, and skips as many bytes when it starts again.
    const more = Array.from({ length: lines }, (_, i) => `line ${wanted.length + i}`);
    wanted.push(...more);
    await appendFile(input, more.map((line) => `${line}\n`).join(''));
    await waitFor(async () => (await written()).length >= wanted.length, {
      timeoutMs: 60_000,
      intervalMs: 100,
      what: `${wanted.length} lines`,
    });
    expect(await written()).toEqual(wanted);
  };
  const written = async (): Promise<string[]> =>
    existsSync(output) ? (await readFile(output, 'utf8')).split('\n').slice(0, -1) : [];

  await goesOn(100);
  expect((await jvm.process.stop(30_000)).code).toBe(143);
  const worker = cluster.workers[0]!;
  await worker.start();
  await goesOn(100);
  expect(await worker.get('/connectors')).toEqual(['reads', 'waits', 'writes']);
  expect(
    (await worker.get<{ connector: { state: string } }>('/connectors/waits/status')).connector.state,
  ).toBe('STOPPED');
  expect((await worker.send('PUT', '/connectors/waits/resume')).status).toBe(202);
  expect((await worker.send('PUT', '/connectors/waits/pause')).status).toBe(202);
  expect((await worker.stop()).code).toBe(0);

  const again = await startJvm();
  await goesOn(100);
  expect((await ask(again.url, 'GET', '/connectors')).json<string[]>().sort()).toEqual([
    'reads',
    'waits',
    'writes',
  ]);
  await waitFor(async () =>
    (await ask(again.url, 'GET', '/connectors/waits/status')).text.includes('"PAUSED"'),
  );
  expect((await valuesOf(cluster.kafka, topic)).map(String)).toEqual(wanted);
  expect(again.process.stdout()).not.toMatch(
    /\] (ERROR|WARN) .*(KafkaConfigBackingStore|KafkaStatusBackingStore|OffsetUtils)/,
  );
  expect((await again.process.stop(30_000)).code).toBe(143);
});

const ask = (url: string, method: string, route: string, body?: unknown) =>
  waitFor(async () => {
    const reply = await sendRequest(url + route, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    return reply.status === 409 ? null : reply;
  });

/** `connect-distributed` on the topics of the cluster, as its start script would run it. */
async function startJvm(): Promise<{ readonly url: string; readonly process: RunningProcess }> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const { configs, offsets, status } = cluster.topics;
  const keys = {
    'bootstrap.servers': brokers,
    'group.id': cluster.groupId,
    'config.storage.topic': configs,
    'offset.storage.topic': offsets,
    'status.storage.topic': status,
    'config.storage.replication.factor': 1,
    'offset.storage.replication.factor': 1,
    'status.storage.replication.factor': 1,
    'status.storage.partitions': 2,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
    listeners: url,
    'rest.advertised.host.name': '127.0.0.1',
    'offset.flush.interval.ms': 500,
  };
  const file = path.join(cluster.dir, 'jvm.properties');
  await writeFile(
    file,
    Object.entries(keys)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  const running = startProcess('java', [
    ...['-Xms64M', '-Xmx256M', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', classPath!],
    ...['org.apache.kafka.connect.cli.ConnectDistributed', file],
  ]);
  const ready = async (): Promise<boolean> =>
    running.hasExited() || (await sendRequest(`${url}/health`)).status === 200;
  await waitFor(ready, { timeoutMs: 90_000, intervalMs: 200, what: 'the JVM worker' });
  if (running.hasExited()) throw new Error(`the JVM worker ended: ${running.stdout()}${running.stderr()}`);
  return { url, process: running };
}
