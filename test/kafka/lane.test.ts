import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { checkKafkaJs } from '../../src/kafka/kafkajs';
import { type ApiRequest, createLanes, type Lane, type Lanes, parseAddress } from '../../src/kafka/lane';
import { createMetadata } from '../../src/kafka/metadata';
import { apiVersionsRequest } from '../../src/kafka/wire/api-versions';
import { metadataRequest } from '../../src/kafka/wire/metadata';
import { type Logger, SILENT } from '../../src/kernel';
import { type FakeBroker, startFakeBroker } from '../support/fake-broker';
import { stackAddresses, uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';

let kafka: string;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  kafka = (await stackAddresses()).kafka;
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

function open(
  brokers: string[] = [kafka],
  options: { requestTimeoutMs?: number; logger?: Logger } = {},
): Lanes {
  const { logger = SILENT, ...rest } = options;
  const lanes = createLanes({ brokers, clientId: 'test', ...rest }, logger);
  opened.push(lanes);
  return lanes;
}

async function fakeBroker(...args: Parameters<typeof startFakeBroker>): Promise<FakeBroker> {
  const broker = await startFakeBroker(...args);
  opened.push(broker);
  return broker;
}

const ask = (lane: Lane) => lane.send('any', apiVersionsRequest());

/** A request whose body is a number that a fake broker sends back. */
const echo = (value: number, options: Partial<ApiRequest<number>> = {}): ApiRequest<number> => ({
  apiKey: 999,
  apiVersion: 0,
  apiName: 'Echo',
  encode: (writer) => void writer.int32(value),
  decode: (reader) => reader.int32(),
  ...options,
});

/** A lane whose broker 1 is the fake one. */
function laneTo(broker: FakeBroker, options: { requestTimeoutMs?: number } = {}): Lane {
  const lanes = open([broker.address], options);
  const { host, port } = parseAddress(broker.address);
  lanes.directory.learn(1, host, port);
  return lanes.open('echo');
}

test('kafkajs has the shapes this room stands on', () => {
  expect(() => checkKafkaJs(require('kafkajs/src/network/connection'))).not.toThrow();
  class Changed {
    connect() {}
  }
  expect(() => checkKafkaJs(Changed as never)).toThrow(/not the version.*processData.*requestQueue\.push/);
});

test('sends to whichever broker answers, and learns where the others are', async () => {
  const lanes = open(['127.0.0.1:1', kafka]);
  const lane = lanes.open('any');
  const { apis } = await ask(lane);
  expect(apis.find((api) => api.apiKey === 3)!.max).toBeGreaterThanOrEqual(6);
  await createMetadata(lane, lanes.directory).clusterId();
  const nodeId = (await lane.send('any', metadataRequest([], false))).brokers[0]!.nodeId;
  expect((await lane.send(nodeId, apiVersionsRequest())).error).toBe(0);
});

test('says which addresses do not answer', async () => {
  const failure = ask(open(['127.0.0.1:1', '127.0.0.1:2']).open('any'));
  await expect(failure).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE', retriable: true });
  await expect(failure).rejects.toThrow(/at 127\.0\.0\.1:1 .*ECONNREFUSED/);
  await expect(failure).rejects.toThrow(/at 127\.0\.0\.1:2 .*ECONNREFUSED/);
});

test('requests made while connecting share one connection and keep their order', async () => {
  const broker = await fakeBroker();
  const lane = laneTo(broker);
  const values = Array.from({ length: 100 }, (_, i) => i);
  const answers = await Promise.all(values.map((value) => lane.send(1, echo(value))));
  expect(answers).toEqual(values);
  expect(broker.received.map((request) => request.body.readInt32BE(0))).toEqual(values);
  expect(broker.connections).toBe(1);
});

test('connects again, once, after the broker has closed the connection', async () => {
  const broker = await fakeBroker();
  const lane = laneTo(broker);
  await lane.send(1, echo(1));
  broker.dropConnections();
  await waitFor(async () => (await lane.send(1, echo(2))) === 2);
  await Promise.all([3, 4, 5].map((value) => lane.send(1, echo(value))));
  expect(broker.connections).toBe(2);
});

test('a lost connection rejects what is pending as retriable', async () => {
  const broker = await fakeBroker(() => null);
  const pending = laneTo(broker).send(1, echo(1));
  await waitFor(() => broker.received.length === 1);
  broker.dropConnections();
  await expect(pending).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE', retriable: true });
});

test('a broker that does not answer costs the time-out, then the connection', async () => {
  const broker = await fakeBroker((request) => (request.body.readInt32BE(0) === 1 ? null : request.body));
  const lane = laneTo(broker, { requestTimeoutMs: 100 });
  const slow = lane.send(1, echo(1));
  const behind = lane.send(1, echo(2, { timeoutMs: 60_000 }));
  await expect(slow).rejects.toThrow('did not answer Echo within 100 ms');
  expect(await behind).toBe(2);
  expect(await lane.send(1, echo(3))).toBe(3);
  expect(broker.connections).toBe(2);
});

test('closing ends pending and later requests at once, for good', async () => {
  const broker = await fakeBroker(() => null);
  const lane = laneTo(broker);
  const pending = lane.send(1, echo(1));
  await waitFor(() => broker.received.length === 1);
  const queued = laneTo(broker).send(1, echo(2));
  await lane.close();
  await expect(pending).rejects.toMatchObject({ retriable: false });
  await expect(lane.send(1, echo(3))).rejects.toMatchObject({ retriable: false });
  await Promise.all(opened.splice(0).map((each) => each.close()));
  await expect(queued).rejects.toMatchObject({ retriable: false });
});

test('a throttled lane holds back what comes later', async () => {
  const broker = await fakeBroker();
  const lane = laneTo(broker);
  const throttling: ApiRequest<{ throttleMs: number }> = {
    ...echo(0),
    decode: () => ({ throttleMs: 300 }),
  } as never;
  await lane.send(1, throttling);
  const start = performance.now();
  expect(await Promise.all([lane.send(1, echo(1)), lane.send(1, echo(2))])).toEqual([1, 2]);
  expect(performance.now() - start).toBeGreaterThan(290);
});

test('requests without an answer resolve when written', async () => {
  const broker = await fakeBroker(() => null);
  await laneTo(broker).send(1, echo(7, { expectResponse: false }));
  await waitFor(() => broker.received.length === 1);
});

test('answers of any size, cut anywhere, come whole', async () => {
  const large = Buffer.alloc(3_000_000, 7);
  const broker = await fakeBroker((request) =>
    Buffer.concat([request.body, large.subarray(0, request.body.readInt32BE(0))]),
  );
  const lane = laneTo(broker);
  const sizes = [0, 1, 65_000, 3_000_000, 10, 131_072, 2_999_999];
  const whole = sizes.map((size) =>
    lane.send(
      1,
      echo(size, { decode: (reader) => reader.int32() * 0 + reader.raw(reader.remaining).length }),
    ),
  );
  expect(await Promise.all(whole)).toEqual(sizes);
});

test('an answer that cannot be read is an error that names the request', async () => {
  const broker = await fakeBroker();
  const tooLong = echo(1, { decode: (reader) => reader.int32() + reader.int32() });
  await expect(laneTo(broker).send(1, tooLong)).rejects.toThrow(/to Echo v0 cannot be read/);
});

test('what does not speak Kafka is said to', async () => {
  const server = net.createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push({ close: async () => void server.close() });
  const { port } = server.address() as net.AddressInfo;
  const failure = ask(open([`127.0.0.1:${port}`]).open('any'));
  await expect(failure).rejects.toMatchObject({ hint: expect.stringContaining('security.protocol') });
});

test('an outage is logged once, and its end', async () => {
  const lines: string[] = [];
  const logger: Logger = {
    ...SILENT,
    warn: (_, message) => lines.push(message),
    info: (_, message) => lines.push(message),
  };
  const broker = await fakeBroker();
  const { port } = parseAddress(broker.address);
  await broker.close();
  const lane = open([broker.address], { logger }).open('any');
  for (let i = 0; i < 3; i++) await expect(ask(lane)).rejects.toThrow();
  const again = await fakeBroker((request) => request.body, port);
  await lane.send('any', echo(1));
  expect(lines).toEqual(['Kafka broker not reachable, trying on', 'Kafka broker reachable again']);
  await again.close();
});

test('an idle lane uses no processor time', async () => {
  await ask(open().open('idle'));
  await delay(100);
  const before = process.cpuUsage();
  await delay(500);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(100);
});

test.each([
  ['kafka:9092', { host: 'kafka', port: 9092 }],
  ['SASL_SSL://kafka.example:9093', { host: 'kafka.example', port: 9093 }],
  ['[::1]:9092', { host: '::1', port: 9092 }],
])('address %s', (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

test.each(['kafka', 'kafka:', ':9092', 'kafka:99999', 'a b:9092', uniqueName('x')])(
  'no address: %s',
  (text) => {
    expect(() => parseAddress(text)).toThrow(/is not the address of a broker/);
  },
);
