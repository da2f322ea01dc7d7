/** The demo's side of Postgres: a table to read from, and the count of what has arrived in another. */
import { Client } from 'pg';
import { causeChain, createBackoff, MillraceError } from '../../kernel';

export const READINGS_TABLE = 'demo_readings';
const MAINTENANCE_TABLE = 'demo_maintenance';
export const MAINTENANCE_ROWS = 20_000;

/** Rows are a function of their number; those that are there stay. */
const FILL = `
  INSERT INTO ${MAINTENANCE_TABLE} (id, machine, opened_at, closed_at, kind, cost, parts)
  SELECT n,
         'press-' || lpad((n % 20 + 1)::text, 2, '0'),
         timestamptz '2025-01-01 06:00:00Z' + n * interval '7 minutes',
         CASE WHEN n % 11 > 0 THEN timestamptz '2025-01-01 06:00:00Z' + n * interval '7 minutes' + n % 240 * interval '1 minute' END,
         (ARRAY['inspection', 'lubrication', 'repair', 'calibration'])[n % 4 + 1],
         (n * 37 % 90000 / 100.0)::numeric(10, 2),
         jsonb_build_object('count', n % 5, 'code', 'P-' || n % 300)
  FROM generate_series(1, ${MAINTENANCE_ROWS}) AS n
  ON CONFLICT DO NOTHING`;

const CREATE = `
  CREATE TABLE IF NOT EXISTS ${MAINTENANCE_TABLE} (
    id bigint PRIMARY KEY,
    machine text NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    kind text NOT NULL,
    cost numeric(10, 2) NOT NULL,
    parts jsonb NOT NULL
  )`;

const CONNECT_TIMEOUT_MS = 60_000;

/** Waits for the database up to a minute. Throws DATABASE_UNREACHABLE with its address. */
export async function createSourceTable(url: string): Promise<void> {
  await withClient(url, CONNECT_TIMEOUT_MS, async (client) => {
    await client.query(CREATE);
    const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${MAINTENANCE_TABLE}`);
    if (Number(rows[0]!.count) < MAINTENANCE_ROWS) await client.query(FILL);
  });
}

export interface Arrival {
  /** Ms since the epoch; null before, and when there were rows from the beginning. */
  at(): number | null;
  /** Ends the watch. */
  close(): Promise<void>;
}

const WATCH_MS = 50;

/** Sees the first row of the table that the demo fills as soon as it is committed. */
export async function watchReadings(url: string): Promise<Arrival> {
  const client = await connect(url, 0);
  // A database that goes away ends the watch and nothing else.
  client.on('error', () => {});
  let at: number | null = null;
  let closed = await hasReadings(client);
  async function watch(): Promise<void> {
    while (!closed && at === null) {
      if (await hasReadings(client)) at = Date.now();
      else await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    }
  }
  const watching = watch().catch(() => {});
  return {
    at: () => at,
    async close() {
      closed = true;
      await watching;
      await client.end();
    },
  };
}

async function hasReadings(client: Client): Promise<boolean> {
  if (!(await hasTable(client))) return false;
  const { rows } = await client.query(`SELECT 1 FROM ${READINGS_TABLE} LIMIT 1`);
  return rows.length > 0;
}

async function hasTable(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
    READINGS_TABLE,
  ]);
  return rows[0]!.there;
}

/** Rows in the table that the demo fills; 0 while it is not there. */
export function countReadings(url: string): Promise<number> {
  return withClient(url, 0, async (client) => {
    if (!(await hasTable(client))) return 0;
    const counted = await client.query<{ count: string }>(`SELECT count(*) FROM ${READINGS_TABLE}`);
    return Number(counted.rows[0]!.count);
  });
}

async function withClient<T>(
  url: string,
  patienceMs: number,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connect(url, patienceMs);
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function connect(url: string, patienceMs: number): Promise<Client> {
  const backoff = createBackoff({ initialMs: 100, maxMs: 2000 });
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const client = new Client({ connectionString: url, application_name: 'millrace-demo' });
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (Date.now() >= deadline) throw unreachable(url, error);
      await new Promise((resolve) => setTimeout(resolve, backoff.next()));
    }
  }
}

const unreachable = (url: string, error: unknown): MillraceError =>
  new MillraceError(
    'DATABASE_UNREACHABLE',
    `Postgres does not answer at ${addressOf(url)}: ${causeChain(error).join(': ')}`,
    {
      cause: error,
    },
  );

/** Without user and password. */
function addressOf(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return host + pathname;
  } catch {
    return 'the address given';
  }
}
