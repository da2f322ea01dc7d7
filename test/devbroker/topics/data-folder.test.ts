/** Topics in a folder: found again after a restart; damaged files, leftovers, and a folder that is in use. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { type DevBroker, type DevBrokerOptions, startDevBroker } from '../../../src/devbroker';
import { SILENT } from '../../../src/kernel';
import { waitFor } from '../../support/wait';
import { batch, temporaryFolder, valuesOf } from '../log/support';

let dataDir: string;
const running: DevBroker[] = [];

beforeEach(() => {
  dataDir = temporaryFolder();
});

afterEach(async () => {
  for (const broker of running.splice(0)) await broker.close();
});

async function start(options: DevBrokerOptions = {}): Promise<DevBroker> {
  const broker = await startDevBroker({ dataDir, ...options });
  running.push(broker);
  return broker;
}

async function restart(options: DevBrokerOptions = {}): Promise<DevBroker> {
  await running.pop()!.close();
  return start(options);
}

const file = (...names: string[]) => path.join(dataDir, ...names);
const folders = () => fs.readdirSync(dataDir).filter((name) => fs.statSync(file(name)).isDirectory());
const stateOf = (broker: DevBroker) =>
  broker.topics.list().map(({ name, isInternal, overrides, partitions }) => ({
    name,
    isInternal,
    overrides: Object.fromEntries(overrides),
    replicas: partitions.map(({ replicas }) => replicas),
  }));

it('topics, configs and records are found again, under higher leader epochs', async () => {
  const before = await start({ nodes: 2 });
  const topic = before.topics.create({ name: 'a', partitions: 2, configs: { 'retention.ms': '-1' } });
  before.topics.create({ name: 'gone' });
  before.topics.internal('__transaction_state');
  topic.partitions[1]!.log.append(batch(['one', 'two']), 0);
  before.topics.grow('a', 3);
  before.topics.configure('a', new Map([['max.message.bytes', '5000']]));
  before.topics.moveLeader('a', 2, 2);
  before.topics.delete('gone');
  const kept = stateOf(before);
  const epochs = topic.partitions.map(({ leaderEpoch }) => leaderEpoch);
  expect(folders().sort()).toEqual(['__transaction_state-0', 'a-0', 'a-1', 'a-2']);

  const after = await restart({ nodes: 2 });
  expect(stateOf(after)).toEqual(kept);
  const found = after.topics.get('a')!;
  for (const { leaderEpoch, index } of found.partitions) expect(leaderEpoch).toBeGreaterThan(epochs[index]!);
  expect(valuesOf(found.partitions[1]!.log)).toEqual(['one', 'two']);
  expect(after.topics.configOf(found).maxMessageBytes).toBe(5000);
});

it('the cluster keeps its id', async () => {
  await start();
  const id = () =>
    (JSON.parse(fs.readFileSync(file('cluster.json'), 'utf8')) as { clusterId: string }).clusterId;
  const before = id();
  await restart();
  expect(id()).toBe(before);
});

it('with fewer nodes, partitions of those that are missing go to the others', async () => {
  (await start({ nodes: 3 })).topics.create({ name: 'a', partitions: 3, replicationFactor: 2 });
  const { topics } = await restart({ nodes: 1 });
  expect(topics.get('a')!.partitions.map(({ replicas, leader }) => [replicas, leader])).toEqual([
    [[1], 1],
    [[1], 1],
    [[1], 1],
  ]);
});

it.each([
  ['no JSON', '{"format":1'],
  ['something else', '{"format":1,"clusterId":"x","nodes":1,"topics":[{"name":"a"}]}'],
  ['of a newer version', '{"format":2}'],
  ['empty', ''],
])('a cluster file that is %s is an error that names it', async (_what, content) => {
  fs.writeFileSync(file('cluster.json'), content);
  await expect(start()).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringContaining(file('cluster.json')),
  });
  // The lock does not stay.
  fs.rmSync(file('cluster.json'));
  await start();
});

it('without its cluster file a folder with records is not touched', async () => {
  (await start()).topics.create({ name: 'a' });
  await running.pop()!.close();
  fs.rmSync(file('cluster.json'));
  await expect(start()).rejects.toThrow(file('cluster.json'));
  expect(folders()).toEqual(['a-0']);
});

it('what a deletion has left behind is removed at the start; other things stay', async () => {
  (await start()).topics.create({ name: 'a' });
  await running.pop()!.close();
  for (const name of ['deleted.0a1b', 'old-0', 'a-1', 'notes', 'b c-1']) {
    fs.mkdirSync(file(name));
    fs.writeFileSync(file(name, 'x'), '');
  }
  const warned: object[] = [];
  await start({ logger: { ...SILENT, warn: (fields) => warned.push(fields) } });
  expect(folders().sort()).toEqual(['a-0', 'b c-1', 'notes']);
  expect(warned).toEqual(expect.arrayContaining([{ folder: file('old-0') }, { folder: file('a-1') }]));
});

it('the longest name can be deleted', async () => {
  const { topics } = await start();
  const name = 'x'.repeat(249);
  topics.create({ name });
  topics.delete(name);
  expect(folders()).toEqual([]);
});

describe('the lock', () => {
  it('keeps a second broker out until the first has ended', async () => {
    await start();
    await expect(start()).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `Process ${process.pid} uses the data folder ${dataDir}`,
    });
    await restart();
  });

  it.each([
    ['a process that is gone', { pid: 2 ** 30, startedAt: '1' }],
    ['an earlier process with the id of a later one', { pid: process.pid, startedAt: '1' }],
  ])('of %s does not count', async (_what, holder) => {
    fs.writeFileSync(file('broker.lock'), JSON.stringify(holder));
    await start();
    const held = JSON.parse(fs.readFileSync(file('broker.lock'), 'utf8')) as { pid: number };
    expect(held.pid).toBe(process.pid);
  });

  const onLinux = fs.existsSync('/proc/self/stat') ? it : it.skip;

  onLinux('of a process that was killed and is not buried yet does not count', async () => {
    // The parent becomes a program that does not care for its child.
    const parent = spawn('sh', ['-c', 'sleep 100 & echo $!; exec sleep 100']);
    try {
      const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
      const stat = () =>
        fs
          .readFileSync(`/proc/${Number(pid)}/stat`, 'utf8')
          .split(') ')[1]!
          .split(' ');
      const holder = { pid: Number(pid), startedAt: stat()[19] };
      fs.writeFileSync(file('broker.lock'), JSON.stringify(holder));
      await expect(start()).rejects.toMatchObject({ code: 'CONFLICT' });
      process.kill(Number(pid), 'SIGKILL');
      await waitFor(() => stat()[0] === 'Z');
      await start();
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('is not asked for in a folder that cannot be used', async () => {
    fs.writeFileSync(file('plain'), '');
    await expect(startDevBroker({ dataDir: file('plain', 'below') })).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining(file('plain', 'below')),
    });
  });
});
