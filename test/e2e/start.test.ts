/** `millrace start` on a machine that has Node and nothing else of what Kafka would need, in real processes. */
import {
  chmodSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Client } from 'pg';
import { killAllProcesses, type RunningProcess, startMillrace } from '../support/process';
import { waitFor } from '../support/wait';
import { openPostgres } from './support';

jest.setTimeout(180_000);

const READINGS = 200_000;
const MAINTENANCE = 20_000;

const dir = mkdtempSync(path.join(tmpdir(), 'start-alone-'));
// The server of Postgres may run as another user.
chmodSync(dir, 0o755);
afterAll(async () => {
  await killAllProcesses();
  rmSync(dir, { recursive: true });
});

/** No java, no docker, no mvn; setpriv only ties Postgres to the process where it is there. */
const programs = path.join(dir, 'bin');
mkdirSync(programs);
symlinkSync(process.execPath, path.join(programs, 'node'));
if (existsSync('/usr/bin/setpriv')) symlinkSync('/usr/bin/setpriv', path.join(programs, 'setpriv'));
const env = {
  PATH: programs,
  JAVA_HOME: undefined,
  KAFKA_BROKERS: undefined,
  PG_URL: undefined,
  REDIS_URL: undefined,
};

const start = (data: string, ...args: string[]): RunningProcess =>
  startMillrace(['start', '--data', data, ...args], { env });

/** Ends with exit code 0; answers the JSON line. */
async function once(data: string) {
  const running = start(data, '--once', '--json');
  const { code } = await running.exited;
  expect([code, code === 0 ? '' : running.stderr()]).toEqual([0, '']);
  return { result: JSON.parse(running.stdout()), told: running.stderr() };
}

/** The database of a running start, as it was printed. */
async function databaseOf(running: RunningProcess): Promise<Client> {
  const [, url] = await running.waitForOutput(/Postgres +(postgres:\S+),/, { timeoutMs: 60_000 });
  return openPostgres(url!);
}

async function written(data: string): Promise<string[]> {
  const rows: string[] = [];
  const folder = path.join(data, 'demo/readings');
  for (const name of readdirSync(folder)) {
    const lines = createInterface({ input: createReadStream(path.join(folder, name)) });
    for await (const line of lines) if (!line.startsWith('machine,')) rows.push(line);
  }
  return rows.sort();
}

async function stored(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(`
    SELECT concat_ws(',', machine, sensor, to_char(measured_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                     coalesce(to_char(value, 'FM999990.000'), ''), unit, quality) AS line
    FROM demo_readings`);
  return rows.map(({ line }) => line).sort();
}

function exported(data: string): number[] {
  const folder = path.join(data, 'demo/maintenance');
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl') && !name.startsWith('.'))
    .flatMap((name) => readFileSync(path.join(folder, name), 'utf8').trim().split('\n'));
  return lines.map((line) => (JSON.parse(line) as { id: number }).id);
}

/** Every row there once, as it was written, and every line of the files there. */
async function expectAll(data: string, client: Client): Promise<void> {
  const [rows, lines] = [await stored(client), await written(data)];
  expect([rows.length, lines.length]).toEqual([READINGS, READINGS]);
  expect(rows.findIndex((row, i) => row !== lines[i])).toBe(-1);
  expect(new Set(exported(data)).size).toBe(MAINTENANCE);
}

describe('millrace start without addresses, Java, Docker and Maven', () => {
  test('brings everything through its own services, and a second run on the same data adds nothing', async () => {
    const data = path.join(dir, 'whole');
    const { result, told } = await once(data);
    expect(result.pipelines).toEqual([
      { name: 'readings', records: READINGS, seconds: expect.any(Number) },
      { name: 'maintenance', records: MAINTENANCE, seconds: expect.any(Number) },
    ]);
    expect(result.origins).toEqual({ kafka: 'dev broker', postgres: expect.any(String), redis: null });
    expect(result.firstRecordSeconds).toBeGreaterThan(0);
    expect(told).toContain('dev broker (for trying only; --kafka real or KAFKA_BROKERS=… for Apache Kafka)');
    expect(told).toMatch(/First record in Postgres after \d+\.\d s/);
    expect(['kafka', 'docker', 'jars'].filter((name) => existsSync(path.join(data, name)))).toEqual([]);

    const second = await once(data);
    expect(second.result.firstRecordSeconds).toBeNull();
    expect(second.told).toContain('readings: nothing new, an earlier run has brought everything');
    expect(second.result.services.kafka).toBe(result.services.kafka);
    expect(exported(data)).toHaveLength(MAINTENANCE);

    const third = start(data);
    const client = await databaseOf(third);
    await third.waitForOutput(/Running on; Ctrl-C/, { timeoutMs: 60_000 });
    await expectAll(data, client);
    expect(exported(data)).toHaveLength(MAINTENANCE);
    await client.end();
    expect((await third.stop()).code).toBe(0);
  });

  test('goes on where a kill -9 struck: nothing is lost, no row is there twice', async () => {
    const data = path.join(dir, 'killed');
    const first = start(data);
    const before = await databaseOf(first);
    const count = async (): Promise<number> => {
      const { rows } = await before.query<{ count: string }>('SELECT count(*) FROM demo_readings');
      return Number(rows[0]!.count);
    };
    const arrived = await waitFor(count, { timeoutMs: 60_000, what: 'the first rows' });
    await first.kill();
    await before.end().catch(() => {});
    expect(arrived).toBeLessThan(READINGS);

    const second = start(data);
    const after = await databaseOf(second);
    await second.waitForOutput(/Running on; Ctrl-C/, { timeoutMs: 120_000 });
    await expectAll(data, after);
    await after.end();
    // Files get records at least once: what a source reads again after a kill is told.
    const repeated = exported(data).length - MAINTENANCE;
    expect(/([\d,]+) records are more than once/.exec(second.stdout())?.[1] ?? '0').toBe(
      repeated.toLocaleString('en-US'),
    );
    expect((await second.stop()).code).toBe(0);
  });

  test('says who has the folder when it is taken', async () => {
    const data = path.join(dir, 'taken');
    const first = start(data, '--no-demo');
    await first.waitForOutput(/Running on/, { timeoutMs: 60_000 });
    const second = start(data);
    expect((await second.exited).code).toBe(5);
    expect(second.stderr()).toContain(`Process ${first.pid} uses the data folder ${data}`);
    expect((await first.stop()).code).toBe(0);
  });
});
