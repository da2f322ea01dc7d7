import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Redis from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { createStack } from '../../scripts/stack/index.cjs';
import { choosePort, freePort, isFree } from '../../scripts/stack/ports.cjs';
import { repositoryRoot, runProcess } from '../support/process';
import {
  type Service,
  stackAddresses,
  startPrivateKafka,
  startPrivatePostgres,
  startPrivateRedis,
} from '../support/stack';
import { waitFor } from '../support/wait';

const services: Service[] = [];
const keep = (service: Service) => {
  services.push(service);
  return service;
};
afterEach(() => Promise.all(services.splice(0).map((service) => service.remove())), 60_000);

describe('stack status', () => {
  it('prints one JSON line with the three addresses', async () => {
    const { kafka } = await stackAddresses();
    const { stdout, code } = await runProcess(process.execPath, ['scripts/stack.mjs', 'status', '--json']);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    const printed = JSON.parse(stdout) as Record<string, string | null>;
    expect(Object.keys(printed)).toEqual(['kafka', 'postgres', 'redis']);
    expect(printed['kafka']).toBe(kafka);
    expect(printed['postgres']).toMatch(/^postgres(ql)?:\/\/.+@[^/]+:\d+\/\w+/);
  }, 120_000);

  it('refuses a command that it does not know', async () => {
    const { code, stderr } = await runProcess(process.execPath, ['scripts/stack.mjs', 'stop', 'zookeeper']);
    expect(code).toBe(2);
    expect(stderr).toContain('usage: stack');
  });

  it('names the variable when the service it points at does not answer', async () => {
    const env = { KAFKA_BROKERS: `127.0.0.1:${await freePort()}` };
    const { code, stderr } = await runProcess(process.execPath, ['scripts/stack.mjs', 'up'], { env });
    expect(code).toBe(1);
    expect(stderr).toContain(`KAFKA_BROKERS is set to ${env.KAFKA_BROKERS}`);
  }, 120_000);
});

describe('a stack in a folder of its own', () => {
  const folders: string[] = [];
  const folder = () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'millrace-stack-'));
    chmodSync(dir, 0o755);
    folders.push(dir);
    return dir;
  };
  afterAll(() => {
    for (const dir of folders) rmSync(dir, { recursive: true });
  });

  it('is apart from that of the clone, and tells where its services are from', async () => {
    const dir = folder();
    const own = createStack({ dir, env: {}, tied: 'cleanly' });
    expect(await own.status()).toEqual({ kafka: null, postgres: null, redis: null });
    const { addresses, origins, started } = await own.up({ names: ['postgres'], system: [] });
    expect([origins, started]).toEqual([{ postgres: 'system' }, ['postgres']]);
    expect(addresses.postgres).not.toBe((await stackAddresses()).postgres);
    expect(readFileSync(path.join(dir, 'postgres/postgres.log'), 'utf8')).toContain('ready to accept');
    expect(await own.down()).toEqual(['postgres']);
    expect(await own.status()).toEqual({ kafka: null, postgres: null, redis: null });
  }, 60_000);

  const upAndDie = `const { createStack } = require(process.argv[1]);
    createStack({ dir: process.argv[2], env: {}, tied: 'cleanly' }).up({ names: ['postgres'], system: [] })
      .then(() => process.kill(process.pid, 'SIGKILL'));`;

  it('shuts its services down when the process that started them is killed', async () => {
    const dir = folder();
    const launcher = path.join(repositoryRoot, 'scripts/stack/index.cjs');
    const { signal } = await runProcess(process.execPath, ['-e', upAndDie, launcher, dir]);
    expect(signal).toBe('SIGKILL');
    const log = () => readFileSync(path.join(dir, 'postgres/postgres.log'), 'utf8');
    await waitFor(() => log().includes('database system is shut down'), { what: 'the end of Postgres' });
    expect(log()).toContain('received fast shutdown request');
  }, 60_000);

  it('keeps data away from the programs of another version', async () => {
    const dir = folder();
    mkdirSync(path.join(dir, 'postgres/data'), { recursive: true });
    writeFileSync(path.join(dir, 'postgres/data/PG_VERSION'), '9\n');
    const state = { data: path.join(dir, 'postgres/data'), password: 'x', port: await freePort() };
    writeFileSync(path.join(dir, 'postgres/state.json'), JSON.stringify(state));
    const start = createStack({ dir, env: {} }).up({ names: ['postgres'], system: [] });
    await expect(start).rejects.toThrow(
      /The data in .* is of PostgreSQL 9, the server in .* is of version \d+/,
    );
  });

  it('names the ways out where the npm package was asked for and the data is of another server', async () => {
    const dir = folder();
    mkdirSync(path.join(dir, 'postgres'));
    writeFileSync(
      path.join(dir, 'postgres/state.json'),
      JSON.stringify({ bin: '/usr/lib/postgresql/9/bin' }),
    );
    const start = createStack({ dir, env: {}, postgres: 'npm' }).up({ names: ['postgres'], system: [] });
    await expect(start).rejects.toThrow(/was made by \/usr\/lib\/postgresql\/9\/bin, not by the npm package/);
  });
});

describe('ports', () => {
  it('takes another port when the preferred one is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const taken = (server.address() as { port: number }).port;
    const chosen = await choosePort(undefined, taken);
    expect(chosen).not.toBe(taken);
    expect(await isFree(chosen)).toBe(true);
    await new Promise((resolve) => server.close(resolve));
    expect(await choosePort(undefined, taken)).toBe(taken);
  });
});

describe('private instances', () => {
  it('a broker keeps its address and its topics over a SIGKILL', async () => {
    const broker = keep(await startPrivateKafka());
    const address = broker.address();
    const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'kept' }] });
    await admin.disconnect();
    await broker.kill();
    expect(await broker.isUp()).toBe(false);
    await broker.start();
    expect(broker.address()).toBe(address);
    await admin.connect();
    expect(await admin.listTopics()).toContain('kept');
    await admin.disconnect();
  }, 180_000);

  it('a Postgres server has logical replication and keeps its rows over a SIGKILL', async () => {
    const server = keep(await startPrivatePostgres());
    const query = async (text: string) => {
      const client = new Client({ connectionString: server.address() });
      await client.connect();
      return client.query(text).finally(() => client.end());
    };
    expect((await query('show wal_level')).rows).toEqual([{ wal_level: 'logical' }]);
    await query('create table kept as select 1 as id');
    await server.kill();
    expect(await server.isUp()).toBe(false);
    await server.start();
    expect((await query('select id from kept')).rows).toEqual([{ id: 1 }]);
  }, 180_000);

  it('a Redis server comes back on its port', async () => {
    const server = keep(await startPrivateRedis());
    const address = server.address();
    await server.restart();
    expect(server.address()).toBe(address);
    const client = new Redis(address);
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  }, 60_000);
});
