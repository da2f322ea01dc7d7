import { CONNECTOR_MODULES } from '../../../src/cli/builtin-connectors';
import { BUILT_IN_MODULES, createCatalog } from '../../../src/worker';
import { scrubber, secretKeys, shownConfig } from '../../../src/worker/operations/masking';

const catalog = createCatalog([...CONNECTOR_MODULES, ...BUILT_IN_MODULES]);

const shown = async (config: Record<string, string>) =>
  shownConfig(config, await secretKeys(config, catalog));

describe('what is shown of a configuration', () => {
  it('hides passwords by their definition, wherever that is', async () => {
    const config = {
      'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
      'connection.user': 'me',
      'connection.password': 'hush',
      'consumer.override.sasl.jaas.config': 'x required password="hush";',
      'consumer.override.max.poll.records': '5',
    };
    expect(await shown(config)).toEqual({
      ...config,
      'connection.password': '[hidden]',
      'consumer.override.sasl.jaas.config': '[hidden]',
    });
  });

  it('goes by the name of a key that nobody defines', async () => {
    const config = { 'connector.class': 'com.example.Unknown', 'api.key': 'k', 'my.token': 't', topic: 'x' };
    expect(await shown(config)).toEqual({ ...config, 'api.key': '[hidden]', 'my.token': '[hidden]' });
  });

  it('shows references, and hides what is put around them', async () => {
    const of = async (password: string) =>
      (await shown({ 'connector.class': 'JdbcSinkConnector', 'connection.password': password }))[
        'connection.password'
      ];
    expect(await of('${file:/etc/s.properties:pw}')).toBe('${file:/etc/s.properties:pw}');
    expect(await of('abc${env:PW}')).toBe('[hidden]');
  });

  it('hides passwords within URLs', async () => {
    const of = async (url: string) => (await shown({ 'connector.class': 'x', 'some.url': url }))['some.url'];
    expect(await of('postgres://me:hush@h:5/db')).toBe('postgres://me:[hidden]@h:5/db');
    expect(await of('jdbc:postgresql://h/db?user=me&password=hush&ssl=true')).toBe(
      'jdbc:postgresql://h/db?user=me&password=[hidden]&ssl=true',
    );
    expect(await of('jdbc:postgresql://h/db?password=${env:PW}')).toBe(
      'jdbc:postgresql://h/db?password=${env:PW}',
    );
    expect(await of('http://h:8081,http://i:8081')).toBe('http://h:8081,http://i:8081');
  });

  it('hides secrets in texts, however they came in', async () => {
    const written = {
      'connector.class': 'JdbcSinkConnector',
      'connection.password': '${env:PW}',
      'connection.url': 'x://a:inurl@h',
      topics: '${env:T}',
    };
    const resolved = { ...written, 'connection.password': 'swordfish', topics: 'orders' };
    const scrub = scrubber(written, resolved, await secretKeys(written, catalog));
    expect(scrub('no swordfish at x://a:inurl@h for orders')).toBe(
      'no [hidden] at x://a:[hidden]@h for ${env:T}',
    );
  });
});
