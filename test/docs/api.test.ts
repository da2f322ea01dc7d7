/** The commands of docs/api.md do what the page says, in their order, on a real worker. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Api, startAlone } from '../rest/v1/support';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { waitFor } from '../support/wait';
import { readPages } from './markdown';

interface Command {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** `curl -s [-X METHOD] URL [-H …] [-d BODY]`, quoted with single quotes. */
function readCommand(line: string): Command {
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
  const after = (flag: string): string | undefined => {
    const at = words.indexOf(flag);
    return at === -1 ? undefined : words[at + 1];
  };
  const url = words.find((word) => word.startsWith('localhost:8083'))!;
  const body = after('-d');
  return {
    method: after('-X') ?? 'GET',
    path: url.slice('localhost:8083'.length),
    body: body === undefined ? undefined : JSON.parse(body),
  };
}

const commands = readPages()
  .filter(({ file }) => file.endsWith('docs/api.md'))
  .flatMap(({ blocks }) => blocks)
  .filter(({ language }) => language === 'sh')
  .flatMap(({ text }) => text.replace(/\\\n\s*/g, '').split('\n'))
  .filter((line) => line.startsWith('curl'))
  .map(readCommand);

describe('the commands of docs/api.md', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'api-docs-'));
  const before = process.cwd();
  let api: Api;
  let kafka: TestKafka;
  beforeAll(async () => {
    kafka = await openTestKafka();
    writeFileSync(path.join(dir, 'readings.txt'), 'one\ntwo\n');
    process.chdir(dir);
    api = await startAlone({ 'offset.storage.file.filename': path.join(dir, 'offsets') });
  });
  afterAll(async () => {
    await api.stop();
    await kafka[Symbol.asyncDispose]();
    process.chdir(before);
    rmSync(dir, { recursive: true });
  });

  it('are found', () => expect(commands.length).toBeGreaterThan(10));

  it('are all answered', async () => {
    // Others use the shared broker: the topic of the page becomes one of this test.
    const topic = kafka.topicName();
    const own = (body: unknown): unknown =>
      body === undefined
        ? undefined
        : JSON.parse(JSON.stringify(body).replace(/("topics?":)"[^"]*"/g, `$1"${topic}"`));
    for (const { method, path: target, body } of commands) {
      const answer = await waitFor(async () => {
        const { status, json } = await api.ask(method, target, own(body));
        return status === 409 ? null : { status, json };
      });
      expect({ target, ...answer, ok: answer.status < 300 }).toMatchObject({ target, ok: true });
    }
    const { json } = await api.ask('GET', '/api/v1/connectors/readings/history');
    expect(json.versions.map(({ kind }: { kind: string }) => kind)).toEqual([
      'reverted',
      'patched',
      'created',
    ]);
  }, 60_000);
});
