import { findCoordinatorRequest } from '../../../src/kafka/wire/find-coordinator';
import { findCoordinatorOf } from './group-requests';
import { conformance, scenario } from './harness';

conformance('finding coordinators', (target) => {
  const find = (key: string, type: number) => target.connect().send('any', findCoordinatorOf(key, type));

  scenario('the coordinator of a group is a broker of the cluster', async () => {
    const found = await find(target.name('group'), 0);
    expect(found).toMatchObject({ error: 0, message: 'NONE' });
    expect(`${found.host}:${found.port}`).toBe(target.address);
  });

  scenario('the coordinator of a transactional id is a broker of the cluster', async () => {
    const found = await target.connect().send('any', findCoordinatorRequest('transaction', target.name()));
    expect(found).toMatchObject({ error: 0 });
    expect(`${found.host}:${found.port}`).toBe(target.address);
  });

  scenario('a coordinator is told for a group that does not exist', async () => {
    const key = target.name('group');
    const [first, second] = [await find(key, 0), await find(key, 0)];
    expect(first).toMatchObject({ error: 0 });
    expect(second.nodeId).toBe(first.nodeId);
  });

  scenario('a coordinator of another type than group and transaction is an invalid request', async () => {
    const found = await find(target.name(), 9);
    expect(found).toMatchObject({ error: 42, nodeId: -1, host: '', port: -1 });
  });

  scenario('an empty key has a coordinator', async () => {
    expect(await find('', 0)).toMatchObject({ error: 0 });
    expect(await find('', 1)).toMatchObject({ error: 0 });
  });
});
