import { parseDocument } from '../../src/worker/files';
import { FileIssuesError } from '../../src/worker/files/document';
import { loadWorkerConfig, type WorkerSources } from '../../src/worker/worker-config';

const file = (text: string): WorkerSources['file'] => {
  const document = parseDocument('worker.properties', text);
  return {
    name: document.file,
    values: document.root as Record<string, string>,
    lineOf: (key) => document.lineOf([key]),
  };
};

const load = (text: string, more: Partial<WorkerSources> = {}) =>
  loadWorkerConfig({ file: file(text), env: {}, ...more });

async function issuesOf(promise: Promise<unknown>) {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FileIssuesError);
  return (error as FileIssuesError).issues;
}

describe('worker configuration', () => {
  test('defaults are the fast ones', async () => {
    const { config } = await load('');
    expect(config.list('bootstrap.servers')).toEqual(['localhost:9092']);
    expect(config.number('offset.flush.interval.ms')).toBe(1000);
    expect(config.list('listeners')).toEqual(['http://:8083']);
    expect(config.number('offset.storage.partitions')).toBe(25);
  });

  test('file, then environment, then arguments', async () => {
    const text = 'bootstrap.servers=file:1\ngroup.id=from-file\nclient.id=from-file';
    const { config, raw } = await load(text, {
      env: { CONNECT_GROUP_ID: 'from-env', CONNECT_CLIENT_ID: 'from-env', CONNECT_PRODUCER_LINGER_MS: '7' },
      arguments: { 'client.id': 'from-args', 'offset.flush.interval.ms': '250' },
      defaults: { 'group.id': 'from-defaults', 'offset.storage.topic': 'from-defaults' },
    });
    expect(config.list('bootstrap.servers')).toEqual(['file:1']);
    expect(config.string('group.id')).toBe('from-env');
    expect(config.string('client.id')).toBe('from-args');
    expect(config.number('offset.flush.interval.ms')).toBe(250);
    expect(config.string('offset.storage.topic')).toBe('from-defaults');
    expect(raw['producer.linger.ms']).toBe('7');
  });

  test('variables of converters, in the spelling of container images', async () => {
    const { raw } = await load('', { env: { CONNECT_VALUE_CONVERTER_SCHEMAS_ENABLE: 'false' } });
    expect(raw['value.converter.schemas.enable']).toBe('false');
  });

  test('isSet tells what somebody said from defaults', async () => {
    const worker = await load('listeners=http://:1', { defaults: { 'group.id': 'x' } });
    expect(worker.isSet('listeners')).toBe(true);
    expect(worker.isSet('group.id')).toBe(false);
  });

  test('every wrong value at once, with line and hint', async () => {
    const issues = await issuesOf(
      load('bootstrap.servers=nowhere\noffset.flush.interval.ms=often\nlog.level=inof\nproducer.acks=one\n'),
    );
    expect(issues.map(({ line, key }) => [line, key])).toEqual([
      [1, 'bootstrap.servers'],
      [2, 'offset.flush.interval.ms'],
      [3, 'log.level'],
      [4, 'producer.acks'],
    ]);
    expect(issues[2]!.message).toContain('Did you mean info?');
  });

  test('a wrong variable is told by its name', async () => {
    const issues = await issuesOf(load('', { env: { CONNECT_OFFSET_FLUSH_INTERVAL_MS: 'x' } }));
    expect(issues[0]!.file).toBe('environment variable CONNECT_OFFSET_FLUSH_INTERVAL_MS');
  });

  test('unknown keys are told with the nearest one, keys without effect too, known families are not', async () => {
    const { warnings } = await load(
      [
        'boostrap.servers=x:1',
        'plugin.discovery=service_load',
        'producer.lingr.ms=1',
        'producer.retries=3',
        'value.converter.schemas.enable=true',
        'offset.storage.min.insync.replicas=1',
        'config.storage.topic=c',
      ].join('\n'),
    );
    expect(warnings.map(({ line, message }) => [line, message])).toEqual([
      [1, 'Unknown configuration key boostrap.servers. Did you mean bootstrap.servers?'],
      [2, 'plugin.discovery has no effect here.'],
      [3, 'Unknown configuration key producer.lingr.ms. Did you mean producer.linger.ms?'],
      [4, 'producer.retries has no effect here.'],
      [7, 'config.storage.topic has no effect here.'],
    ]);
  });

  test('what exactly.once.source.support asks for is told not to be had', async () => {
    const warningsOf = async (value: string) => {
      const values = { 'exactly.once.source.support': value };
      return (await loadWorkerConfig({ arguments: values, env: {} })).warnings.map(({ message }) => message);
    };
    expect(await warningsOf('disabled')).toEqual([]);
    expect(await warningsOf('enabled')).toEqual([expect.stringContaining('Sources deliver at least once')]);
  });

  test('references are resolved, broken ones name their line', async () => {
    const text = 'group.id=${env:GROUP}';
    expect((await load(text, { env: { GROUP: 'g' } })).config.string('group.id')).toBe('g');
    const [issue] = await issuesOf(load(text));
    expect(issue).toMatchObject({
      line: 1,
      key: 'group.id',
      message: expect.stringContaining('GROUP is not set'),
    });
  });

  test('secrets are masked, and never part of a message', async () => {
    const worker = await load(
      'sasl.jaas.config=plain password="hush"\nproducer.sasl.jaas.config=hush\ngroup.id=g',
    );
    expect(worker.toString()).not.toContain('hush');
    expect(worker.toString()).toContain('"g"');
    const [issue] = await issuesOf(load('log.level=${env:SECRET}', { env: { SECRET: 'hush' } }));
    expect(issue!.message).toContain('${env:SECRET}');
    expect(issue!.message).not.toContain('hush');
  });
});
