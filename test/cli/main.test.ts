import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { killAllProcesses, startMillrace } from '../support/process';

const dir = mkdtempSync(path.join(tmpdir(), 'cli-'));
afterAll(async () => {
  await killAllProcesses();
  rmSync(dir, { recursive: true });
});

const write = (name: string, text: string): string => {
  const file = path.join(dir, name);
  writeFileSync(file, text);
  return file;
};

async function millrace(...args: string[]) {
  const running = startMillrace(args);
  const { code } = await running.exited;
  return { code, out: running.stdout(), err: running.stderr() };
}

/** Nothing listens there. */
const NOWHERE = '127.0.0.1:1';
const worker = write(
  'worker.properties',
  `bootstrap.servers=${NOWHERE}\nkey.converter=Json\nvalue.converter=Json\noffset.storage.topic=o\nlisteners=http://127.0.0.1:0\n`,
);

describe('exit codes and messages of the commands', () => {
  test('help and version are no errors, and every command shows an example', async () => {
    const help = await millrace('--help');
    expect(help.code).toBe(0);
    const commands = [...help.out.matchAll(/^ {2}([a-z-]+) \[options\]/gm)].map(([, name]) => name!);
    expect(commands).toEqual([
      'start',
      'run',
      'standalone',
      'distributed',
      'lint',
      'registry',
      'hash-password',
      'dev-broker',
    ]);
    for (const command of commands) {
      const { code, out } = await millrace(command, '--help');
      expect([command, code]).toEqual([command, 0]);
      expect(out).toContain(`Example:\n  millrace ${command} `);
    }
    expect((await millrace('--version')).out.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test.each([
    [['strat'], 'Did you mean start?'],
    [['standalone'], "missing required argument 'worker'"],
    [['run', 'x.yaml', '--onec'], 'Did you mean --once?'],
    [['start', '--kafka', 'real', '--brokers', 'b:1'], "'--brokers <host:port,…>' cannot be used with"],
    [['start', '--kafka', 'other'], 'Allowed choices are dev, real'],
    [['dev-broker', '--port', '70000'], 'It is a whole number from 0 to 65535'],
    [['lint'], 'no file to lint'],
    [['run', 'x.yaml', '--log-format', 'xml'], 'Allowed choices are text, json'],
  ])('%j is a usage error: 2', async (args, message) => {
    const { code, out, err } = await millrace(...args);
    expect(err).toContain(message);
    expect([code, out]).toEqual([2, '']);
  });

  const wrong: [string, string[], number, string][] = [
    ['a missing worker file', ['standalone', path.join(dir, 'none.properties')], 78, 'there is no such file'],
    [
      'a wrong worker key',
      ['standalone', write('bad.properties', 'bootstrap.servers=x\nlog.level=inof\n')],
      78,
      'bad.properties:2: Invalid value inof for configuration log.level',
    ],
    [
      'a missing connector file',
      ['standalone', worker, path.join(dir, 'none.json')],
      3,
      'there is no such file',
    ],
    [
      'an unknown connector class',
      ['standalone', worker, write('unknown.properties', 'name=c\nconnector.class=FileStreamSurce\n')],
      3,
      'Did you mean FileStreamSource?',
    ],
    [
      'a missing required key',
      ['standalone', worker, write('missing.json', '{"name":"c","connector.class":"FileStreamSource"}')],
      3,
      'missing.json:1: Missing required configuration "topic" which has no default value.',
    ],
    [
      'a pipeline with two mistakes',
      [
        'run',
        write('bad.yaml', 'sources:\n  a:\n    connector: file-stream-source\n    tasks: x\n'),
        '--once',
      ],
      78,
      'bad.yaml:4: Invalid value x for configuration tasks.max',
    ],
    [
      'a listener that cannot be had',
      ['standalone', write('port.properties', 'bootstrap.servers=127.0.0.1:1\nlisteners=https://:1\n')],
      78,
      'nothing says which certificate to show',
    ],
    [
      'a wrong duration',
      ['run', write('ok.yaml', 'sources: {}'), '--once', '--wait', 'long'],
      78,
      '--wait long is no duration',
    ],
    ['nothing that could end', ['start', '--once', '--no-demo'], 78, 'with --no-demo there is none'],
    ['no folder of pipelines', ['start', '--demo', path.join(dir, 'none')], 78, 'no such file or directory'],
  ];

  test.each(wrong)('%s', async (_what, args, expected, message) => {
    const { code, err } = await millrace(...args);
    expect(err).toContain(message);
    expect(err).not.toMatch(/^ {4}at /m);
    expect(code).toBe(expected);
  });

  test('a service that stays away ends a run with --once after the time given: 6', async () => {
    const pipeline = write(
      'away.yaml',
      `worker: {bootstrap.servers: '${NOWHERE}', listeners: 'http://127.0.0.1:0'}
sources: {a: {connector: file-stream-source, file: ${worker}, topic: t}}`,
    );
    const { code, err } = await millrace('run', pipeline, '--once', '--wait', '1s');
    expect(err).toMatch(/(No Kafka broker answers|Kafka has not answered) at 127\.0\.0\.1:1/);
    expect(err).not.toMatch(/^ {4}at /m);
    expect(code).toBe(6);
  });

  test('without --once it keeps trying, says which address, and ends cleanly on a signal', async () => {
    const connector = write(
      'c.properties',
      `name=c\nconnector.class=FileStreamSink\ntopics=t\nfile=${dir}/out\n`,
    );
    const running = startMillrace(['standalone', worker, connector, '--log-format', 'json']);
    const [, url] = await running.waitForOutput(/REST at (http:\/\/[^"]+)/);
    const ready = await fetch(`${url}/ready`);
    expect(ready.status).toBe(503);
    expect(((await ready.json()) as { reasons: string[] }).reasons[0]).toContain(NOWHERE);
    const { code } = await running.stop();
    expect(code).toBe(0);
    const lines = running.stderr().trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(
      expect.arrayContaining(['SIGTERM: stopping', 'Stopped']),
    );
  });
});
