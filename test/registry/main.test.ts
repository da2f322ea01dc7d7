/** Replay, readiness, and what happens when the log misbehaves. */
import { createPrometheus } from '../../src/http';
import { kafkaError } from '../../src/kafka/errors';
import type { CompactedLogOptions, KafkaPort } from '../../src/kafka/port';
import { ConfigError, type Logger, MillraceError, SILENT } from '../../src/kernel';
import { startRegistry } from '../../src/registry';
import { sendRequest } from '../support/http';
import { waitFor } from '../support/wait';
import { startClient } from './client';
import { createFakeKafka } from './fake-kafka';

function recordingLogger() {
  const lines: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields: fields as Record<string, unknown>, message });
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  };
  return { logger, lines };
}

const schemaKey = (subject: string, version: number) =>
  `{"keytype":"SCHEMA","subject":"${subject}","version":${version},"magic":1}`;
const schemaValue = (subject: string, version: number, id: number, text: string) =>
  JSON.stringify({ subject, version, id, schema: text, deleted: false });

describe('replay', () => {
  it('reads what every registry ever wrote, and passes over what is broken', async () => {
    const kafka = createFakeKafka();
    const { logger, lines } = recordingLogger();
    kafka.append('{"keytype":"NOOP","magic":0}', null);
    kafka.append(
      '{"keytype":"CONTEXT","tenant":"default","context":".c","magic":0}',
      '{"tenant":"default","context":".c"}',
    );
    kafka.append(schemaKey('a', 1), schemaValue('a', 1, 1, '"int"'));
    kafka.append('not json', '{}');
    kafka.append(schemaKey('a', 2), '{"broken":');
    kafka.append(schemaKey('b', 1), schemaValue('b', 1, 1, '"another content of id 1"'));
    kafka.append(schemaKey('a', 2), schemaValue('a', 2, 5, '"long"'));
    kafka.append('{"keytype":"SOMETHING_NEW","magic":9}', '{}');
    kafka.append(
      '{"subject":"k","version":1,"magic":0,"keytype":"SCHEMA"}',
      schemaValue('k', 1, 7, '{"type": "string"}'),
    );
    kafka.append(schemaKey('gone', 1), schemaValue('gone', 1, 9, '"bytes"'));
    kafka.append(schemaKey('gone', 1), '');
    kafka.append(
      '{"keytype":"CONFIG","subject":null,"magic":0}',
      '{"subject":null,"compatibilityLevel":"NONE"}',
    );
    kafka.append('{"keytype":"CONFIG","magic":0}', '{"compatibilityLevel":"FULL"}');
    kafka.append('{"keytype":"MODE","subject":"a","magic":0}', '{"subject":"a","mode":"READONLY"}');
    kafka.append('{"keytype":"DELETE_SUBJECT","subject":"a","magic":0}', '{"subject":"a","version":1}');
    kafka.append('{"keytype":"CLEAR_SUBJECT","subject":"nobody","magic":0}', '{"subject":"nobody"}');
    const client = await startClient(kafka.port, { logger });
    const { call } = client;

    expect(lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields.offset)).toEqual([
      3, 4, 5, 7,
    ]);
    expect(await call('GET', '/subjects')).toEqual([200, ['a', 'k']]);
    expect(await call('GET', '/subjects/a/versions?deleted=true')).toEqual([200, [1, 2]]);
    expect(await call('GET', '/subjects/a/versions')).toEqual([200, [2]]);
    expect(await call('GET', '/config')).toEqual([200, { compatibilityLevel: 'FULL' }]);
    expect(await call('GET', '/mode/a')).toEqual([200, { mode: 'READONLY' }]);
    // Another registry's spelling stays as it is, and is found all the same.
    expect((await client.send('GET', '/schemas/ids/7/schema')).text).toBe('{"type": "string"}');
    expect(await client.register('k', '"string"')).toBe(7);
    // The id of a deleted schema is not given again.
    expect(await client.register('new', '"double"')).toBe(10);
    await client.running.close();
  });

  it('has the same state after a restart', async () => {
    const kafka = createFakeKafka();
    const first = await startClient(kafka.port);
    await first.register('s', '"int"');
    await first.register('s', '"long"');
    await first.call('PUT', '/config/s', { compatibility: 'NONE', normalize: true });
    await first.call('DELETE', '/subjects/s/versions/1');
    const paths = ['/schemas?deleted=true', '/config/s', '/subjects/s/versions/2', '/schemas/ids/1'];
    const before = await Promise.all(paths.map((path) => first.call('GET', path)));
    await first.running.close();
    const second = await startClient(kafka.port);
    expect(await Promise.all(paths.map((path) => second.call('GET', path)))).toEqual(before);
    expect(await second.register('s', '"string"')).toBe(3);
    await second.running.close();
  });
});

describe('readiness', () => {
  it('waits for Kafka, says so, and answers when it is there', async () => {
    const fake = createFakeKafka();
    let up = false;
    const connect = async () => {
      if (!up) throw new MillraceError('KAFKA_UNREACHABLE', 'No broker answers at nowhere:9092.');
    };
    const port = { ...fake.port, connect } as KafkaPort;
    const running = await startRegistry({ kafka: port, listener: 'http://127.0.0.1:0', logger: SILENT });
    await waitFor(() => running.waitingFor()[0]?.includes('nowhere:9092'));
    const ready = await sendRequest(`${running.url}/ready`);
    expect([ready.status, ready.json()]).toEqual([
      503,
      { ready: false, reasons: ['No broker answers at nowhere:9092.'] },
    ]);
    expect((await sendRequest(`${running.url}/live`)).status).toBe(200);
    const early = await sendRequest(`${running.url}/subjects`);
    expect([early.status, early.json<{ error_code: number }>().error_code]).toEqual([503, 503]);
    up = true;
    await running.ready;
    expect((await sendRequest(`${running.url}/subjects`)).json()).toEqual([]);
    expect((await sendRequest(`${running.url}/ready`)).status).toBe(200);
    await running.close();
  });

  it('refuses an unfit topic with its reason', async () => {
    const refusal = new ConfigError('Topic _schemas has cleanup.policy=delete');
    const port = {
      ...createFakeKafka().port,
      compactedLog: () => ({ start: () => Promise.reject(refusal), stop: async () => undefined }),
    } as unknown as KafkaPort;
    const { logger, lines } = recordingLogger();
    const running = await startRegistry({ kafka: port, listener: 'http://127.0.0.1:0', logger });
    await expect(running.ready).rejects.toBe(refusal);
    expect(running.waitingFor()).toEqual([refusal.message]);
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    await running.close();
  });

  it('tells of a log that stopped later, and goes on reading', async () => {
    const fake = createFakeKafka();
    let options: CompactedLogOptions | undefined;
    const port = {
      ...fake.port,
      compactedLog: (given: CompactedLogOptions) => fake.port.compactedLog((options = given)),
    };
    const client = await startClient(port);
    await client.register('s', '"int"');
    options!.onFailure!(new Error('The log is corrupt.'));
    const ready = await client.send('GET', '/ready');
    expect([ready.status, ready.json()]).toEqual([503, { ready: false, reasons: ['The log is corrupt.'] }]);
    expect(await client.call('GET', '/subjects')).toEqual([200, ['s']]);
    await client.running.close();
  });

  it('creates the topic with as many copies as there are brokers', async () => {
    const created: number[] = [];
    const port = {
      ...createFakeKafka().port,
      metadata: async () => [{ topic: '_schemas', error: 3, partitions: [] }],
      admin: {
        createTopic: async ({ replicationFactor = -1 }) => {
          created.push(replicationFactor);
          if (replicationFactor > 1) throw new MillraceError('KAFKA_REFUSED', 'INVALID_REPLICATION_FACTOR');
          return true;
        },
      },
    } as unknown as KafkaPort;
    const { logger, lines } = recordingLogger();
    const client = await startClient(port, { logger });
    expect(created).toEqual([3, 2, 1]);
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ wished: 3, copies: 1 }) }),
    );
    await client.running.close();
  });
});

describe('writes that go wrong', () => {
  it('answers 50001 for a refused write, and does not lose its place', async () => {
    const kafka = createFakeKafka();
    const client = await startClient(kafka.port);
    kafka.beforeWrite = () => {
      throw new MillraceError('KAFKA_REFUSED', 'The record is too large.');
    };
    const [status, error] = await client.call('POST', '/subjects/s/versions', { schema: '"int"' });
    expect([status, error]).toEqual([
      500,
      { error_code: 50001, message: expect.stringContaining('The record is too large.') },
    ]);
    kafka.beforeWrite = null;
    await client.register('s', '"int"');
    await client.running.close();
  });

  it('answers 42209 for a schema that Kafka finds too large', async () => {
    const kafka = createFakeKafka();
    const client = await startClient(kafka.port);
    kafka.beforeWrite = () => {
      throw kafkaError(10, 'produce to _schemas-0');
    };
    expect(await client.call('POST', '/subjects/s/versions', { schema: '"int"' })).toEqual([
      422,
      { error_code: 42209, message: 'Register operation failed because schema is too large' },
    ]);
    await client.running.close();
  });

  it('answers 50002 for a write without an answer; its id goes to nobody else, and a repeat finds it', async () => {
    const kafka = createFakeKafka();
    const client = await startClient(kafka.port, { writeTimeoutMs: 50 });
    let release = () => {};
    kafka.beforeWrite = () => new Promise((resolve) => (release = resolve));
    const [status, error] = await client.call('POST', '/subjects/slow/versions', { schema: '"int"' });
    expect([status, error]).toEqual([500, { error_code: 50002, message: 'Register operation timed out' }]);
    kafka.beforeWrite = null;
    expect(await client.register('quick', '"long"')).toBe(2);
    release();
    await waitFor(async () => (await client.call('GET', '/subjects/slow/versions'))[0] === 200);
    expect(await client.register('slow', '"int"')).toBe(1);
    expect(await client.call('GET', '/subjects/slow/versions')).toEqual([200, [1]]);
    await client.running.close();
  });

  it('finds another place when another registry took id and version first', async () => {
    const kafka = createFakeKafka();
    const client = await startClient(kafka.port);
    kafka.beforeWrite = () => {
      kafka.beforeWrite = null;
      kafka.append(schemaKey('other', 1), schemaValue('other', 1, 1, '"bytes"'));
    };
    expect(await client.register('mine', '"int"')).toBe(2);
    expect(await client.call('GET', '/schemas/ids/1')).toEqual([
      200,
      expect.objectContaining({ schema: '"bytes"' }),
    ]);
    expect(await client.call('GET', '/subjects/mine/versions/1')).toEqual([
      200,
      expect.objectContaining({ id: 2, schema: '"int"' }),
    ]);
    await client.running.close();
  });
});

it('tells its metrics', async () => {
  const prometheus = createPrometheus({ processMetrics: false });
  const client = await startClient(createFakeKafka().port, { prometheus });
  await client.register('s', '"int"');
  const { text, headers } = await client.send('GET', '/metrics');
  expect(headers['content-type']).toMatch(/^text\/plain/);
  expect(text).toMatch(/^millrace_registry_subjects 1$/m);
  expect(text).toMatch(/^millrace_registry_schemas_registered_total 1$/m);
  expect(text).toContain(
    'millrace_http_requests_total{server="registry",method="POST",route="/subjects/:subject/versions",status="200"} 1',
  );
  await client.running.close();
});
