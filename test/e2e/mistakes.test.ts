/** A user's mistakes in commands and files: the command ends with a message that names the place, and an exit code. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { killAllProcesses, repositoryRoot, runProcess } from '../support/process';
import { STACK_FRAME } from './observe';
import { type Keys, STRING } from './support';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-mistakes-'));
});

afterAll(async () => {
  await killAllProcesses();
  await rm(folder, { recursive: true, force: true });
});

const write = (name: string, lines: string): Promise<void> => writeFile(path.join(folder, name), lines);

const text = (keys: Keys): string =>
  Object.entries(keys)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

const good = { 'bootstrap.servers': '127.0.0.1:9', ...STRING, listeners: 'http://127.0.0.1:0' };
const file = { name: 'lines', 'connector.class': 'FileStreamSource', topic: 'lines' };
const sink = {
  name: 'rows',
  'connector.class': 'JdbcSink',
  topics: 'rows',
  'connection.url': 'jdbc:postgresql://localhost/db',
};

/** Arguments; `worker`, `connector` stand for files with these keys. */
const cases: [string, string[], { worker?: Keys; connector?: Keys | string }, number, (string | RegExp)[]][] =
  [
    ['an unknown command', ['standalon'], {}, 2, ["unknown command 'standalon'", 'Did you mean standalone?']],
    ['no worker file named', ['standalone'], {}, 2, ["missing required argument 'worker'"]],
    ['an unknown option', ['standalone', 'worker', '--frce'], {}, 2, ["unknown option '--frce'"]],
    [
      'a worker file that is not there',
      ['standalone', 'nothing.properties'],
      {},
      78,
      ['cannot read nothing.properties: there is no such file'],
    ],
    ['a directory as worker file', ['standalone', '.'], {}, 78, ['cannot read .: it is a directory']],
    [
      'a worker value of the wrong type',
      ['standalone', 'worker'],
      { worker: { ...good, 'offset.flush.interval.ms': 'often' } },
      78,
      [
        'worker.properties:5: Invalid value often for configuration offset.flush.interval.ms: Not a number of type LONG',
      ],
    ],
    [
      'a broker without port',
      ['standalone', 'worker'],
      { worker: { ...good, 'bootstrap.servers': 'localhost' } },
      78,
      [/worker\.properties:1: .*bootstrap\.servers.*Expected host:port/],
    ],
    [
      'a converter of the worker that nobody knows',
      ['standalone', 'worker'],
      { worker: { ...good, 'value.converter': 'com.example.AvroConvertor' } },
      78,
      [
        /worker\.properties:3: .*com\.example\.AvroConvertor.*value\.converter/,
        'Did you mean AvroConverter?',
      ],
    ],
    [
      'a connector file that is not there',
      ['standalone', 'worker', 'nothing.properties'],
      {},
      3,
      ['cannot read nothing.properties'],
    ],
    [
      'JSON that is none',
      ['standalone', 'worker', 'connector'],
      { connector: '{"name": "lines", "config": {' },
      3,
      ['connector.properties:1: JSON:'],
    ],
    [
      'no connector class',
      ['standalone', 'worker', 'connector'],
      { connector: { name: 'lines' } },
      3,
      ['Missing required configuration "connector.class" which has no default value.'],
    ],
    [
      'an unknown connector class',
      ['standalone', 'worker', 'connector'],
      { connector: { ...file, 'connector.class': 'FileStreemSource' } },
      3,
      [
        'connector.properties:2: ',
        'there is no connector FileStreemSource. Did you mean FileStreamSource? Known are ',
        'org.apache.kafka.connect.file.FileStreamSinkConnector',
        'io.confluent.connect.jdbc.JdbcSinkConnector',
      ],
    ],
    [
      'several mistakes at once',
      ['standalone', 'worker', 'connector'],
      {
        connector: {
          name: 'lines',
          'connector.class': 'FileStreamSource',
          'tasks.max': 0,
          'batch.size': 'many',
        },
      },
      3,
      [
        'Missing required configuration "topic" which has no default value.',
        'connector.properties:3: Invalid value 0 for configuration tasks.max: Value must be at least 1',
        'connector.properties:4: Invalid value many for configuration batch.size: Not a number of type INT',
      ],
    ],
    [
      'a word that is none of those allowed',
      ['standalone', 'worker', 'connector'],
      { connector: { ...sink, 'insert.mode': 'upsrt' } },
      3,
      [/connector\.properties:5: .*insert, upsert, update. Did you mean upsert\?/],
    ],
    [
      'the URL of another database',
      ['standalone', 'worker', 'connector'],
      { connector: { ...sink, 'connection.url': 'jdbc:mysql://localhost/db' } },
      3,
      ['jdbc:mysql', 'jdbc:postgresql://localhost:5432/mydb'],
    ],
    [
      'a variable that is not set',
      ['standalone', 'worker', 'connector'],
      { connector: { ...sink, 'connection.password': '${env:NO_SUCH_VARIABLE}' } },
      3,
      [
        'connector.properties:5: connection.password: ${env:NO_SUCH_VARIABLE} cannot be resolved: the environment variable NO_SUCH_VARIABLE is not set',
      ],
    ],
    [
      'an unknown transform',
      ['standalone', 'worker', 'connector'],
      {
        connector: {
          ...file,
          transforms: 'a',
          'transforms.a.type': 'org.apache.kafka.connect.transforms.InsertFeld$Value',
        },
      },
      3,
      ['connector.properties:5: ', 'Did you mean org.apache.kafka.connect.transforms.InsertField$Value?'],
    ],
    ['a pipeline file that is not there', ['run', 'nothing.yaml'], {}, 78, ['cannot read nothing.yaml']],
    [
      'a registry without brokers',
      ['registry', 'connector'],
      { connector: { listeners: 'http://127.0.0.1:0' } },
      78,
      ['kafkastore.bootstrap.servers'],
    ],
  ];

test.each(cases)('%s', async (_title, args, { worker = good, connector = file }, code, said) => {
  await write('worker.properties', text(worker));
  await write('connector.properties', typeof connector === 'string' ? connector : text(connector));
  const named = args.map((arg) => (arg === 'worker' || arg === 'connector' ? `${arg}.properties` : arg));
  const program = path.join(repositoryRoot, 'bin/millrace');
  const run = await runProcess(process.execPath, [program, ...named], { cwd: folder });
  for (const each of said) expect(run.stderr).toMatch(each);
  expect(run.stderr).not.toMatch(STACK_FRAME);
  expect(run.stdout).toBe('');
  expect(run.code).toBe(code);
});
