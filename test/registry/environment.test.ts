import { readRegistryConfig, registryEnvironment } from '../../src/registry';

it('reads variables in the spelling of the image', () => {
  const env = {
    SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS: 'SASL_SSL://k:9093',
    SCHEMA_REGISTRY_KAFKASTORE_SASL_JAAS_CONFIG: 'x',
    SCHEMA_REGISTRY_SCHEMA_REGISTRY_GROUP_ID: 'g',
    SCHEMA_REGISTRY_A__DASH_AND___UNDERSCORE: '1',
    SCHEMA_REGISTRY_LISTENERS: '',
    SCHEMA_REGISTRY_: 'x',
    KAFKASTORE_TOPIC: 'no',
    PATH: '/bin',
  };
  expect(registryEnvironment(env)).toEqual({
    'kafkastore.bootstrap.servers': 'SASL_SSL://k:9093',
    'kafkastore.sasl.jaas.config': 'x',
    'schema.registry.group.id': 'g',
    'a-dash.and_underscore': '1',
  });
});

it('passes over what is none: the JVM, the image, links of Kubernetes to a service of this name', () => {
  const env = {
    SCHEMA_REGISTRY_HOST_NAME: 'sr',
    SCHEMA_REGISTRY_HEAP_OPTS: '-Xmx1g',
    SCHEMA_REGISTRY_OPTS: '-Dx=y',
    SCHEMA_REGISTRY_JMX_PORT: '9999',
    SCHEMA_REGISTRY_LOG4J_ROOT_LOGLEVEL: 'WARN',
    SCHEMA_REGISTRY_LOG4J_LOGGERS: 'a=b',
    SCHEMA_REGISTRY_CUB_KAFKA_TIMEOUT: '1',
    SCHEMA_REGISTRY_PORT: 'tcp://10.0.0.1:8081',
    SCHEMA_REGISTRY_PORT_8081_TCP: 'tcp://10.0.0.1:8081',
    SCHEMA_REGISTRY_PORT_8081_TCP_ADDR: '10.0.0.1',
    SCHEMA_REGISTRY_SERVICE_HOST: '10.0.0.1',
    SCHEMA_REGISTRY_SERVICE_PORT: '8081',
    SCHEMA_REGISTRY_SERVICE_PORT_HTTP: '8081',
  };
  expect(registryEnvironment(env)).toEqual({ 'host.name': 'sr' });
});

it('leaves wrong names to be told', () => {
  const raw = registryEnvironment({
    SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS: 'k:1',
    SCHEMA_REGISTRY_KAFKASTORE_TOPIK: 'x',
    SCHEMA_REGISTRY_LISTENER: 'http://:1',
  });
  expect(readRegistryConfig(raw).unknown.map(({ message }) => message)).toEqual([
    'Unknown configuration key listener. Did you mean listeners?',
  ]);
});
