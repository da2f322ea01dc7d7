import { overridePolicyOf } from '../../src/worker/client-keys';
import { loadWorkerConfig } from '../../src/worker/worker-config';

const PACKAGE = 'org.apache.kafka.connect.connector.policy.';

test.each([
  ['All', 'all'],
  ['none', 'none'],
  ['Principal', 'principal'],
  ['NoneConnectorClientConfigOverridePolicy', 'none'],
  [`${PACKAGE}PrincipalConnectorClientConfigOverridePolicy`, 'principal'],
  ['com.example.MyPolicy', null],
  ['', null],
])('the policy %s', (name, policy) => expect(overridePolicyOf(name)).toBe(policy));

test('a worker takes policies by class, and refuses those it does not know', async () => {
  const load = (policy: string) =>
    loadWorkerConfig({ arguments: { 'connector.client.config.override.policy': policy }, env: {} });
  const worker = await load(`${PACKAGE}NoneConnectorClientConfigOverridePolicy`);
  expect(worker.config.string('connector.client.config.override.policy')).toContain('None');
  await expect(load('com.example.MyPolicy')).rejects.toThrow(/String must be one of: All, None, Principal/);
});
