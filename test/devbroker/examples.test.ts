/** What docs/dev-broker.md shows about faults works, and both ways of writing it say the same. */
import { transformSync } from '@swc/core';
import { type DevBroker, startDevBroker } from '../../src/devbroker';
import { isCommand, parseCommand } from '../../src/devbroker/faults/commands';
import { type Page, readPages } from '../docs/markdown';

const page = readPages().find(({ file }) => file === 'docs/dev-broker.md')!;

/** Examples of a part, by its heading: in code, and over HTTP. */
interface Part {
  readonly heading: string;
  readonly code: string;
  readonly shell: string;
}

function partsOf({ text }: Page): Part[] {
  const [, section] = /^## Breaking it on purpose\n(.*?)(?=^## )/ms.exec(text)!;
  return section!
    .split(/^### /m)
    .slice(1)
    .map((part) => ({
      heading: part.slice(0, part.indexOf('\n')),
      code: fenced(part, 'ts'),
      shell: fenced(part, 'sh'),
    }));
}

const fenced = (text: string, language: string): string =>
  new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(text)?.[1] ?? '';

const parts = partsOf(page);

let broker: DevBroker;

beforeAll(async () => {
  broker = await startDevBroker({ nodes: 3, controlPort: 0 });
  broker.topics.create({ name: 'orders', partitions: 2 });
});

afterEach(() => broker.faults.clear());

afterAll(() => broker.close());

type Called = readonly unknown[];

/** The broker, with a note of what is called. */
function noting<T extends object>(target: T, calls: Called[], prefix = ''): T {
  return new Proxy(target, {
    get(_, name) {
      const member = Reflect.get(target, name);
      const path = prefix + String(name);
      if (typeof member === 'object' && member !== null) return noting(member, calls, `${path}.`);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) => {
        calls.push([path, ...given]);
        return member.apply(target, given);
      };
    },
  });
}

const AsyncFunction = (async () => {}).constructor as new (
  ...source: string[]
) => (...given: unknown[]) => Promise<void>;

async function run(code: string, given: Readonly<Record<string, unknown>>): Promise<void> {
  const body = code.replaceAll(/^import .*\n/gm, '');
  const parser = { syntax: 'typescript' } as const;
  const { code: script } = transformSync(`async function example() {${body}}`, {
    jsc: { target: 'es2022', parser, externalHelpers: false },
  });
  await new AsyncFunction(...Object.keys(given), `${script}\nawait example();`)(...Object.values(given));
}

interface Curl {
  readonly method: string;
  readonly path: string;
  readonly json: string | null;
}

/** curl, as far as the page uses it: one address, `--json`, `-X`. */
function parseCurl(command: string): Curl {
  const [program, ...words] = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, bare]) => quoted ?? bare!,
  );
  expect(program).toBe('curl');
  const option = (name: string): string | null => {
    const at = words.indexOf(name);
    return at < 0 ? null : words.splice(at, 2)[1]!;
  };
  const [json, method] = [option('--json'), option('-X')];
  expect(words).toEqual([expect.stringMatching(/^127\.0\.0\.1:9099\//)]);
  return { method: method ?? (json === null ? 'GET' : 'POST'), path: words[0]!.slice(14), json };
}

const curls = (shell: string): Curl[] =>
  shell
    .split(/^(?=curl )/m)
    .filter((command) => command !== '')
    .map(parseCurl);

async function send({ method, path, json }: Curl): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(broker.controlUrl + path, { method, body: json, headers });
  expect([response.status, await response.json()]).toEqual([
    method === 'POST' && !isCommand(JSON.parse(json!)) ? 201 : 200,
    expect.anything(),
  ]);
}

/** What a body asks for, as calls of the broker. */
async function callsOf(json: string): Promise<Called[]> {
  const body: unknown = JSON.parse(json);
  if (!isCommand(body)) return [body].flat().map((rule) => ['faults.add', rule]);
  const calls: Called[] = [];
  await parseCommand(body)(noting(IDLE, calls));
  return calls;
}

const IDLE = {
  clock: { advance() {} },
  moveLeader() {},
  moveCoordinator() {},
  async stopNode() {},
  async startNode() {},
  pause() {},
  resume() {},
};

test('the page has examples for everything that can be done', () => {
  const all = parts.map(({ code, shell }) => code + shell).join('\n');
  for (const action of ['error', 'applied', 'drop', 'delayMs', 'hold', 'reorder', 'truncateBytes', 'corrupt'])
    expect(all).toContain(`"${action}"`);
  for (const command of ['advanceClockMs', 'pause', 'resume', 'moveLeader', 'moveCoordinator', 'stopNode'])
    expect(all).toContain(`"${command}"`);
  expect(parts.every(({ code, shell }) => code !== '' && shell !== '')).toBe(true);
});

test('the beginning starts a broker', async () => {
  const [, section] = /^## Breaking it on purpose\n(.*?)^### /ms.exec(page.text)!;
  const started: DevBroker[] = [];
  const start = async (options: object) => {
    const own = await startDevBroker({ ...options, controlPort: 0 });
    started.push(own);
    return own;
  };
  await run(fenced(section!, 'ts'), { startDevBroker: start });
  expect(started).toHaveLength(1);
  expect(started[0]!.addresses).toHaveLength(3);
});

describe.each(parts.map((part) => [part.heading, part] as const))('%s', (_, { code, shell }) => {
  const log = { log: () => undefined };

  test('in code', async () => {
    const calls: Called[] = [];
    await run(code, { broker: noting(broker, calls), console: log });
    expect(calls.length).toBeGreaterThan(0);
  });

  test('over HTTP', async () => {
    for (const command of curls(shell)) await send(command);
  });

  test('which say the same', async () => {
    const commands = curls(shell);
    if (commands.some(({ json }) => json === null)) return;
    const calls: Called[] = [];
    await run(code, { broker: noting(broker, calls), console: log });
    const asked: Called[] = [];
    for (const { json } of commands) asked.push(...(await callsOf(json!)));
    expect(asked).toEqual(calls);
  });
});

test('nothing is set after it was mended', async () => {
  const mending = parts.find(({ heading }) => heading === 'Mending it')!;
  broker.faults.add({ drop: 'before' });
  await run(mending.code, { broker });
  expect(broker.faults.list()).toEqual([]);
  broker.faults.add({ drop: 'before' });
  for (const command of curls(mending.shell)) await send(command);
  expect(broker.faults.list()).toEqual([]);
});
