/** A worker beside a broker that fails in every way it can while records flow: each row arrives, once, as it was sent. */
import type { Client } from 'pg';
import { type DevBroker, type FaultRule, startDevBroker } from '../../src/devbroker';
import type { KafkaPort } from '../../src/kafka';
import { killAllProcesses } from '../support/process';
import { stackAddresses, uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';
import { createWorker, fill, JSON_PLAIN, jdbcKeys, openKafka, openPostgres, type Worker } from './support';

jest.setTimeout(120_000);

let broker: DevBroker;
let kafka: KafkaPort;
let pg: Client;
let pgUrl: string;
let worker: Worker | undefined;
const tables: string[] = [];

beforeAll(async () => {
  pgUrl = (await stackAddresses()).postgres;
  pg = await openPostgres(pgUrl);
  broker = await startDevBroker({ nodes: 3 });
  kafka = openKafka(broker.addresses.join(','));
});

afterEach(async () => {
  broker.faults.clear();
  await worker?.stop();
});

afterAll(async () => {
  await killAllProcesses();
  for (const table of tables) await pg.query(`DROP TABLE IF EXISTS ${table}`);
  await pg.end();
  await kafka.close();
  await broker.close();
});

function newTable(): string {
  tables.push(uniqueName('faults'));
  return tables.at(-1)!;
}

/** What strikes again and again while the test runs, at requests of all kinds. */
const WEATHER: readonly FaultRule[] = [
  { api: 'Produce', drop: 'before', skip: 5, times: 3 },
  { api: 'Produce', drop: 'after', skip: 8, times: 3 },
  { api: 'Produce', error: 'NOT_LEADER_OR_FOLLOWER', skip: 2, times: 5 },
  { api: 'Produce', error: 'REQUEST_TIMED_OUT', applied: true, skip: 11, times: 3 },
  { api: 'Fetch', drop: 'after', skip: 6, times: 3 },
  { api: 'Fetch', error: 'NOT_LEADER_OR_FOLLOWER', skip: 3, times: 5 },
  { api: 'Fetch', truncateBytes: 40, skip: 4, times: 3 },
  { api: 'OffsetCommit', error: 'COORDINATOR_NOT_AVAILABLE', skip: 1, times: 2 },
  { api: 'OffsetCommit', drop: 'after', skip: 2, times: 2 },
  { api: 'Heartbeat', error: 'NOT_COORDINATOR', times: 3 },
  { api: 'Heartbeat', error: 'REBALANCE_IN_PROGRESS', skip: 2, times: 1 },
  { api: 'Metadata', error: 'LEADER_NOT_AVAILABLE', times: 3 },
];

async function untilThrough(rows: () => Promise<number>, all: number, move: (round: number) => void) {
  for (const rule of WEATHER) broker.faults.add(rule);
  let round = 0;
  await waitFor(
    async () => {
      move(round++);
      return (await rows()) >= all;
    },
    { timeoutMs: 90_000, intervalMs: 300, what: `${all} rows` },
  );
}

const countIn = async (table: string): Promise<number> =>
  Number((await pg.query(`SELECT count(*) AS n FROM ${table}`)).rows[0].n);

test('Postgres → topic → Postgres under errors, cuts and moving leaders', async () => {
  const [from, to] = [newTable(), newTable()];
  const count = 200_000;
  await pg.query(`CREATE TABLE ${from} (id bigint PRIMARY KEY, sensor text NOT NULL, value float8)`);
  await pg.query(`CREATE TABLE ${to} (id bigint PRIMARY KEY, sensor text NOT NULL, value float8)`);
  await pg.query(`INSERT INTO ${from} SELECT i, 's' || i % 100, i / 4.0 FROM generate_series(1, ${count}) i`);
  const prefix = uniqueName('faults_');
  const topic = `${prefix}${from}`;
  await kafka.admin.createTopic({ topic, partitions: 3 });
  const json = {
    ...JSON_PLAIN,
    'key.converter.schemas.enable': true,
    'value.converter.schemas.enable': true,
  };
  worker = await createWorker(
    broker.addresses.join(','),
    { ...json, 'offset.storage.topic': uniqueName('offsets'), 'offset.storage.replication.factor': 1 },
    [
      {
        name: prefix,
        'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
        ...jdbcKeys(pgUrl),
        mode: 'incrementing',
        'incrementing.column.name': 'id',
        'table.whitelist': from,
        'topic.prefix': prefix,
        'poll.interval.ms': 100,
      },
      {
        name: `${prefix}sink`,
        'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
        topics: topic,
        'table.name.format': to,
        'insert.mode': 'insert',
        'consumer.override.heartbeat.interval.ms': 200,
        ...jdbcKeys(pgUrl),
      },
    ],
  );
  await worker.start();
  await untilThrough(
    () => countIn(to),
    count,
    (round) => {
      broker.moveLeader(topic, round % 3, 1 + (round % 2));
      if (round % 4 === 3) broker.moveCoordinator('group', `connect-${prefix}sink`, 1 + (round % 3));
    },
  );
  const { rows: wrong } = await pg.query(
    `SELECT id FROM ${from} FULL JOIN ${to} USING (id, sensor, value) WHERE ${from}.id IS NULL OR ${to}.id IS NULL`,
  );
  expect(wrong).toEqual([]);
  // Faults that never struck would prove nothing.
  expect(broker.faults.list().map(({ rule }) => rule)).toEqual([]);
  expect(await worker.get(`/connectors/${prefix}sink/status`)).toMatchObject({
    tasks: [{ state: 'RUNNING' }],
  });
});

test('a broker that stands still, loses a node and comes back', async () => {
  const [topic, table] = [uniqueName('faults'), newTable()];
  await fill(kafka, topic, 200_000, (i) => ({ key: null, value: Buffer.from(`{"id":${i}}`) }), 3);
  await pg.query(`CREATE TABLE ${table} (id bigint PRIMARY KEY)`);
  worker = await createWorker(broker.addresses.join(','), JSON_PLAIN, [
    {
      name: topic,
      'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
      topics: topic,
      'table.name.format': table,
      'insert.mode': 'insert',
      ...jdbcKeys(pgUrl),
    },
  ]);
  await worker.start();
  await waitFor(async () => (await countIn(table)) > 0, { intervalMs: 5 });
  broker.pause();
  const before = await countIn(table);
  await broker.stopNode(2);
  broker.resume();
  await waitFor(async () => (await countIn(table)) > before);
  await broker.startNode(2);
  await waitFor(async () => (await countIn(table)) === 200_000, { timeoutMs: 60_000 });
});
