/** Rows that Postgres refused, redriven through the sink once it takes some of them. */
import type { Client } from 'pg';
import { openPostgres } from '../e2e/support';
import { type Api, startAlone } from '../rest/v1/support';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { stackAddresses, uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';
import { ended, produce } from './support';

const table = uniqueName('redriven');
const name = 'rows';
let kafka: TestKafka;
let postgres: Client;
let api: Api;

beforeAll(async () => {
  const { postgres: url, redis } = await stackAddresses();
  kafka = await openTestKafka();
  postgres = await openPostgres(url);
  await postgres.query(`CREATE TABLE ${table} (n integer PRIMARY KEY CHECK (n < 100))`);
  api = await startAlone({
    'redis.url': redis!,
    'jobs.namespace': uniqueName('jobs'),
    'value.converter.schemas.enable': 'true',
  });
  const { hostname, port, username, password, pathname } = new URL(url);
  const topic = await kafka.topic();
  const created = await api.ask('PUT', `/connectors/${name}/config`, {
    'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
    topics: topic,
    'connection.url': `jdbc:postgresql://${hostname}:${port}${pathname}`,
    'connection.user': decodeURIComponent(username),
    'connection.password': decodeURIComponent(password),
    'table.name.format': table,
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': kafka.topicName(),
    'errors.deadletterqueue.context.headers.enable': 'true',
  });
  expect([created.status, created.json.message]).toEqual([201, undefined]);
  const schema = { type: 'struct', fields: [{ field: 'n', type: 'int32' }] };
  const rows = [1, 500, 2, 600, 700].map((n) => JSON.stringify({ schema, payload: { n } }));
  await produce(kafka, topic, rows);
  await waitFor(async () => (await letters()).length === 3, { timeoutMs: 60_000 });
}, 90_000);

afterAll(async () => {
  await api.stop();
  await postgres.query(`DROP TABLE IF EXISTS ${table}`);
  await postgres.end();
  await kafka[Symbol.asyncDispose]();
});

const letters = async (): Promise<{ id: string; value: { value: { n: number } }; stage: string }[]> =>
  (await api.ask('GET', `/api/v1/connectors/${name}/dead-letters`)).json.records ?? [];

const numbers = async (): Promise<number[]> =>
  (await postgres.query<{ n: number }>(`SELECT n FROM ${table} ORDER BY n`)).rows.map(({ n }) => n);

test('each row goes in that fits now; the others stay, with the reason of the database', async () => {
  expect(await numbers()).toEqual([1, 2]);
  const refused = await letters();
  expect(refused.map(({ value, stage }) => [value.value.n, stage])).toEqual([
    [700, 'TASK_PUT'],
    [600, 'TASK_PUT'],
    [500, 'TASK_PUT'],
  ]);
  await postgres.query(
    `ALTER TABLE ${table} DROP CONSTRAINT ${table}_n_check, ADD CONSTRAINT fits CHECK (n <> 600)`,
  );
  const { json } = await api.ask('POST', `/api/v1/connectors/${name}/dead-letters/redrive`, {
    all: true,
    to: 'connector',
  });
  const done = await ended(api, json.id);
  expect(done).toMatchObject({ state: 'done', progress: { sent: 2, failed: 1 } });
  const { failures } = done.progress as { failures: { id: string; error: string }[] };
  expect(failures).toEqual([{ id: refused[1]!.id, error: expect.stringContaining('fits') }]);
  expect(await numbers()).toEqual([1, 2, 500, 700]);
}, 60_000);
