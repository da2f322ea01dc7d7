import type { StandaloneWorker } from '../../../src/worker';
import { firingsBetween, nextFiring } from '../../../src/worker/operations/cron';
import { waitFor } from '../../support/wait';
import { configOf, startAlone, steeredSource } from '../herding/support';

/** A source that has so many records, then says that it is through. */
function bulkSource(records: number) {
  const steered = steeredSource();
  const plugin = {
    ...steered.plugin,
    open: async (...args: Parameters<typeof steered.plugin.open>) => {
      const task = await steered.plugin.open(...args);
      let given = 0;
      return {
        ...task,
        poll: async (signal: AbortSignal) => {
          if (bulk.left) return null;
          return given++ < records ? task.poll(signal) : null;
        },
        exhausted: () => !bulk.held && given > records,
      };
    },
  };
  const bulk = { steered, plugin, held: false, left: false };
  return bulk;
}

const DAILY = { 'millrace.schedule.cron': '0 3 * * *', 'millrace.schedule.timezone': 'Europe/Berlin' };

let bulk: ReturnType<typeof bulkSource>;
let worker: StandaloneWorker;
const fire = (more: object = {}) =>
  worker.operations.schedules.fire('c', { fence: null, dueAt: null, byHand: false, ...more });
const health = () => worker.operations.health.one('c', { facts: [], silent: [], members: null });
const rests = () =>
  waitFor(() => health().health === 'paused' && worker.status('c')?.connector.state === 'PAUSED');
const loads = () => bulk.steered.opened.get(0) ?? 0;

beforeEach(async () => {
  bulk = bulkSource(3);
  worker = (await startAlone([bulk.plugin])).worker;
  await worker.createConnector('c', configOf('c', DAILY), null);
});
afterEach(() => worker.stop());

test('a new connector rests, and says until when', () => {
  expect(loads()).toBe(0);
  const { health: word, reason, schedule } = health();
  expect([word, reason]).toEqual([
    'paused',
    expect.stringMatching(/^It rests: its next load begins at .*\(0 3 \* \* \*, Europe\/Berlin\)\.$/),
  ]);
  expect(schedule).toMatchObject({ pattern: '0 3 * * *', from: 'where-it-was', last: null });
});

test('each firing loads once and comes to rest', async () => {
  expect((await fire()).outcome).toBe('started');
  await waitFor(() => worker.progress('c').records === 3);
  await rests();
  expect(worker.status('c')?.tasks.map(({ state }) => state)).toEqual(['UNASSIGNED']);
  expect((await fire()).outcome).toBe('started');
  await waitFor(() => worker.progress('c').records === 6);
  await rests();
  expect(loads()).toBe(2);
  expect(health().schedule?.last?.outcome).toBe('started');
});

test('a load that is not through is not begun again', async () => {
  bulk.held = true;
  await fire();
  await waitFor(() => worker.progress('c').records === 3);
  expect((await fire()).outcome).toBe('running');
  expect(health()).toMatchObject({ health: 'healthy', reason: 'It loads: 0 of 1 tasks are through.' });
  bulk.held = false;
  await rests();
  expect(loads()).toBe(1);
});

test('a load that failed is taken up by the next firing', async () => {
  bulk.steered.fail = new Error('broken');
  await fire();
  await waitFor(() => worker.status('c')?.tasks[0]?.state === 'FAILED');
  bulk.steered.fail = null;
  expect((await fire()).outcome).toBe('restarted');
  await waitFor(() => worker.progress('c').records === 3);
  await rests();
});

test('what is stopped is left alone, but for a firing by hand', async () => {
  await worker.setTarget('c', 'STOPPED');
  expect((await fire()).outcome).toBe('stopped');
  expect((await fire({ byHand: true })).outcome).toBe('started');
  await rests();
  expect(loads()).toBe(1);
});

test('a firing of an earlier configuration does nothing', async () => {
  const fence = worker.operations.fence('c');
  await worker.patchConnector('c', { 'millrace.schedule.cron': '0 4 * * *' });
  expect((await fire({ fence })).outcome).toBe('outdated');
  expect(loads()).toBe(0);
});

test('start forgets the offsets first', async () => {
  await fire();
  await rests();
  expect(await worker.offsets('c')).toHaveLength(1);
  bulk.left = true;
  await worker.patchConnector('c', { 'millrace.schedule.from': 'start' });
  await fire();
  await waitFor(() => loads() === 2);
  expect(await worker.offsets('c')).toEqual([]);
});

test('missed firings are counted', async () => {
  const firing = await fire({ dueAt: Date.now() - 3 * 86_400_000 });
  expect(firing.missed).toBe(3);
});

test('resume is a load by hand', async () => {
  await worker.setTarget('c', 'STARTED');
  await waitFor(() => worker.progress('c').records === 3);
  await rests();
});

test('schedules are told, and changes of them', async () => {
  let changes = 0;
  worker.operations.schedules.onChange = () => void changes++;
  expect(worker.operations.schedules.all()).toMatchObject([{ connector: 'c', pattern: '0 3 * * *' }]);
  await worker.deleteConnector('c');
  expect(worker.operations.schedules.all()).toEqual([]);
  expect(changes).toBe(1);
  await expect(fire()).rejects.toThrow('Connector c not found');
});

test.each([
  ['millrace.schedule.cron', '61 * * * *'],
  ['millrace.schedule.cron', '* *'],
  ['millrace.schedule.timezone', 'Mars/Olympus'],
  ['millrace.schedule.from', 'here'],
])('%s=%s is refused', async (key, value) => {
  await expect(worker.createConnector('d', configOf('d', { ...DAILY, [key]: value }), null)).rejects.toThrow(
    key,
  );
});

test('times of firings are those of the time zone', () => {
  const cron = { pattern: '0 3 * * *', timezone: 'Europe/Berlin' };
  const winter = Date.UTC(2026, 0, 10);
  expect(new Date(nextFiring(cron, winter)).toISOString()).toBe('2026-01-10T02:00:00.000Z');
  expect(new Date(nextFiring(cron, Date.UTC(2026, 6, 10))).toISOString()).toBe('2026-07-10T01:00:00.000Z');
  expect(firingsBetween(cron, winter, winter + 10 * 86_400_000)).toBe(10);
});
