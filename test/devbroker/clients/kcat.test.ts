/** kcat (librdkafka) as Debian ships it. `npm test` installs it. */
import { spawnSync } from 'node:child_process';
import { startDevBroker } from '../../../src/devbroker';
import { startProcess } from '../../support/process';
import { uniqueName } from '../../support/stack';
import { openDevBroker, type TestBroker } from '../support';

const isThere = spawnSync('kcat', ['-V']).status === 0;
const suite = isThere ? describe : describe.skip;

suite(`kcat${isThere ? '' : ' (skipped: there is no program of that name; apt-get install kcat)'}`, () => {
  let test: TestBroker;
  let address: string;

  beforeAll(async () => {
    test = await openDevBroker();
    address = test.broker.addresses[0]!;
  });
  afterAll(() => test[Symbol.asyncDispose]());

  /** What it prints; throws when it fails. */
  async function kcat(
    args: readonly string[],
    { input, to = address }: { input?: string; to?: string } = {},
  ) {
    const child = startProcess('kcat', ['-b', to, ...args], input === undefined ? {} : { input });
    const { code } = await child.exited;
    if (code !== 0) throw new Error(`kcat ended with ${code}: ${child.stderr()}`);
    return child.stdout();
  }

  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
  const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `record ${n}`);
  const produce = (topic: string, records: readonly string[], settings: readonly string[] = []) =>
    kcat(['-P', '-t', topic, ...settings], { input: records.join('\n') });
  const consume = async (topic: string, settings: readonly string[] = []) =>
    lines(await kcat(['-C', '-q', '-e', '-t', topic, '-X', 'fetch.wait.max.ms=10', ...settings]));

  it('lists nodes, topics and partitions', async () => {
    const topic = test.topic(3);
    const listed = JSON.parse(await kcat(['-L', '-J', '-t', topic]));
    expect(listed).toMatchObject({
      controllerid: 1,
      brokers: [{ id: 1, name: address }],
      topics: [{ topic, partitions: [0, 1, 2].map((partition) => ({ partition, leader: 1 })) }],
    });
  });

  it('creates a topic by writing to it, and reads from the beginning', async () => {
    const topic = uniqueName('created');
    await produce(topic, numbered(500));
    expect(await consume(topic, ['-o', 'beginning'])).toEqual(numbered(500));
  });

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('compression %s', async (compression) => {
    const topic = test.topic();
    await produce(topic, numbered(100), ['-z', compression]);
    expect(await consume(topic)).toEqual(numbered(100));
  });

  it('keys, headers, timestamps and tombstones', async () => {
    const topic = test.topic();
    await produce(topic, ['k1:v1', 'k2:'], ['-K', ':', '-Z', '-H', 'trace=abc']);
    const format = ['-f', '%k|%S|%s|%h|%p|%o\n', '-Z'];
    expect(await consume(topic, format)).toEqual(['k1|2|v1|trace=abc|0|0', 'k2|-1|NULL|trace=abc|0|1']);
  });

  it('reads from an offset, from behind, and from a time', async () => {
    const topic = test.topic();
    await produce(topic, numbered(10));
    const between = Date.now() + 1;
    // Broker and clients share the machine's clock: what comes later must have a later time.
    while (Date.now() <= between) await new Promise((resolve) => setTimeout(resolve, 2));
    await produce(topic, ['late']);
    expect(await consume(topic, ['-o', '8'])).toEqual(['record 8', 'record 9', 'late']);
    expect(await consume(topic, ['-o', '-2'])).toEqual(['record 9', 'late']);
    expect(await consume(topic, ['-o', `s@${between}`])).toEqual(['late']);
    expect(await kcat(['-Q', '-t', `${topic}:0:${between}`])).toContain('offset 10');
  });

  it('spreads over partitions and reads all of them', async () => {
    const topic = test.topic(4);
    await produce(topic, numbered(200), ['-X', 'topic.partitioner=random', '-X', 'batch.num.messages=5']);
    expect((await consume(topic)).sort()).toEqual(numbered(200).sort());
  });

  it('idempotent producer', async () => {
    const topic = test.topic();
    await produce(topic, numbered(1000), ['-X', 'enable.idempotence=true', '-X', 'batch.num.messages=10']);
    expect(await consume(topic)).toEqual(numbered(1000));
  });

  it('transactional producer, read with read_committed', async () => {
    const topic = test.topic();
    await produce(topic, numbered(50), ['-X', `transactional.id=${uniqueName('kcat')}`]);
    expect(await consume(topic, ['-X', 'isolation.level=read_committed'])).toEqual(numbered(50));
    // The marker comes after the records.
    expect(test.broker.topics.partition(topic, 0)!.log.endOffset).toBe(51);
  });

  it('each kind of acks', async () => {
    const topic = test.topic();
    for (const acks of ['0', '1', 'all']) await produce(topic, [`acks ${acks}`], ['-X', `acks=${acks}`]);
    expect(await consume(topic)).toEqual(['acks 0', 'acks 1', 'acks all']);
  });

  it('a batch whose answer was lost is not there twice', async () => {
    const topic = test.topic();
    const fault = test.broker.faults.add({ api: 'Produce', topic, drop: 'after', times: 2 });
    await produce(topic, numbered(20), ['-E', '-X', 'enable.idempotence=true']);
    expect(fault.hits).toBe(2);
    expect(await consume(topic)).toEqual(numbered(20));
  });

  it('a consumer of a group goes on where the last one ended', async () => {
    const [topic, group] = [test.topic(2), uniqueName('group')];
    const read = () => kcat(['-G', group, '-q', '-e', '-X', 'auto.offset.reset=earliest', topic]).then(lines);
    await produce(topic, numbered(10));
    expect((await read()).sort()).toEqual(numbered(10));
    await produce(topic, ['new']);
    expect(await read()).toEqual(['new']);
  });

  it('two consumers of a group share the partitions', async () => {
    const [topic, group] = [test.topic(2), uniqueName('group')];
    const member = () =>
      startProcess('kcat', ['-b', address, '-G', group, '-u', '-X', 'auto.offset.reset=earliest', topic]);
    const one = member();
    await one.waitForOutput(/assigned: .*\[0\], .*\[1\]/);
    const two = member();
    await two.waitForOutput(/assigned: \S+ \[\d\]$/m);
    await one.waitForOutput(/revoked[\s\S]*assigned: \S+ \[\d\]$/m);
    for (const partition of [0, 1]) await produce(topic, [`to ${partition}`], ['-p', String(partition)]);
    await Promise.all([one, two].map((each) => each.waitForOutput(/to \d/)));
    expect([one.stdout(), two.stdout()].flatMap(lines).sort()).toEqual(['to 0', 'to 1']);
    await Promise.all([one.stop(), two.stop()]);
  });

  it('finds leaders on several nodes, and again after they moved', async () => {
    await using cluster = await startDevBroker({ nodes: 3 });
    const topic = uniqueName('spread');
    cluster.topics.create({ name: topic, partitions: 3 });
    const to = cluster.addresses[0]!;
    const settings = ['-X', 'topic.partitioner=random', '-X', 'batch.num.messages=1'];
    await kcat(['-P', '-t', topic, ...settings], { to, input: numbered(30).join('\n') });
    for (const partition of [0, 1, 2]) cluster.moveLeader(topic, partition, ((partition + 1) % 3) + 1);
    const read = lines(await kcat(['-C', '-q', '-e', '-t', topic], { to }));
    expect(read.sort()).toEqual(numbered(30).sort());
  });

  it('logs in with SASL PLAIN, and is refused with a wrong password', async () => {
    await using guarded = await startDevBroker({ users: { alice: 'secret' } });
    const to = guarded.addresses[0]!;
    const login = (password: string) =>
      [
        'security.protocol=sasl_plaintext',
        'sasl.mechanism=PLAIN',
        'sasl.username=alice',
        `sasl.password=${password}`,
      ].flatMap((setting) => ['-X', setting]);
    const topic = uniqueName('guarded');
    await kcat(['-P', '-t', topic, ...login('secret')], { to, input: 'private' });
    expect(lines(await kcat(['-C', '-q', '-e', '-t', topic, ...login('secret')], { to }))).toEqual([
      'private',
    ]);
    await expect(kcat(['-L', '-m', '2', ...login('guess')], { to })).rejects.toThrow(/Authentication failed/);
  });
});
