import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Exit } from '../../src/cli/exit';
import { type LintOptions, lint } from '../../src/cli/lint';

const dir = mkdtempSync(path.join(tmpdir(), 'lint-'));
afterAll(() => rmSync(dir, { recursive: true }));

const write = (name: string, text: string): string => {
  const file = path.join(dir, name);
  writeFileSync(file, text);
  return file;
};

/** Runs the command; answers what it printed and its exit code. */
async function run(files: string[], options: LintOptions = {}) {
  const printed: string[] = [];
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed.push(String(text).replaceAll(`${dir}/`, '').trimEnd());
    return true;
  });
  try {
    const code = await lint(files, options).then(
      () => 0,
      (error: unknown) => (error as Exit).code,
    );
    return { lines: printed.join('\n').split('\n'), code };
  } finally {
    spy.mockRestore();
  }
}

describe('millrace lint', () => {
  test('says what it linted when all is well', async () => {
    const connector = write('ok.properties', 'name=c\nconnector.class=FileStreamSource\nfile=/f\ntopic=t\n');
    const worker = write('worker.properties', 'bootstrap.servers=h:9092\noffset.storage.topic=o\n');
    const pipeline = write('p.yaml', 'sinks:\n  s:\n    connector: file-stream-sink\n    topics: t\n');
    expect(await run([connector, worker, pipeline])).toEqual({
      code: 0,
      lines: [
        'ok.properties: sink c: ok'.replace('sink', 'source'),
        'worker.properties: worker: ok',
        'p.yaml: pipeline p: 0 sources, 1 sink: ok',
      ],
    });
  });

  test('every mistake of a connector, in the order of the lines, with line, key, value, why and what was meant', async () => {
    const file = write(
      'bad.properties',
      [
        '# a connector',
        'name=c',
        'connector.class=FileStreamSorce',
        'tasks.max=two',
        'errors.tolerance=al',
        'fil=/f',
        'transforms=a',
        'transforms.a.type=RegexRoute',
      ].join('\n'),
    );
    const { lines, code } = await run([file]);
    expect(code).toBe(78);
    expect(lines.map((line) => line.replace(/Known are.*/, '…'))).toEqual([
      'bad.properties:3: Invalid value FileStreamSorce for configuration connector.class: there is no connector FileStreamSorce. Did you mean FileStreamSource? …',
      'bad.properties:4: Invalid value two for configuration tasks.max: Not a number of type INT',
      'bad.properties:5: Invalid value al for configuration errors.tolerance: String must be one of: none, all. Did you mean all?',
      'bad.properties:6: Unknown configuration key fil. Did you mean name? (value: /f)'.replace(
        'Did you mean name? ',
        '',
      ),
      'bad.properties:8: Invalid value RegexRoute for configuration transforms.a.type: there is no transform RegexRoute. Did you mean RegexRouter? …',
      'bad.properties: connector c: 5 errors',
    ]);
  });

  test('every mistake of a pipeline, the worker section and all connectors together', async () => {
    const file = write(
      'bad.yaml',
      `name: p
worker:
  boostrap.servers: h:1
  offset.flush.interval.ms: often
sources:
  in:
    connector: directory-source
    path: \${env:LINT_TEST_UNSET}
    formt: csv
sinks:
  out:
    connector: postgres-sink
    insert.mode: upsrt
    connection.url: postgres://h/db
transform: []
`,
    );
    const { lines, code } = await run([file]);
    expect(code).toBe(78);
    expect(lines.map((line) => /^bad\.yaml:(\d+): (.*)$/.exec(line)?.slice(1)).filter(Boolean)).toEqual([
      [
        '3',
        expect.stringContaining(
          'Unknown configuration key boostrap.servers. Did you mean bootstrap.servers?',
        ),
      ],
      ['4', expect.stringContaining('Not a number of type LONG')],
      ['6', 'Missing required configuration "topic" which has no default value.'],
      ['8', expect.stringContaining('the environment variable LINT_TEST_UNSET is not set')],
      ['9', expect.stringContaining('Unknown configuration key formt. Did you mean format?')],
      ['11', expect.stringContaining('Must configure one of topics or topics.regex')],
      ['11', expect.stringContaining('Must configure one of topics or topics.regex')],
      ['13', expect.stringContaining('Did you mean upsert?')],
      ['15', expect.stringContaining('Unknown key transform in a pipeline file')],
    ]);
  });

  test('a syntax error, a missing file and a file that is none of these', async () => {
    const json = write('broken.json', '{\n"name": "c",\n"file": }');
    const odd = write('odd.properties', 'colour=red\n');
    const { lines, code } = await run([json, path.join(dir, 'gone.yaml'), odd]);
    expect(code).toBe(78);
    expect(lines[0]).toMatch(/^broken\.json:3: JSON: /);
    expect(lines[2]).toBe('gone.yaml: cannot read gone.yaml: there is no such file');
    expect(lines[4]).toMatch(
      /^odd\.properties:1: This is no configuration file: a connector has connector\.class/,
    );
  });

  test('keys without effect are warnings, mistakes under --strict', async () => {
    const file = write('java.properties', 'bootstrap.servers=h:9092\nplugin.discovery=service_load\n');
    expect(await run([file])).toMatchObject({
      code: 0,
      lines: [
        expect.stringContaining('java.properties:2: warning: plugin.discovery has no effect here.'),
        'java.properties: worker: 1 warning',
      ],
    });
    expect((await run([file], { strict: true })).code).toBe(78);
  });

  test('permissions of a registry are told apart by their list', async () => {
    const good = write('good.yaml', 'permissions: [{users: [a], global: [all]}]\n');
    expect((await run([good])).lines).toEqual(['good.yaml: permissions of a schema registry: ok']);
    const bad = write('bad.yaml', 'permissions: [{users: [a], global: [al]}]\n');
    const { lines, code } = await run([bad]);
    expect([code, lines[0]]).toEqual([
      78,
      expect.stringContaining('permissions, rule 1: global cannot have al'),
    ]);
  });

  test('registry files are told apart by their keys', async () => {
    const file = write(
      'registry.properties',
      'kafkastore.bootstrap.servers=h:9092\nkafkastore.topik=_schemas\nlisteners=http://:x\n',
    );
    const { lines, code } = await run([file]);
    expect(code).toBe(78);
    expect(lines.at(-1)).toMatch(/^registry\.properties: schema registry: /);
    expect(lines[0]).toContain('registry.properties:3: ');
  });

  test('--json for programs', async () => {
    const file = write(
      'one.json',
      '{"name":"c","connector.class":"FileStreamSink","topics":"t","files":"x"}',
    );
    const { lines, code } = await run([file], { json: true });
    expect(code).toBe(78);
    expect(JSON.parse(lines[0]!)).toEqual(
      [
        {
          file,
          kind: 'connector',
          issues: [
            {
              file,
              line: 1,
              key: 'files',
              value: 'x',
              message: 'Unknown configuration key files. Did you mean file?',
              severity: 'error',
            },
          ],
        },
      ].map((each) => JSON.parse(JSON.stringify(each).replaceAll(`${dir}/`, ''))),
    );
  });

  test('secrets are not printed', async () => {
    const file = write(
      'secret.properties',
      'name=c\nconnector.class=JdbcSink\ntopics=t\nconnection.url=jdbc:postgresql://h/d\nconnection.password=hush\nconection.password=hush\n',
    );
    const { lines } = await run([file]);
    expect(lines.join('\n')).toContain('Did you mean connection.password?');
    expect(lines.filter((line) => line.includes('hush'))).toEqual([]);
  });
});
