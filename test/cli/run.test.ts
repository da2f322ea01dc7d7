import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createKafka } from '../../src/kafka';
import { SILENT } from '../../src/kernel';
import { killAllProcesses, startMillrace } from '../support/process';
import { stackAddresses, uniqueName } from '../support/stack';

const dir = mkdtempSync(path.join(tmpdir(), 'run-'));
const topics: string[] = [];
let brokers = '';

beforeAll(async () => {
  brokers = (await stackAddresses()).kafka;
});
afterAll(async () => {
  await killAllProcesses();
  const kafka = createKafka({ brokers: [brokers], clientId: 'test' }, { logger: SILENT });
  await kafka.admin.deleteTopics(topics);
  await kafka.close();
  rmSync(dir, { recursive: true });
});

/** A pipeline of a name of its own; `$N` in the text stands for it, `$DIR` for the folder. */
function pipeline(text: string): { file: string; name: string } {
  const name = uniqueName('run');
  topics.push(name, `${name}_offsets`);
  const file = path.join(dir, `${name}.yaml`);
  const worker = `worker: {listeners: 'http://127.0.0.1:0', offset.storage.topic: ${name}_offsets}\n`;
  writeFileSync(file, worker + text.replaceAll('$N', name).replaceAll('$DIR', dir));
  return { file, name };
}

async function once(file: string, ...args: string[]) {
  const running = startMillrace([
    'run',
    file,
    '--once',
    '--brokers',
    brokers,
    '--log-format',
    'text',
    ...args,
  ]);
  const { code } = await running.exited;
  return { code, out: running.stdout(), err: running.stderr() };
}

const LINES = `
converters: {key: string, value: string}
sources:
  $N-in: {connector: file-stream-source, file: $DIR/$N.txt, topic: $N}
sinks:
  $N-out: {connector: file-stream-sink, topics: $N, file: $DIR/$N.out}
`;

describe('millrace run --once', () => {
  test('ends when everything is through; the next run brings what has come since, and nothing twice', async () => {
    const { file, name } = pipeline(LINES);
    const input = path.join(dir, `${name}.txt`);
    const output = path.join(dir, `${name}.out`);
    writeFileSync(input, Array.from({ length: 5000 }, (_, i) => `line ${i} ü\n`).join(''));
    const first = await once(file);
    expect([first.code, first.err.includes('failed')]).toEqual([0, false]);
    expect(first.out).toMatch(new RegExp(`${name}-out +5,000 +0 `));
    expect(readFileSync(output, 'utf8')).toBe(readFileSync(input, 'utf8'));
    writeFileSync(input, 'one more\n', { flag: 'a' });
    const second = await once(file);
    expect(second.out).toMatch(new RegExp(`${name}-out +1 +0 `));
    expect(readFileSync(output, 'utf8')).toBe(readFileSync(input, 'utf8'));
  });

  test('a task that fails ends it with 1 and the reason, without a stack trace', async () => {
    const { file, name } = pipeline(`
converters: {key: string, value: {type: json, schemas.enable: false}}
sources:
  $N-in: {connector: file-stream-source, file: $DIR/$N.txt, topic: $N, converters: {key: string, value: string}}
sinks:
  $N-out: {connector: file-stream-sink, topics: $N, file: $DIR/$N.out}
`);
    writeFileSync(path.join(dir, `${name}.txt`), '{"a":1}\nnot json\n{"a":2}\n');
    const { code, err } = await once(file);
    expect(code).toBe(1);
    expect(err).toContain(`topic='${name}', partition=0, offset=1`);
    expect(err).not.toMatch(/^ {4}at /m);
  });

  test('errors.tolerance=all skips the bad record and says so', async () => {
    const { file, name } = pipeline(`
converters: {key: string, value: {type: json, schemas.enable: false}}
sources:
  $N-in: {connector: file-stream-source, file: $DIR/$N.txt, topic: $N, converters: {key: string, value: string}}
sinks:
  $N-out: {connector: file-sink, topics: $N, file: $DIR/$N.out, errors: {tolerance: all}}
`);
    writeFileSync(path.join(dir, `${name}.txt`), '{"a":1}\nnot json\n{"a":2}\n');
    const { code, out, err } = await once(file);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`${name}-out +2 +1 `));
    expect(err).toContain('offset=1');
    expect(readFileSync(path.join(dir, `${name}.out`), 'utf8')).toBe('{"a":1}\n{"a":2}\n');
  });

  test('an interrupt ends it cleanly and not with success', async () => {
    const { file, name } = pipeline(`
converters: {key: string, value: string}
sources:
  $N-in: {connector: file-stream-source, file: $DIR/$N.missing, topic: $N}
`);
    const running = startMillrace(['run', file, '--once', '--brokers', brokers, '--log-format', 'text']);
    await running.waitForOutput(new RegExp(`Pipelines ${name} run`));
    running.signal('SIGINT');
    expect(await running.exited).toEqual({ code: 1, signal: null });
  });
});
