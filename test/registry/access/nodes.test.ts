/** Two nodes that speak https with certificates on both sides: who a client is survives forwarding, and cannot be made up. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createLogger } from '../../../src/http';
import { createKafka } from '../../../src/kafka';
import { SILENT } from '../../../src/kernel';
import { type RunningRegistry, startStandaloneRegistry } from '../../../src/registry';
import { type Certificates, makeCertificates } from '../../support/certificates';
import { sendRequest } from '../../support/http';
import { stackAddresses, uniqueName } from '../../support/stack';
import { waitFor } from '../../support/wait';

let certificates: Certificates;
let brokers: string;
let dir: string;
const topics: string[] = [];
const running: RunningRegistry[] = [];

beforeAll(async () => {
  brokers = (await stackAddresses()).kafka;
  certificates = makeCertificates();
  dir = mkdtempSync(path.join(os.tmpdir(), 'millrace-nodes-'));
  const rules = 'permissions: [{users: [client], subjects: ["a*"], allow: [write]}]';
  writeFileSync(path.join(dir, 'permissions.yaml'), rules);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
});
afterAll(async () => {
  const kafka = createKafka({ brokers: [brokers], clientId: 'test' }, { logger: SILENT });
  await kafka.admin.deleteTopics(topics);
  await kafka.close();
  certificates.remove();
  rmSync(dir, { recursive: true });
});

interface Node {
  readonly registry: RunningRegistry;
  readonly lines: string[];
  readonly role: string;
}

async function startNode(topic: string, secret: string | null): Promise<Omit<Node, 'role'>> {
  const lines: string[] = [];
  const logger = createLogger({ destination: { write: (line: string) => void lines.push(line) } });
  const registry = await startStandaloneRegistry(
    {
      listeners: 'https://localhost:0',
      'host.name': 'localhost',
      'kafkastore.bootstrap.servers': brokers,
      'kafkastore.topic': topic,
      'kafkastore.topic.replication.factor': '1',
      'ssl.keystore.location': certificates.server,
      'ssl.truststore.location': certificates.authority,
      'ssl.client.authentication': 'REQUIRED',
      'ssl.principal.mapping.rules': 'RULE:^CN=([^,]+).*$/$1/,DEFAULT',
      'authorization.permissions.file': path.join(dir, 'permissions.yaml'),
      ...(secret !== null && { 'inter.instance.secret': secret }),
    },
    { logger, prometheus: null },
  );
  running.push(registry);
  return { registry, lines };
}

const send = (
  node: Node,
  method: string,
  route: string,
  body?: object,
  headers: Record<string, string> = {},
) => {
  const pem = readFileSync(certificates.client);
  return sendRequest(node.registry.url + route, {
    method,
    ...(body && { body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json', ...headers },
    tls: { ca: readFileSync(certificates.authority), cert: pem, key: pem },
  });
};

/** The follower first. */
async function startTwo(secrets: [string | null, string | null]): Promise<[Node, Node]> {
  const topic = uniqueName('schemas');
  topics.push(topic);
  const nodes = await Promise.all(secrets.map((secret) => startNode(topic, secret)));
  await Promise.all(nodes.map(({ registry }) => registry.ready));
  const withRoles = await waitFor(
    async () => {
      const told = await Promise.all(
        nodes.map(async (node): Promise<Node> => {
          const health = await send({ ...node, role: '' }, 'GET', '/health');
          return { ...node, role: health.json<{ role: string }>().role };
        }),
      );
      const roles = told.map(({ role }) => role).sort();
      return roles[0] === 'following' && roles[1] === 'primary' ? told : null;
    },
    { timeoutMs: 25_000, what: 'one primary and one follower' },
  );
  const [follower, primary] = withRoles.sort((a) => (a.role === 'following' ? -1 : 1));
  return [follower!, primary!];
}

const audited = ({ lines }: Node) =>
  lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === 'Audit');

it('the primary knows the client of the other node, and permits what it may', async () => {
  const [follower, primary] = await startTwo(['s3cret', 's3cret']);
  const allowed = await send(follower, 'POST', '/subjects/a%2F1/versions', { schema: '"int"' });
  expect([allowed.status, allowed.text]).toEqual([200, expect.stringContaining('"id":1')]);
  const refused = await send(follower, 'POST', '/subjects/b/versions', { schema: '"int"' });
  expect([refused.status, refused.json<{ error_code: number }>().error_code]).toEqual([404, 40401]);
  const by = { user: 'client', by: 'certificate', subject: 'a/1', outcome: 'done', id: 1 };
  expect(audited(primary)).toEqual([expect.objectContaining({ ...by, forwarded: true })]);
  expect(audited(follower)).toEqual([
    expect.objectContaining(by),
    expect.objectContaining({ user: 'client', subject: 'b', outcome: 'refused' }),
  ]);
  const printed = [...primary.lines, ...follower.lines].join();
  expect(printed).not.toContain('s3cret');
  // What a node says holds for its one request only, and nobody else can say it.
  for (const identity of ['x', 'x.y', `${Buffer.from('{"name":"client"}').toString('base64url')}.AAAA`]) {
    const forged = await send(primary, 'GET', '/subjects', undefined, { 'x-forwarded-identity': identity });
    expect(forged.status).toBe(401);
  }
});

it('a node with another secret, or none, is not believed', async () => {
  const [follower, primary] = await startTwo(['one', 'two']);
  const refused = await send(follower, 'POST', '/subjects/a/versions', { schema: '"int"' });
  expect(refused.status).toBe(401);
  expect((await send(primary, 'POST', '/subjects/a/versions', { schema: '"int"' })).status).toBe(200);
});
