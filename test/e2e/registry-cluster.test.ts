/**
 * Three registries as processes under load: the primary killed, put to sleep, stopped, the broker cut off. No id is used
 * twice, no schema that a client was told of is missing, and the gap until the next accepted write is printed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type DevBroker, startDevBroker } from '../../src/devbroker';
import { createKafka, type KafkaPort } from '../../src/kafka';
import { SILENT } from '../../src/kernel';
import { sendRequest } from '../support/http';
import { killAllProcesses } from '../support/process';
import { stackAddresses, uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';
import { createRegistry, type RegistryProcess } from './registry';
import { contradictions, type Load, longestGap, recordsOf, startLoad } from './registry-load';

jest.setTimeout(180_000);

/** The session of a member of the group. */
const SESSION_MS = 10_000;

interface Cluster {
  readonly kafka: KafkaPort;
  readonly topic: string;
  readonly nodes: readonly RegistryProcess[];
}

const clusters: Cluster[] = [];
const brokers: DevBroker[] = [];

async function startCluster(broker: string): Promise<Cluster> {
  const topic = uniqueName('schemas');
  const kafka = createKafka({ brokers: [broker], clientId: 'test' }, { logger: SILENT });
  const nodes = await Promise.all(
    Array.from({ length: 3 }, () => createRegistry(broker, topic, { 'schema.compatibility.level': 'none' })),
  );
  const cluster = { kafka, topic, nodes };
  clusters.push(cluster);
  for (const node of nodes) await node.start();
  await waitFor(async () => {
    const roles = await Promise.all(nodes.map(async (node) => (await standingOf(node)).role));
    return roles.sort().join() === 'following,following,primary';
  });
  return cluster;
}

const standingOf = async ({ url }: RegistryProcess) =>
  (await sendRequest(`${url}/health`)).json<{ role: string; primary: string | null }>();

async function primaryOf({ nodes }: Cluster): Promise<RegistryProcess> {
  const { primary } = await standingOf(nodes[0]!);
  return nodes.find(({ url }) => url === primary)!;
}

const untilRole = (node: RegistryProcess, role: string, timeoutMs = 30_000) =>
  waitFor(async () => (await standingOf(node)).role === role, {
    timeoutMs,
    what: `${node.url} to be ${role}`,
  });

afterEach(async () => {
  for (const { kafka, topic, nodes } of clusters.splice(0)) {
    for (const node of nodes) node.signal('SIGCONT');
    await Promise.all(nodes.map((node) => node.stop()));
    await kafka.admin.deleteTopics([topic]);
    await kafka.admin.deleteGroups([`schema-registry-${topic}`]).catch(() => undefined);
    await kafka.close();
  }
  await Promise.all(brokers.splice(0).map((broker) => broker.close()));
});
afterAll(killAllProcesses);

const running = (cluster: Cluster) =>
  startLoad(
    cluster.nodes.map(({ url }) => url),
    { clients: 8, patienceMs: 2000 },
  );

const accepts = (load: Load, count = 50) => {
  const enough = load.accepted.length + count;
  return waitFor(() => load.accepted.length >= enough, { timeoutMs: 60_000, what: 'accepted writes' });
};

/** All that was told is there, nothing contradicts it, and every node says the same. */
async function checkAll({ kafka, topic, nodes }: Cluster, load: Load): Promise<void> {
  await load.stop();
  expect(contradictions(await recordsOf(kafka, topic), load.accepted)).toEqual([]);
  const states = () =>
    Promise.all(nodes.map(async ({ url }) => (await sendRequest(`${url}/schemas?limit=-1`)).text));
  await waitFor(async () => new Set(await states()).size === 1, { what: 'all nodes to say the same' });
}

/** Prints the gap since `began` and answers it. */
async function report(what: string, { kafka, topic }: Cluster, load: Load, began: number): Promise<number> {
  const gap = longestGap(await recordsOf(kafka, topic), began, Date.now());
  const failures = [...load.failures].map(([code, count]) => `${count} × ${code}`).join(', ') || 'none';
  process.stdout.write(
    `${what}: ${gap} ms without a write; ${load.accepted.length} accepted, failed tries: ${failures}\n`,
  );
  return gap;
}

describe('on Kafka', () => {
  let broker: string;
  beforeAll(async () => {
    broker = (await stackAddresses()).kafka;
  });

  test('kill -9 of the primary, and its return', async () => {
    const cluster = await startCluster(broker);
    const load = running(cluster);
    await accepts(load);
    const primary = await primaryOf(cluster);
    const began = Date.now();
    await primary.kill();
    await accepts(load, 200);
    const gap = await report('kill -9 of the primary', cluster, load, began);
    expect(gap).toBeLessThan(SESSION_MS + 5000);
    await primary.start();
    await untilRole(primary, 'following');
    await accepts(load);
    await checkAll(cluster, load);
  });

  test('kill -9 of the primary that a supervisor starts again at once', async () => {
    const cluster = await startCluster(broker);
    const load = running(cluster);
    await accepts(load);
    const primary = await primaryOf(cluster);
    const began = Date.now();
    await primary.kill();
    await primary.start();
    await accepts(load, 200);
    const gap = await report('kill -9 and restart of the primary', cluster, load, began);
    expect(gap).toBeLessThan(SESSION_MS);
    await checkAll(cluster, load);
  });

  test('SIGTERM of the primary hands over within two seconds', async () => {
    const cluster = await startCluster(broker);
    const load = running(cluster);
    await accepts(load);
    const primary = await primaryOf(cluster);
    const began = Date.now();
    primary.signal('SIGTERM');
    await waitFor(
      async () => (await primaryOf({ ...cluster, nodes: others(cluster, primary) })) !== undefined,
    );
    await accepts(load, 200);
    expect(await report('SIGTERM of the primary', cluster, load, began)).toBeLessThan(3000);
    await primary.start();
    await checkAll(cluster, load);
  });

  test('the primary sleeps beyond its session and wakes up in the middle of its writes', async () => {
    const cluster = await startCluster(broker);
    const load = running(cluster);
    await accepts(load);
    const primary = await primaryOf(cluster);
    const began = Date.now();
    primary.signal('SIGSTOP');
    const [witness] = others(cluster, primary);
    await waitFor(async () => (await standingOf(witness!)).primary !== primary.url, {
      timeoutMs: SESSION_MS + 10_000,
      what: 'another primary',
    });
    await accepts(load, 100);
    const gap = await report('SIGSTOP of the primary', cluster, load, began);
    expect(gap).toBeLessThan(SESSION_MS + 5000);
    primary.signal('SIGCONT');
    await untilRole(primary, 'following');
    await accepts(load, 100);
    await checkAll(cluster, load);
  });
});

const others = ({ nodes }: Cluster, one: RegistryProcess) => nodes.filter((node) => node !== one);

describe('on a broker that fails', () => {
  let broker: DevBroker;
  beforeEach(async () => {
    broker = await startDevBroker();
    brokers.push(broker);
  });

  test('it does not answer for a while, and later for longer than a session', async () => {
    const cluster = await startCluster(broker.addresses[0]!);
    const load = running(cluster);
    await accepts(load);
    for (const ms of [3000, SESSION_MS + 3000]) {
      const began = Date.now();
      broker.pause();
      await sleep(ms);
      broker.resume();
      await accepts(load, 100);
      const gap = await report(`broker away for ${ms} ms`, cluster, load, began);
      expect(gap).toBeLessThan(ms + SESSION_MS + 5000);
    }
    await checkAll(cluster, load);
  });

  test('connections end before and after writes, and errors say that it is not clear what was written', async () => {
    const cluster = await startCluster(broker.addresses[0]!);
    const load = running(cluster);
    await accepts(load);
    const began = Date.now();
    broker.faults.add({ api: 'Produce', drop: 'before', skip: 5, times: 10 });
    broker.faults.add({ api: 'Produce', drop: 'after', skip: 10, times: 10 });
    broker.faults.add({ api: 'Produce', error: 'REQUEST_TIMED_OUT', applied: true, skip: 20, times: 10 });
    broker.faults.add({ api: 'Heartbeat', error: 'REBALANCE_IN_PROGRESS', skip: 3, times: 5 });
    broker.faults.add({ api: 'Heartbeat', error: 'UNKNOWN_MEMBER_ID', skip: 10, times: 3 });
    broker.faults.add({ api: 'InitProducerId', error: 'COORDINATOR_NOT_AVAILABLE', times: 2 });
    await waitFor(() => broker.faults.list().length === 0, {
      timeoutMs: 60_000,
      what: 'all faults to strike',
    });
    await accepts(load, 100);
    await report('broker with faults', cluster, load, began);
    await checkAll(cluster, load);
  });
});
