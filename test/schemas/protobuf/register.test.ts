/** Registering a file with what it imports, against millrace's own registry. */
import { ConfigDef, NO_METRICS, SILENT } from '../../../src/kernel';
import { type RegisterProtoOptions, registerProto } from '../../../src/schemas/protobuf/register';
import { REGISTRY_KEYS, registryOptions } from '../../../src/schemas/registry-options';
import { SchemaServices } from '../../../src/schemas/services';
import { type RegistryClient, startClient } from '../../registry/client';
import { createFakeKafka } from '../../registry/fake-kafka';

let client: RegistryClient;
let services: SchemaServices;

beforeEach(async () => {
  client = await startClient(createFakeKafka().port);
  services = new SchemaServices({ logger: SILENT, metrics: NO_METRICS, redisUrl: null });
});

afterEach(async () => {
  await services.close();
  await client.running.close();
});

const IMPORTS = new Map([
  ['a/deep.proto', 'syntax = "proto3"; package d; message Deep { int32 x = 1; }'],
  [
    'middle.proto',
    'syntax = "proto3"; package m; import "a/deep.proto"; import "google/protobuf/timestamp.proto"; message Middle { d.Deep deep = 1; google.protobuf.Timestamp at = 2; }',
  ],
]);
const TOP =
  'syntax = "proto3"; import "middle.proto"; import "a/deep.proto"; message Top { m.Middle m = 1; d.Deep d = 2; }';

const register = (changed: Partial<RegisterProtoOptions> = {}, text = TOP) => {
  const config = new ConfigDef([...REGISTRY_KEYS], []).parse({ 'schema.registry.url': client.running.url });
  return registerProto(services.registry(registryOptions(config)), 't-value', text, {
    imports: IMPORTS,
    referenceStrategy: 'default',
    register: true,
    useLatest: false,
    normalize: false,
    skipKnownTypes: true,
    ...changed,
  });
};

test('imports come first, each once, under their names', async () => {
  const { id, references } = await register();
  expect(references).toEqual([
    { name: 'middle.proto', subject: 'middle.proto', version: 1 },
    { name: 'a/deep.proto', subject: 'a/deep.proto', version: 1 },
  ]);
  expect(await client.call('GET', '/subjects')).toEqual([200, ['a/deep.proto', 'middle.proto', 't-value']]);
  expect(await register({ register: false })).toEqual({ id, references });
  expect(await register({ useLatest: true })).toEqual({ id, references });
});

test('qualified subjects', async () => {
  const { references } = await register({ referenceStrategy: 'qualified' });
  expect(references.map(({ name, subject }) => [name, subject])).toEqual([
    ['middle.proto', 'middle'],
    ['a/deep.proto', 'a.deep'],
  ]);
});

test('what is missing, or leads back to itself, is told', async () => {
  await expect(register({}, 'import "nowhere.proto";')).rejects.toThrow(
    '"nowhere.proto" is not among the files',
  );
  const imports = new Map([['self.proto', 'import "self.proto";']]);
  await expect(register({ imports }, 'import "self.proto";')).rejects.toThrow('leads back to itself');
});
