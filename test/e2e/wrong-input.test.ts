/** A user's mistakes in what a running worker meets: each gets an answer that says what, where and how to mend it, and none takes it down. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { freePort } from '../../scripts/stack/ports.cjs';
import type { KafkaPort } from '../../src/kafka/port';
import { sendRequest } from '../support/http';
import { killAllProcesses } from '../support/process';
import { stackAddresses, uniqueName } from '../support/stack';
import { startTcpProxy } from '../support/tcp-proxy';
import { waitFor } from '../support/wait';
import { logOf, readiness, STACK_FRAME, told } from './observe';
import { createRegistry, type RegistryProcess } from './registry';
import {
  countOf,
  createWorker,
  fill,
  JSON_PLAIN,
  jdbcKeys,
  type Keys,
  openKafka,
  openPostgres,
  recordsOf,
  STRING,
  type Worker,
} from './support';

jest.setTimeout(60_000);

let brokers: string;
let pgUrl: string;
let kafka: KafkaPort;
let pg: Client;
let registry: RegistryProcess;
let folder: string;
const topics: string[] = [];
const tables: string[] = [];
const workers: Worker[] = [];

beforeAll(async () => {
  const addresses = await stackAddresses();
  brokers = addresses.kafka;
  pgUrl = addresses.postgres;
  kafka = openKafka(brokers);
  pg = await openPostgres(pgUrl);
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-wrong-'));
  registry = await createRegistry(brokers, newTopic());
  await registry.start();
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});

afterAll(async () => {
  await registry?.stop();
  await killAllProcesses();
  await kafka.admin.deleteTopics(topics);
  for (const table of tables) await pg.query(`DROP TABLE IF EXISTS ${table}`);
  await pg.end();
  await kafka.close();
  await rm(folder, { recursive: true, force: true });
});

function newTopic(): string {
  topics.push(uniqueName('wrong'));
  return topics.at(-1)!;
}

async function newTable(columns: string): Promise<string> {
  tables.push(uniqueName('wrong'));
  await pg.query(`CREATE TABLE ${tables.at(-1)} (${columns})`);
  return tables.at(-1)!;
}

async function write(name: string, lines: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, lines);
  return file;
}

async function startWorker(connectors: readonly Keys[], worker: Keys = {}): Promise<Worker> {
  const offsets = { 'offset.storage.file.filename': path.join(folder, uniqueName('offsets')) };
  workers.push(await createWorker(brokers, { ...STRING, ...offsets, ...worker }, connectors));
  await workers.at(-1)!.start();
  return workers.at(-1)!;
}

interface TaskState {
  readonly state: string;
  readonly trace?: string;
}

async function taskOf(worker: Worker, connector: string): Promise<TaskState> {
  const status = (await worker.get(`/connectors/${connector}/status`)) as { tasks: TaskState[] };
  return status.tasks[0]!;
}

const rowSchema = (...fields: string[]): string =>
  JSON.stringify({
    type: 'struct',
    fields: fields.map((field) => ({ field, type: field === 'id' ? 'int64' : 'string', optional: false })),
  });

const withSchemas: Keys = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
};

const PASSWORD = 'Correct-Horse-5';

describe('mistakes that a worker lives with', () => {
  /** Its connectors have one mistake each, except the last. */
  let worker: Worker;
  const names = new Map<string, string>();
  const nameOf = (title: string): string => names.get(title) ?? title;
  let table: string;
  let lines: string;
  const registryPort = freePort();

  beforeAll(async () => {
    const rows = newTopic();
    const row = `{"schema":${rowSchema('id', 'name')},"payload":{"id":1,"name":"a"}}`;
    await fill(kafka, rows, 1, () => ({ key: null, value: Buffer.from(row) }));
    const plain = newTopic();
    await fill(kafka, plain, 3, (i) => ({ key: Buffer.from(`key-${i}`), value: Buffer.from(`text ${i}`) }));
    const framed = newTopic();
    await fill(kafka, framed, 1, () => ({ key: null, value: Buffer.from([0, 0, 0, 0, 1, 2, 97]) }));
    table = await newTable('id bigint, name text');
    const narrow = await newTable('id bigint PRIMARY KEY');
    lines = newTopic();
    const sink = { 'connector.class': 'JdbcSink', topics: rows, ...withSchemas, ...jdbcKeys(pgUrl) };
    const source = { 'connector.class': 'JdbcSource', 'topic.prefix': `${newTopic()}_`, ...jdbcKeys(pgUrl) };
    const avro = {
      'value.converter': 'io.confluent.connect.avro.AvroConverter',
      'value.converter.schema.registry.url': registry.url,
    };
    const secret = await write('secret.properties', `password=${PASSWORD}\n`);
    const away = { ...sink, 'connection.url': 'jdbc:postgresql://127.0.0.1:9/db', topics: rows };
    const all: Record<string, Keys> = {
      'missing-file': {
        'connector.class': 'FileStreamSource',
        topic: newTopic(),
        file: path.join(folder, 'later.txt'),
      },
      'missing-directory': {
        'connector.class': 'directory-source',
        topic: newTopic(),
        path: path.join(folder, 'none'),
      },
      'file-as-directory': { 'connector.class': 'directory-source', topic: newTopic(), path: secret },
      'directory-as-file': { 'connector.class': 'FileStreamSink', topics: rows, file: folder },
      'away-database': { ...away, 'connection.password': PASSWORD },
      'away-registry': {
        'connector.class': 'FileStreamSink',
        topics: framed,
        file: path.join(folder, 'never.txt'),
        ...avro,
        'value.converter.schema.registry.url': `http://127.0.0.1:${await registryPort}`,
      },
      'wrong-password': { ...sink, 'connection.password': `\${file:${secret}:password}` },
      'wrong-password-source': {
        ...source,
        mode: 'bulk',
        'table.whitelist': table,
        'connection.password': PASSWORD,
      },
      'missing-table': { ...sink, 'table.name.format': 'no_such_table' },
      'table-without-key': {
        ...sink,
        'table.name.format': table,
        'insert.mode': 'upsert',
        'pk.mode': 'record_value',
        'pk.fields': 'id',
      },
      'table-without-column': { ...sink, 'table.name.format': narrow },
      'missing-source-table': { ...source, mode: 'bulk', 'table.whitelist': 'no_such_table' },
      'missing-source-column': {
        ...source,
        mode: 'incrementing',
        'table.whitelist': table,
        'incrementing.column.name': 'nr',
      },
      'not-avro': { ...sink, topics: plain, 'key.converter': STRING['key.converter'], ...avro },
      'not-json': { ...sink, topics: plain, 'key.converter': STRING['key.converter'] },
      'missing-field': {
        ...sink,
        transforms: 'key',
        'transforms.key.type': 'org.apache.kafka.connect.transforms.ValueToKey',
        'transforms.key.fields': 'serial',
      },
      good: {
        'connector.class': 'FileStreamSource',
        topic: lines,
        file: await write('lines.txt', 'a\nb\n'),
        'btch.size': 5,
      },
    };
    for (const title of Object.keys(all)) names.set(title, uniqueName(title.replaceAll('-', '_')));
    const connectors = Object.entries(all).map(([title, keys]) => ({ name: nameOf(title), ...keys }));
    worker = await startWorker(connectors);
    workers.length = 0;
  });
  afterAll(() => worker?.stop());

  test.each([
    ['missing-directory', [/directory .*\/none does not exist/, /Check the path/]],
    ['file-as-directory', [/secret\.properties is not a directory/]],
    ['directory-as-file', [/is a directory/, /Name a file/]],
    ['wrong-password', [/password authentication failed/, /Check user and password/]],
    ['missing-table', [/no_such_table/, /auto\.create/]],
    ['table-without-key', [/wrong_\w+/, /primary key|unique/]],
    ['table-without-column', [/name/, /auto\.evolve/]],
    [
      'not-avro',
      [/magic byte/, /topic='wrong_\w+', partition=0, offset=0, .*key="key-0"/, /VALUE_CONVERTER/],
    ],
    ['not-json', [/JSON/, /topic='wrong_\w+', partition=0, offset=0, .*key="key-0"/, /VALUE_CONVERTER/]],
    ['missing-source-column', [/has no column nr/, /It has: id, name/]],
    ['missing-field', [/serial/, /TRANSFORMATION/, /topic='wrong_\w+', partition=0, offset=0/]],
  ])('%s fails its task alone, and says why', async (title, said) => {
    const name = nameOf(title);
    await waitFor(async () => (await taskOf(worker, name)).state === 'FAILED', { what: `${title} to fail` });
    const { trace } = await taskOf(worker, name);
    for (const each of said) expect(trace).toMatch(each);
    const logged = told(worker.process(), 'error', new RegExp(`Task ${name}-0 failed`));
    expect(logged).toHaveLength(1);
    expect((await readiness(worker.url)).reasons.join('\n')).toContain(`task ${name}-0 failed: `);
  });

  test('a plan that cannot be made fails the connector, and says why', async () => {
    const name = nameOf('wrong-password-source');
    const status = () =>
      worker.get(`/connectors/${name}/status`) as Promise<{ connector: TaskState; tasks: TaskState[] }>;
    await waitFor(async () => (await status()).connector.state === 'FAILED', {
      what: 'the connector to fail',
    });
    const { connector, tasks } = await status();
    expect(connector.trace).toMatch(/password authentication failed[\s\S]*Check user and password/);
    expect(tasks).toEqual([]);
    expect(told(worker.process(), 'error', new RegExp(`Connector ${name} failed`))).toHaveLength(1);
    expect((await readiness(worker.url)).reasons.join('\n')).toContain(`connector ${name} failed: `);
  });

  test.each([
    ['away-database', /127\.0\.0\.1:9/],
    ['away-registry', /http:\/\/127\.0\.0\.1:\d+/],
    ['missing-source-table', /no_such_table/],
  ])('%s is waited for, and named', async (title, what) => {
    const named = async (): Promise<boolean> =>
      (await readiness(worker.url)).reasons.some(
        (reason) =>
          /^(task|connector) \S+ waits: /.test(reason) && reason.includes(nameOf(title)) && what.test(reason),
      );
    await waitFor(named, { what: `/ready to name ${what}` });
    const warnings = (): string[] => told(worker.process(), 'warn', what);
    await waitFor(() => warnings().length > 0, { what: 'a line in the log' });
    expect(warnings()).toHaveLength(1);
  });

  test('a file that is not there yet is waited for, and said once', async () => {
    expect((await taskOf(worker, nameOf('missing-file'))).state).toBe('RUNNING');
    expect(told(worker.process(), 'warn', /later\.txt does not exist yet/)).toHaveLength(1);
  });

  test('an unknown key is told with the one that was meant, and the connector runs', async () => {
    expect(told(worker.process(), 'warn', /btch\.size/)).toEqual([
      'Unknown configuration key btch.size. Did you mean batch.size?',
    ]);
    await waitFor(async () => (await countOf(kafka, lines)) === 2, { what: 'lines of the good connector' });
    expect((await taskOf(worker, nameOf('good'))).state).toBe('RUNNING');
  });

  test('no secret is shown anywhere, no stack trace for any of it', async () => {
    const routes = ['/connectors?expand=status', '/ready', '/metrics'];
    for (const title of ['wrong-password']) {
      const route = `/connectors/${nameOf(title)}`;
      routes.push(route, `${route}/config`, `${route}/tasks`, `${route}/status`);
    }
    const pages = await Promise.all(routes.map((route) => worker.text(route)));
    const { password } = new URL(pgUrl);
    for (const page of [...pages, worker.process().stderr(), worker.process().stdout()]) {
      expect(page).not.toContain(PASSWORD);
      expect(page).not.toContain(password);
    }
    expect(worker.process().stderr()).not.toMatch(STACK_FRAME);
    for (const page of pages) expect(page).not.toMatch(STACK_FRAME);
  });
});

test('a broker that does not answer at the start is named and waited for', async () => {
  const port = await freePort();
  const topic = newTopic();
  const file = await write('waiting.txt', 'a\n');
  const worker = await startWorker([{ name: topic, 'connector.class': 'FileStreamSource', topic, file }], {
    'bootstrap.servers': `127.0.0.1:${port}`,
  });
  const named = async () =>
    (await readiness(worker.url)).reasons.some((each) => each.includes(`127.0.0.1:${port}`));
  await waitFor(named, { what: '/ready to name the broker' });
  expect((await sendRequest(`${worker.url}/health`)).status).toBe(503);
  expect(told(worker.process(), 'warn', /Kafka/)).toHaveLength(1);

  const [host, kafkaPort] = brokers.split(',')[0]!.split(':');
  const proxy = await startTcpProxy({ host: host!, port: Number(kafkaPort) }, port);
  await waitFor(async () => (await countOf(kafka, topic)) === 1, { timeoutMs: 20_000, what: 'the record' });
  await waitFor(async () => (await readiness(worker.url)).status === 200, { what: '/ready' });
  await worker.stop();
  expect(worker.process().stderr()).not.toMatch(STACK_FRAME);
  await proxy.close();
});

describe('records that are not what the converter expects', () => {
  const schema = {
    type: 'record',
    name: 'Reading',
    fields: [
      { name: 'values', type: { type: 'array', items: 'int' } },
      { name: 'marks', type: { type: 'array', items: { type: 'record', name: 'Mark', fields: [] } } },
      { name: 'labels', type: { type: 'map', values: 'string' } },
    ],
  };
  let id: number;
  let topic: string;
  const framed = (...bytes: number[]): Buffer => {
    const buffer = Buffer.from([0, 0, 0, 0, 0, ...bytes]);
    buffer.writeInt32BE(id, 1);
    return buffer;
  };

  /** Zigzag, as Avro writes a long. */
  function long(value: number): number[] {
    let rest = value < 0 ? -value * 2 - 1 : value * 2;
    const bytes = [];
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    return [...bytes, rest];
  }
  const END = [0];
  const goodBytes = [...long(1), ...long(7), ...END, ...END, ...END];
  let bad: [string, Buffer, RegExp][];

  beforeAll(async () => {
    topic = newTopic();
    id = await registry.register(`${topic}-value`, schema);
    const unknownId = framed(...goodBytes);
    unknownId.writeInt32BE(2_000_000, 1);
    bad = [
      ['plain text', Buffer.from('hello'), /magic byte 104/],
      ['nothing but a magic byte', Buffer.from([0]), /Truncated/],
      ['an unknown schema id', unknownId, /2000000 is not known/],
      ['a cut value', framed(...long(3), ...long(7)), /Field values: Truncated Avro data/],
      ['bytes behind the value', framed(...goodBytes, 1, 2, 3), /3 bytes follow the end/],
      ['a block of 2^30 ints', framed(...long(2 ** 30), 1), /Field values: Truncated Avro data/],
      ['a block of 20 million ints', framed(...long(20_000_000), 1), /Field values: Truncated Avro data/],
      [
        '2^30 records that take no bytes',
        framed(...END, ...long(2 ** 30), ...END, ...END),
        /more than 65536 items that take no bytes/,
      ],
      ['a block of negative size', framed(...long(-1), ...long(-2), 14), /a block of -2 bytes/],
      [
        'a negative count beyond all',
        framed(...long(-(2 ** 52)), ...long(1), 1),
        /Field values: (Truncated|Corrupt) Avro data/,
      ],
      [
        'a length beyond the value',
        framed(...END, ...END, ...long(1), ...long(2 ** 31), 65),
        /Field labels: Truncated Avro data/,
      ],
      ['a long that never ends', framed(...Array<number>(40).fill(255)), /more than 64 bits/],
    ];
  });

  test('tolerance all: they go to the dead-letter topic with what is wrong, the others arrive, nothing hangs', async () => {
    const values = [framed(...goodBytes), ...bad.map(([, bytes]) => bytes), framed(...goodBytes)];
    await fill(kafka, topic, values.length, (i) => ({ key: Buffer.from(`k${i}`), value: values[i]! }));
    const deadLetters = newTopic();
    const out = path.join(folder, `${topic}.txt`);
    const worker = await startWorker([
      {
        name: topic,
        'connector.class': 'FileStreamSink',
        topics: topic,
        file: out,
        'value.converter': 'io.confluent.connect.avro.AvroConverter',
        'value.converter.schema.registry.url': registry.url,
        'errors.tolerance': 'all',
        'errors.deadletterqueue.topic.name': deadLetters,
        'errors.deadletterqueue.context.headers.enable': true,
      },
    ]);
    await waitFor(async () => (await countOf(kafka, deadLetters)) === bad.length, {
      timeoutMs: 20_000,
      what: 'dead letters',
    });
    const lines = async () => (await readFile(out, 'utf8')).trimEnd().split('\n');
    await waitFor(async () => (await lines()).length === 2, { what: 'the good records' });
    expect((await taskOf(worker, topic)).state).toBe('RUNNING');

    const letters = await recordsOf(kafka, deadLetters);
    for (const [i, [, bytes, message]] of bad.entries()) {
      const { key, value, headers } = letters[i]!;
      const context = Object.fromEntries(headers.map((header) => [header.key, header.value!.toString()]));
      expect([key!.toString(), value]).toEqual([`k${i + 1}`, bytes]);
      expect(context).toMatchObject({
        '__connect.errors.topic': topic,
        '__connect.errors.partition': '0',
        '__connect.errors.offset': String(i + 1),
        '__connect.errors.stage': 'VALUE_CONVERTER',
        '__connect.errors.exception.message': expect.stringMatching(message),
      });
    }
    const page = await worker.text('/metrics');
    expect(page).toMatch(
      new RegExp(`total_records_skipped\\{connector="${topic}",task="0"\\} ${bad.length}\\n`),
    );
    expect(worker.process().stderr()).not.toMatch(STACK_FRAME);
  });
});

test('the same bad record again and again is one line in the log, with a count', async () => {
  const topic = newTopic();
  await fill(kafka, topic, 5000, (i) => ({ key: null, value: Buffer.from(`{"n": ${i}`) }));
  const worker = await startWorker([
    {
      name: topic,
      'connector.class': 'FileStreamSink',
      topics: topic,
      file: path.join(folder, `${topic}.txt`),
      ...JSON_PLAIN,
      'errors.tolerance': 'all',
      'errors.log.enable': true,
    },
  ]);
  const skipped = new RegExp(`total_records_skipped\\{connector="${topic}",task="0"\\} 5000\\n`);
  await waitFor(async () => skipped.test(await worker.text('/metrics')), {
    what: 'the records to be skipped',
  });
  await worker.stop();
  const log = logOf(worker.process()).filter(({ level }) => level === 'error' || level === 'warn');
  expect(log).toHaveLength(2);
  expect(log[0]!.msg).toMatch(/topic='wrong_\w+', partition=0, offset=0/);
  expect(log[1]!).toMatchObject({ repeated: 4999 });
});
