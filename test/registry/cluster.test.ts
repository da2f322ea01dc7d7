/** Several registries on one topic of a real broker, in this process. */
import { createKafka, type KafkaPort } from '../../src/kafka';
import { SILENT } from '../../src/kernel';
import { type RegistryOptions, type RunningRegistry, startRegistry } from '../../src/registry';
import { sendRequest } from '../support/http';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { stackAddresses, uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';

let brokers: string;
let kafka: TestKafka;
let topic: string;
const registries: RunningRegistry[] = [];
const clients: KafkaPort[] = [];

beforeAll(async () => {
  brokers = (await stackAddresses()).kafka;
  kafka = await openTestKafka();
});
beforeEach(() => {
  topic = kafka.topicName();
});
afterEach(async () => {
  await Promise.all(registries.splice(0).map((registry) => registry.close()));
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await kafka.kafka.admin.deleteGroups([`schema-registry-${topic}`]);
});
afterAll(() => kafka[Symbol.asyncDispose]());

interface Settings extends Partial<RegistryOptions> {
  /** Around the port of this node alone. */
  readonly wrap?: (port: KafkaPort) => KafkaPort;
}

async function start({ wrap = (port) => port, ...options }: Settings = {}): Promise<RunningRegistry> {
  const client = createKafka({ brokers: [brokers], clientId: 'registry' }, { logger: SILENT });
  clients.push(client);
  const registry = await startRegistry({
    kafka: wrap(client),
    listener: 'http://127.0.0.1:0',
    topic,
    logger: SILENT,
    node: {},
    compatibilityLevel: 'NONE',
    ...options,
  });
  registries.push(registry);
  await registry.ready;
  return registry;
}

interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the route answers
  readonly body: any;
}

async function call({ url }: RunningRegistry, method: string, path: string, body?: object): Promise<Reply> {
  const reply = await sendRequest(url + path, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: reply.status, body: reply.text === '' ? null : reply.json() };
}

const register = (registry: RunningRegistry, subject: string, schema: object) =>
  call(registry, 'POST', `/subjects/${subject}/versions`, { schema: JSON.stringify(schema) });

const roleOf = async (registry: RunningRegistry): Promise<string> =>
  (await call(registry, 'GET', '/health')).body.role;

const untilRole = (registry: RunningRegistry, role: string) =>
  waitFor(async () => (await roleOf(registry)) === role, { what: `${registry.url} to be ${role}` });

const record = (name: string) => ({ type: 'record', name, fields: [] });

/** Ids by the schemas that the topic gives them, whatever a registry makes of it. */
async function idsInTopic(): Promise<Map<number, Set<string>>> {
  const ids = new Map<number, Set<string>>();
  const log = kafka.kafka.compactedLog({
    topic,
    partitions: 1,
    apply({ value }) {
      const { id, schema } = JSON.parse(value?.toString() ?? '{}') as { id?: number; schema: string };
      if (id !== undefined) ids.set(id, (ids.get(id) ?? new Set()).add(schema));
    },
  });
  await log.start();
  await log.stop();
  return ids;
}

test('one writes, the others forward, and a client reads at once what it wrote anywhere', async () => {
  const first = await start();
  await untilRole(first, 'primary');
  const others = [await start(), await start()];
  for (const other of others) await untilRole(other, 'following');
  const nodes = [first, ...others];
  for (const [i, node] of nodes.entries()) {
    const subject = `s${i}`;
    expect(await register(node, subject, record(`R${i}`))).toMatchObject({
      status: 200,
      body: { id: i + 1 },
    });
    expect(await call(node, 'GET', `/subjects/${subject}/versions`)).toMatchObject({ body: [1] });
    await call(node, 'PUT', `/config/${subject}`, { compatibility: 'FULL' });
    expect(await call(node, 'GET', `/config/${subject}`)).toMatchObject({
      body: { compatibilityLevel: 'FULL' },
    });
  }
  const [, follower] = nodes as [RunningRegistry, RunningRegistry];
  // Errors are the primary's, too.
  expect(await call(follower, 'DELETE', '/subjects/none')).toMatchObject({
    status: 404,
    body: { error_code: 40401 },
  });
  expect(await call(follower, 'DELETE', '/subjects/s0')).toEqual({ status: 200, body: [1] });
  expect(await call(follower, 'GET', '/subjects')).toEqual({ status: 200, body: ['s1', 's2'] });
  for (const node of nodes) {
    expect(await call(node, 'GET', '/master_available')).toEqual({
      status: 200,
      body: { master_available: true },
    });
    expect((await call(node, 'GET', '/health')).body).toEqual({
      healthy: true,
      role: node === first ? 'primary' : 'following',
      primary: first.url,
    });
  }
});

test('a follower answers by itself what needs no write', async () => {
  const first = await start();
  const follower = await start();
  await register(first, 's', record('R'));
  await waitFor(async () => (await call(follower, 'GET', '/subjects')).body.length === 1);
  await first.close();
  const again = await register(follower, 's', record('R'));
  expect(again).toMatchObject({ status: 200, body: { id: 1, version: 1 } });
});

test('when the primary leaves, the next one takes over within two seconds and no write fails at a follower', async () => {
  const first = await start();
  await untilRole(first, 'primary');
  const follower = await start();
  await untilRole(follower, 'following');
  await register(follower, 's', record('R0'));
  const began = Date.now();
  const closing = first.close();
  const replies: Reply[] = [];
  for (let i = 1; i <= 20; i++) replies.push(await register(follower, 's', record(`R${i}`)));
  expect(replies.map(({ status, body }) => [status, body.id])).toEqual(replies.map((_, i) => [200, i + 2]));
  await closing;
  await untilRole(follower, 'primary');
  expect(Date.now() - began).toBeLessThan(5000);
});

/** Holds the next write of a node, as if it slept between deciding on an id and sending it. */
function holdable() {
  let release = () => {};
  let held: (() => void) | null = null;
  const state = {
    armed: false,
    /** Resolves when a write is held. */
    holding: new Promise<void>((resolve) => (held = resolve)),
    release: () => release(),
    wrap: (port: KafkaPort): KafkaPort => ({
      ...port,
      compactedLog(options) {
        const log = port.compactedLog(options);
        return {
          start: (signal) => log.start(signal),
          readToEnd: () => log.readToEnd(),
          takeOver: () => log.takeOver(),
          stop: () => log.stop(),
          async write(records) {
            if (state.armed) {
              state.armed = false;
              const released = new Promise<void>((resolve) => (release = resolve));
              held!();
              await released;
            }
            return log.write(records);
          },
        };
      },
    }),
  };
  return state;
}

test('a primary that slept while another took over cannot write: no id is given twice', async () => {
  const sleeper = holdable();
  const old = await start({ wrap: sleeper.wrap });
  await untilRole(old, 'primary');
  const next = await start();
  await untilRole(next, 'following');
  await register(old, 's', record('Before'));
  sleeper.armed = true;
  const late = register(old, 'late', record('Late'));
  await sleeper.holding;
  const closing = old.close();
  await untilRole(next, 'primary');
  expect(await register(next, 'next', record('Next'))).toMatchObject({ status: 200, body: { id: 2 } });
  sleeper.release();
  expect(await late).toMatchObject({ status: 500, body: { error_code: 50004 } });
  await closing;
  const ids = await idsInTopic();
  expect([...ids.keys()]).toEqual([1, 2]);
  for (const schemas of ids.values()) expect(schemas.size).toBe(1);
  // The client asks again.
  expect(await register(next, 'late', record('Late'))).toMatchObject({ status: 200, body: { id: 3 } });
});

test('a write that another primary has overtaken is done by that one, and its client learns nothing of it', async () => {
  const sleeper = holdable();
  const old = await start({ wrap: sleeper.wrap });
  await untilRole(old, 'primary');
  await register(old, 's', record('Before'));
  sleeper.armed = true;
  const late = register(old, 'late', record('Late'));
  await sleeper.holding;
  // As a node does that the group has chosen meanwhile.
  const usurper = kafka.another().compactedLog({
    topic,
    partitions: 1,
    writerId: `schema-registry-${topic}`,
    apply() {},
  });
  await usurper.start();
  await usurper.takeOver();
  const value = '{"subject":"u","version":1,"id":2,"schema":"\\"bytes\\"","deleted":false}';
  const key = '{"keytype":"SCHEMA","subject":"u","version":1,"magic":1}';
  await usurper.write([{ key: Buffer.from(key), value: Buffer.from(value) }]);
  await usurper.stop();
  sleeper.release();
  expect(await late).toMatchObject({ status: 200, body: { id: 3 } });
  const ids = await idsInTopic();
  expect([...ids.values()].map((schemas) => schemas.size)).toEqual([1, 1, 1]);
});

test('a node that comes back under its URL is the primary at once, though its session had not ended', async () => {
  const address = { host: uniqueName('host') };
  const first = await start({ node: { address: { ...address, port: 8081 } } });
  await untilRole(first, 'primary');
  const follower = await start();
  await untilRole(follower, 'following');
  const began = Date.now();
  // The first process does not say goodbye; the second one takes its place.
  const second = await start({ node: { address: { ...address, port: 8081 } } });
  expect(await register(second, 's', record('R'))).toMatchObject({ status: 200 });
  expect(Date.now() - began).toBeLessThan(5000);
  // And the first, which was not dead after all, knows that it is out.
  await untilRole(first, 'vacant');
  expect(await register(first, 's', record('S'))).toMatchObject({ status: 500, body: { error_code: 50004 } });
  expect((await call(first, 'GET', '/master_available')).body).toEqual({ master_available: false });
});

test('nodes that are not eligible forward, and refuse writes when nobody else is there', async () => {
  const reader = await start({ node: { eligible: false } });
  await untilRole(reader, 'vacant');
  const refused = await register(reader, 's', record('R'));
  expect(refused).toMatchObject({ status: 500, body: { error_code: 50004 } });
  expect(await call(reader, 'GET', '/subjects')).toEqual({ status: 200, body: [] });
  const writer = await start();
  await untilRole(writer, 'primary');
  await untilRole(reader, 'following');
  expect(await register(reader, 's', record('R'))).toMatchObject({ status: 200 });
});

test('without stickiness the smallest URL takes over, with it the primary stays', async () => {
  const at = (host: string, sticky: boolean) => start({ node: { address: { host, port: 1 }, sticky } });
  const late = await at('b', true);
  await untilRole(late, 'primary');
  const early = await at('a', true);
  await untilRole(early, 'following');
  expect(await roleOf(late)).toBe('primary');
  await Promise.all(registries.splice(0).map((registry) => registry.close()));
  const lateAgain = await at('b', false);
  await untilRole(lateAgain, 'primary');
  const earlyAgain = await at('a', false);
  await untilRole(earlyAgain, 'primary');
  await untilRole(lateAgain, 'following');
});

test('is ready within a second, and writes right away', async () => {
  await kafka.kafka.admin.createTopic({ topic, partitions: 1, configs: { 'cleanup.policy': 'compact' } });
  const began = Date.now();
  const registry = await start();
  const ready = Date.now() - began;
  expect(await register(registry, 's', record('R'))).toMatchObject({ status: 200 });
  const written = Date.now() - began;
  process.stdout.write(`registry alone: ready after ${ready} ms, first write after ${written} ms\n`);
  expect(written).toBeLessThan(3000);
});
