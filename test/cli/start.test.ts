import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Client } from 'pg';
import { killAllProcesses, startMillrace } from '../support/process';
import { type Service, stackAddresses, startPrivateKafka, uniqueName } from '../support/stack';

jest.setTimeout(180_000);

const data = mkdtempSync(path.join(tmpdir(), 'start-'));
const database = uniqueName('demo');
let kafka: Service;
let admin: Client;
let postgres = '';
let redis: string | undefined;

beforeAll(async () => {
  const addresses = await stackAddresses();
  [kafka, admin] = await Promise.all([startPrivateKafka(), connect(addresses.postgres)]);
  redis = addresses.redis ?? undefined;
  await admin.query(`CREATE DATABASE ${database}`);
  postgres = addresses.postgres.replace(/\/[^/]*$/, `/${database}`);
});
afterAll(async () => {
  await killAllProcesses();
  await kafka?.remove();
  await admin?.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  await admin?.end();
  rmSync(data, { recursive: true });
});

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}

const startOn = (...args: string[]) => {
  const options = ['--brokers', kafka.address(), '--postgres', postgres, '--data', data];
  return startMillrace(['start', ...options, ...args], { env: { REDIS_URL: redis } });
};

async function start(...args: string[]) {
  const running = startOn(...args);
  const { code } = await running.exited;
  return { code, out: running.stdout(), err: running.stderr() };
}

/** What the generated files say, in the form of the table's rows. */
async function generated(): Promise<string[]> {
  const rows: string[] = [];
  for (const name of readdirSync(path.join(data, 'demo/readings')).sort()) {
    const lines = createInterface({ input: createReadStream(path.join(data, 'demo/readings', name)) });
    for await (const line of lines) if (!line.startsWith('machine,')) rows.push(line);
  }
  return rows.sort();
}

async function stored(): Promise<string[]> {
  const client = await connect(postgres);
  const { rows } = await client.query<{ line: string }>(`
    SELECT concat_ws(',', machine, sensor, to_char(measured_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                     coalesce(to_char(value, 'FM999990.000'), ''), unit, quality) AS line
    FROM demo_readings`);
  await client.end();
  return rows.map(({ line }) => line).sort();
}

const exported = (): { id: number }[] =>
  readdirSync(path.join(data, 'demo/maintenance'))
    .flatMap((name) =>
      readFileSync(path.join(data, 'demo/maintenance', name), 'utf8')
        .trim()
        .split('\n'),
    )
    .map((line) => JSON.parse(line) as { id: number });

describe('millrace start with the demo', () => {
  test('every row arrives as it was written; the result is the last line; a second run adds nothing', async () => {
    const first = await start('--once', '--json');
    expect([first.code, first.code === 0 ? '' : first.err]).toEqual([0, '']);
    expect(first.err).toContain(`Kafka     ${kafka.address()}, as you said`);
    expect(first.err).toMatch(/First record in Postgres after \d+\.\d s/);
    const lines = first.out.trim().split('\n');
    expect(lines).toHaveLength(1);
    const result = JSON.parse(lines[0]!);
    expect(result).toEqual({
      pipelines: [
        { name: 'readings', records: 200_000, seconds: expect.any(Number) },
        { name: 'maintenance', records: 20_000, seconds: expect.any(Number) },
      ],
      urls: {
        worker: expect.stringMatching(/^http:\/\/localhost:\d+$/),
        registry: expect.stringMatching(/^http:\/\/localhost:\d+$/),
      },
      firstRecordSeconds: expect.any(Number),
      services: { kafka: kafka.address(), postgres, redis: redis ?? null },
      origins: { kafka: 'external', postgres: 'external', redis: redis === undefined ? null : 'external' },
    });
    expect(result.firstRecordSeconds).toBeGreaterThan(0);
    const written = await generated();
    expect(written).toHaveLength(200_000);
    const rows = await stored();
    expect(rows.length).toBe(200_000);
    expect(rows.findIndex((row, i) => row !== written[i])).toBe(-1);
    const ids = exported().map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([20_000, 20_000]);

    const second = await start('--once');
    expect(second.code).toBe(0);
    expect(second.out).toContain('readings: nothing new');
    expect(await stored()).toEqual(rows);
    expect(exported()).toHaveLength(20_000);
  });

  test('without --once it shows the table, goes on, serves REST and registry, and ends on a signal', async () => {
    const running = startOn();
    const [, worker] = await running.waitForOutput(/Worker +(\S+)/);
    const [, registry] = await running.waitForOutput(/Registry +(\S+)/);
    await running.waitForOutput(/Running on; Ctrl-C stops everything/, { timeoutMs: 60_000 });
    const get = async (url: string) => (await fetch(url)).json();
    expect(await get(`${worker}/connectors`)).toEqual([
      'maintenance-files',
      'maintenance-table',
      'readings-csv',
      'readings-table',
    ]);
    expect(await get(`${worker}/ready`)).toEqual({ ready: true });
    expect(await get(`${registry}/subjects`)).toContain('demo-readings-value');
    const offsets = async (name: string) =>
      (
        (await get(`${worker}/connectors/${name}/offsets`)) as {
          offsets: { offset: Record<string, number> }[];
        }
      ).offsets;
    const committed = (await offsets('readings-table')).reduce(
      (sum, { offset }) => sum + offset.kafka_offset!,
      0,
    );
    expect(committed).toBe(200_000);
    expect(await offsets('readings-csv')).toHaveLength(10);
    // References are shown as written.
    expect(await get(`${worker}/connectors/readings-table/config`)).toMatchObject({
      'connection.url': '${env:PG_URL}',
    });
    expect(JSON.stringify(await get(`${worker}/connectors/readings-table/tasks`))).not.toContain(postgres);
    const second = await start('--once');
    expect([second.code, second.err]).toEqual([5, expect.stringContaining(`Process ${running.pid} uses`)]);
    expect((await running.stop()).code).toBe(0);
  });

  test('missing rows are told, and the exit code says so', async () => {
    const client = await connect(postgres);
    await client.query("DELETE FROM demo_readings WHERE machine = 'press-07'");
    await client.end();
    const { code, err } = await start('--once', '--json');
    expect(err).toContain('readings: 190,000 records in table demo_readings, 200,000 expected');
    expect(code).toBe(3);
  });

  test('with --no-demo there are no pipelines, and it runs until a signal', async () => {
    const running = startOn('--no-demo');
    const [, worker] = await running.waitForOutput(/Worker +(\S+)/);
    await running.waitForOutput(/Running on; Ctrl-C stops everything/);
    expect(await (await fetch(`${worker}/connectors`)).json()).toEqual([]);
    expect((await running.stop()).code).toBe(0);
    expect(running.stdout()).not.toContain('pipeline');
  });
});
