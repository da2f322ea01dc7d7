import { Redis } from 'ioredis';
import { ConfigDef, type Logger, type Metrics, NO_METRICS } from '../../src/kernel';
import type { SchemaRegistry } from '../../src/schemas/registry';
import { REGISTRY_KEYS, registryOptions } from '../../src/schemas/registry-options';
import { SchemaServices } from '../../src/schemas/services';
import { type Service, startPrivateRedis } from '../support/stack';
import { waitFor } from '../support/wait';
import { FakeRegistry } from './support/fake-registry';

const SCHEMA = '{"type":"record","name":"R","fields":[]}';
const plain = { normalize: false };

function recorder() {
  const said: string[] = [];
  const say = (level: string) => (_fields: object, message: string) => void said.push(`${level} ${message}`);
  const logger: Logger = {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: () => logger,
  };
  const counts: Record<string, number> = {};
  const metrics: Metrics = {
    ...NO_METRICS,
    counter: (name, _help, labels) => ({
      add: (count) => {
        const key = `${name} ${labels?.['layer']}`;
        counts[key] = (counts[key] ?? 0) + count;
      },
    }),
  };
  return { said, logger, counts, metrics };
}

describe('schema cache in Redis', () => {
  let redis: Service;
  let inspector: Redis;
  let fake: FakeRegistry;
  const open: SchemaServices[] = [];

  beforeAll(async () => {
    redis = await startPrivateRedis();
  });
  afterAll(() => redis.remove());

  beforeEach(async () => {
    await redis.start();
    inspector = new Redis(redis.address(), { retryStrategy: () => 50 });
    inspector.on('error', () => undefined);
    await inspector.flushall();
    fake = await new FakeRegistry().start();
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((services) => services.close()));
    inspector.disconnect();
    await fake.stop();
  });

  /** As another process: memory of its own, the same Redis. */
  const start = (
    parts: Partial<ReturnType<typeof recorder>> = {},
    redisUrl: string | null = redis.address(),
  ) => {
    const { logger, metrics } = { ...recorder(), ...parts };
    const services = new SchemaServices({ logger, metrics, redisUrl });
    open.push(services);
    return services;
  };
  const registry = (services: SchemaServices, url = fake.url): SchemaRegistry =>
    services.registry(
      registryOptions(
        new ConfigDef(REGISTRY_KEYS).parse({
          'schema.registry.url': url,
          'retries.wait.ms': '1',
          'max.retries': '0',
        }),
      ),
    );
  const keys = (pattern: string) => inspector.keys(`millrace:schemas:*${pattern}*`);

  it('saves other processes asking, both ways, and counts', async () => {
    const first = recorder();
    const one = registry(start(first));
    const { id } = await one.register('s', { schema: SCHEMA }, plain);
    await one.schemaById(id);
    await one.schemaById(id);
    expect(first.counts).toEqual({
      'schema_cache_misses_total memory': 2,
      'schema_cache_misses_total redis': 2,
      'schema_cache_hits_total memory': 1,
    });
    const asked = fake.count(/subjects|schemas/);

    const second = recorder();
    const services = start(second);
    const two = registry(services);
    expect(await two.register('s', { schema: SCHEMA }, plain)).toMatchObject({ id, schema: null });
    expect(await two.schemaById(id)).toEqual({ schema: SCHEMA, schemaType: 'AVRO', references: [] });
    expect(fake.count(/subjects|schemas/)).toBe(asked);
    expect(second.counts).toMatchObject({ 'schema_cache_hits_total redis': 2 });
    expect(services.cacheState()).toBe('up');
  });

  it('bounds what it keeps there in time', async () => {
    await registry(start()).register('s', { schema: SCHEMA }, plain);
    for (const key of await keys('')) expect(await inspector.ttl(key)).toBeGreaterThan(0);
  });

  it('keeps registries apart, by address and by what stands behind it', async () => {
    const other = await new FakeRegistry().start();
    fake.add('s', { schema: '"int"' }, 1);
    other.add('s', { schema: '"long"' }, 1);
    await registry(start()).schemaById(1);
    expect((await registry(start(), other.url).schemaById(1)).schema).toBe('"long"');
    await other.stop();

    fake.clusterId = 'set up anew';
    fake.schemas[1] = { schema: '"string"', schemaType: 'AVRO', references: [] };
    expect((await registry(start()).schemaById(1)).schema).toBe('"string"');
  });

  it('serves registries that do not tell what stands behind them', async () => {
    fake.clusterId = null;
    fake.add('s', { schema: SCHEMA }, 1);
    await registry(start()).schemaById(1);
    await registry(start()).schemaById(1);
    expect(fake.count(/ids\/1/)).toBe(1);
  });

  it('serves while the registry is down', async () => {
    fake.add('s', { schema: SCHEMA }, 1);
    await registry(start()).schemaById(1);
    await fake.stop();
    expect((await registry(start()).schemaById(1)).schema).toBe(SCHEMA);
  });

  it.each<[what: string, pattern: string, poison: string]>([
    ['no JSON', ':id:1', '{{{'],
    ['another shape', ':id:1', '{"id":5}'],
    ['a schema that is no JSON', ':id:1', '{"schema":"{","schemaType":"AVRO"}'],
    ['an id that is no number', 'register:', '{"id":"1; DROP"}'],
    ['an id out of range', 'register:', '{"id":-7}'],
    ['null', 'register:', 'null'],
  ])('does not believe %s', async (_what, pattern, poison) => {
    const one = registry(start());
    await one.register('s', { schema: SCHEMA }, plain);
    await one.schemaById(1);
    const [key] = await keys(pattern);
    await inspector.set(key!, poison);

    const two = registry(start());
    expect((await two.register('s', { schema: SCHEMA }, plain)).id).toBe(1);
    expect((await two.schemaById(1)).schema).toBe(SCHEMA);
    await waitFor(async () => (await inspector.get(key!)) !== poison);
    expect(JSON.parse((await inspector.get(key!))!)).toBeTruthy();
  });

  it('goes on in memory when Redis dies, with one warning, and comes back by itself', async () => {
    const { said, logger } = recorder();
    const services = start({ logger });
    const client = registry(services);
    await client.register('s', { schema: SCHEMA }, plain);
    expect(services.cacheState()).toBe('up');

    await redis.kill();
    await waitFor(() => services.cacheState() === 'down');
    for (let i = 0; i < 20; i++) await client.register(`dead-${i}`, { schema: SCHEMA }, plain);
    await client.register('s', { schema: SCHEMA }, plain);
    expect(fake.count(/^POST/)).toBe(21);
    expect(said.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringMatching(
        /^warn Redis at 127\.0\.0\.1:\d+ does not answer \(.+\): schemas are cached in memory alone until it is back$/,
      ),
    ]);

    await redis.start();
    await waitFor(() => services.cacheState() === 'up');
    expect(said.filter((line) => line.startsWith('info'))).toEqual([
      'info The schema cache in Redis is back',
    ]);
    await client.register('after', { schema: SCHEMA }, plain);
    expect(await keys(':after')).toHaveLength(1);
    expect(said).toHaveLength(2);
  });

  it('is not held up by a Redis that hangs', async () => {
    const { said, logger } = recorder();
    const services = start({ logger });
    const client = registry(services);
    await client.register('s', { schema: SCHEMA }, plain);
    process.kill(redis.pid()!, 'SIGSTOP');
    try {
      const begin = performance.now();
      for (let i = 0; i < 50; i++) await client.register(`hanging-${i}`, { schema: SCHEMA }, plain);
      expect(performance.now() - begin).toBeLessThan(2000);
      expect(services.cacheState()).toBe('down');
    } finally {
      process.kill(redis.pid()!, 'SIGCONT');
    }
    await waitFor(() => services.cacheState() === 'up');
    expect(said.map((line) => line.slice(0, 5))).toEqual(['warn ', 'info ']);
  });

  it('starts without Redis, and takes it up when it comes', async () => {
    await redis.stop();
    const { said, logger } = recorder();
    const services = start({ logger });
    const client = registry(services);
    expect((await client.register('s', { schema: SCHEMA }, plain)).id).toBe(1);
    expect(services.cacheState()).toBe('down');
    expect(said).toHaveLength(1);
    await redis.start();
    await waitFor(() => services.cacheState() === 'up');
  });

  it('is off when there is none', async () => {
    const services = start({}, null);
    expect(services.cacheState()).toBe('off');
    expect((await registry(services).register('s', { schema: SCHEMA }, plain)).id).toBe(1);
  });

  it('forgets the oldest in memory when that is full', async () => {
    const { logger, metrics } = recorder();
    const services = new SchemaServices({ logger, metrics, redisUrl: null, memoryEntries: 10 });
    open.push(services);
    for (let id = 1; id <= 11; id++)
      fake.add('s', { schema: `{"type":"fixed","name":"F","size":${id}}` }, id);
    for (let id = 1; id <= 11; id++) await registry(services).schemaById(id);
    await registry(services).schemaById(11);
    expect(fake.count(/ids\/11$/)).toBe(1);
    await registry(services).schemaById(1);
    expect(fake.count(/ids\/1$/)).toBe(2);
  });
});
