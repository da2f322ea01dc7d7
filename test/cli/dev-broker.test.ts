import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { freePort } from '../../scripts/stack/ports.cjs';
import { killAllProcesses, startMillrace } from '../support/process';

const dir = mkdtempSync(path.join(tmpdir(), 'dev-broker-'));
afterEach(() => killAllProcesses());
afterAll(() => rmSync(dir, { recursive: true }));

const start = (...args: string[]) => startMillrace(['dev-broker', ...args]);

async function addressesOf(running: ReturnType<typeof start>): Promise<string[]> {
  const [, list] = await running.waitForOutput(
    /Dev broker at (\S+): for trying and tests, never for production/,
  );
  return list!.split(',');
}

async function topicsAt(brokers: string[], create?: string, sasl?: { username: string; password: string }) {
  const login = sasl && { sasl: { mechanism: 'plain' as const, ...sasl } };
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 1 }, ...login });
  const admin = kafka.admin();
  await admin.connect();
  try {
    if (create !== undefined) await admin.createTopics({ topics: [{ topic: create }] });
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

describe('millrace dev-broker', () => {
  test('serves until a signal, in memory unless told otherwise, and says what it is', async () => {
    const running = start('--port', '0');
    const brokers = await addressesOf(running);
    expect(await topicsAt(brokers, 'made')).toContain('made');
    expect(running.stdout()).toContain('Everything is in memory, and gone at the end');
    running.signal('SIGINT');
    expect(await running.exited).toEqual({ code: 0, signal: null });
  });

  test('keeps topics in a folder, even after a kill -9, and the folder to itself', async () => {
    const data = path.join(dir, 'kept');
    const port = String(await freePort());
    const first = start('--port', port, '--data', data);
    const brokers = await addressesOf(first);
    expect(brokers).toEqual([`127.0.0.1:${port}`]);
    await topicsAt(brokers, 'kept');
    const other = start('--port', '0', '--data', data);
    expect((await other.exited).code).toBe(5);
    expect(other.stderr()).toContain(`Process ${first.pid} uses the data folder ${data}`);
    await first.kill();
    const second = start('--port', port, '--data', data);
    expect(await topicsAt(await addressesOf(second))).toContain('kept');
    expect((await second.stop()).code).toBe(0);
  });

  test('shows several nodes, and its addresses as JSON', async () => {
    const running = start('--port', '0', '--nodes', '3', '--control-port', '0', '--json');
    const [line] = await running.waitForOutput(/^\{.*\}$/m);
    const { addresses, controlUrl } = JSON.parse(line) as { addresses: string[]; controlUrl: string };
    expect(new Set(addresses).size).toBe(3);
    expect(controlUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const admin = new Kafka({ brokers: addresses, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    expect((await admin.describeCluster()).brokers).toHaveLength(3);
    await admin.disconnect();
    expect(running.stdout().trim()).toBe(line);
  });

  test('wants the users of a file, or of the command line, to log in', async () => {
    const users = path.join(dir, 'users');
    writeFileSync(users, 'ada:one:two\n');
    chmodSync(users, 0o600);
    const running = start('--port', '0', '--users', users, '--user', 'bob:three');
    const brokers = await addressesOf(running);
    await topicsAt(brokers, 'secret', { username: 'ada', password: 'one:two' });
    expect(await topicsAt(brokers, undefined, { username: 'bob', password: 'three' })).toContain('secret');
    await expect(topicsAt(brokers, undefined, { username: 'bob', password: 'wrong' })).rejects.toThrow();
    await expect(topicsAt(brokers)).rejects.toThrow();
    expect(running.stdout() + running.stderr()).not.toMatch(/one:two|three/);
  });

  test('takes broker configs by their names', async () => {
    const running = start('--port', '0', '--config', 'num.partitions=3');
    const brokers = await addressesOf(running);
    const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'wide', numPartitions: -1 }] });
    const { topics } = await admin.fetchTopicMetadata({ topics: ['wide'] });
    await admin.disconnect();
    expect(topics[0]!.partitions).toHaveLength(3);
  });

  test('names a port that is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const running = start('--port', String(port));
    expect((await running.exited).code).toBe(5);
    expect(running.stderr()).toContain(`Port ${port} of 127.0.0.1 is taken`);
    await new Promise((resolve) => server.close(resolve));
  });

  test.each([
    [['--user', 'nobody'], '--user wants name:value'],
    [['--config', 'num.partitions'], '--config wants name=value'],
    [['--max-bytes', 'much'], '--max-bytes much is no size'],
    [['--users', path.join(dir, 'none')], 'no such file or directory'],
  ])('%j is a mistake of configuration', async (args, message) => {
    const running = start('--port', '0', ...args);
    expect((await running.exited).code).toBe(78);
    expect(running.stderr()).toContain(message);
  });
});
