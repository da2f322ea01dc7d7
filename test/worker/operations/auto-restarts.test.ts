import { DataError, MillraceError } from '../../../src/kernel';
import type { RestartTicket, StandaloneWorker } from '../../../src/worker';
import { waitFor } from '../../support/wait';
import { configOf, type Steered, startAlone, steeredSource } from '../herding/support';

const QUICK = {
  'millrace.restart.max.attempts': '3',
  'millrace.restart.initial.delay.ms': '20',
  'millrace.restart.max.delay.ms': '40',
};
/** Long enough that nothing happens by itself within a test. */
const SLOW = {
  ...QUICK,
  'millrace.restart.initial.delay.ms': '60000',
  'millrace.restart.max.delay.ms': '60000',
};

let steered: Steered;
let worker: StandaloneWorker;

beforeEach(async () => {
  steered = steeredSource();
  worker = (await startAlone([steered.plugin])).worker;
});
afterEach(() => worker.stop());

const taskState = () => worker.status('c')?.tasks[0]?.state;
const opened = () => steered.opened.get(0) ?? 0;
const countdown = () => worker.operations.restarts.countdown('c', 0);
const fails = () => waitFor(() => taskState() === 'FAILED');
const REFUSED = new MillraceError('DATABASE_REFUSED', 'no');

/** Takes tickets and never brings them. */
function holdTickets() {
  const tickets: RestartTicket[] = [];
  const cancelled: string[] = [];
  worker.operations.restarts.use({
    schedule: async (ticket) => void tickets.push(ticket),
    cancel: async ({ id }) => void cancelled.push(id),
    has: async () => true,
  });
  return { tickets, cancelled };
}

describe('a task that fails', () => {
  test('stays as it is unless restarts are asked for', async () => {
    steered.fail = REFUSED;
    await worker.createConnector('c', configOf('c'), null);
    await fails();
    expect(countdown()).toBeNull();
    expect(opened()).toBe(1);
  });

  test('is restarted until it runs', async () => {
    steered.fail = REFUSED;
    await worker.createConnector('c', configOf('c', QUICK), null);
    await waitFor(() => opened() >= 2);
    steered.fail = null;
    await waitFor(() => taskState() === 'RUNNING');
    expect(countdown()).toBeNull();
  });

  test('is given up after the attempts it has', async () => {
    steered.fail = REFUSED;
    await worker.createConnector('c', configOf('c', QUICK), null);
    await waitFor(() => opened() === 4);
    await waitFor(() => taskState() === 'FAILED' && countdown() === null);
    await worker.setTarget('c', 'PAUSED');
    await worker.setTarget('c', 'STARTED');
    expect(countdown()).toBeNull();
    expect(opened()).toBe(4);
  });

  test('shows when the next attempt is, in its health', async () => {
    steered.fail = REFUSED;
    await worker.createConnector('c', configOf('c', SLOW), null);
    const next = await waitFor(() => countdown());
    expect(next).toMatchObject({ attempt: 1, of: 3 });
    expect(next.nextAt.getTime()).toBeGreaterThan(Date.now() + 40_000);
    const health = worker.operations.health.one('c', { facts: [], silent: [], members: null });
    expect(health.tasks[0]?.restart).toEqual(next);
  });

  test('is not restarted for a record that stays bad', async () => {
    steered.fail = new DataError('bad record');
    await worker.createConnector('c', configOf('c', QUICK), null);
    await fails();
    expect(countdown()).toBeNull();
    expect(opened()).toBe(1);
  });
});

describe('a ticket', () => {
  test('restarts once, however often it comes', async () => {
    const { tickets } = holdTickets();
    steered.fail = REFUSED;
    await worker.createConnector('c', configOf('c', SLOW), null);
    const ticket = await waitFor(() => tickets[0]);
    steered.fail = null;
    expect(await worker.operations.restarts.due(ticket.id)).toBe(true);
    expect(await worker.operations.restarts.due(ticket.id)).toBe(false);
    await waitFor(() => taskState() === 'RUNNING');
    expect(opened()).toBe(2);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['pause', () => worker.setTarget('c', 'PAUSED')],
    ['stop', () => worker.setTarget('c', 'STOPPED')],
    ['delete', () => worker.deleteConnector('c')],
    ['a restart by hand', () => worker.restartTask({ connector: 'c', task: 0 })],
    ['another configuration', () => worker.patchConnector('c', { 'millrace.restart.max.attempts': '0' })],
  ])('is cancelled by %s', async (_what, act) => {
    const { tickets, cancelled } = holdTickets();
    steered.fail = REFUSED;
    await worker.createConnector('c', configOf('c', SLOW), null);
    const ticket = await waitFor(() => tickets[0]);
    steered.fail = null;
    await act();
    await waitFor(() => cancelled.includes(ticket.id));
    const before = opened();
    expect(await worker.operations.restarts.due(ticket.id)).toBe(false);
    expect(opened()).toBe(before);
  });

  test('of what was paused comes again with the same attempt', async () => {
    const { tickets } = holdTickets();
    steered.fail = REFUSED;
    await worker.createConnector('c', configOf('c', SLOW), null);
    await waitFor(() => tickets.length === 1);
    await worker.setTarget('c', 'PAUSED');
    await worker.setTarget('c', 'STARTED');
    await waitFor(() => tickets.length === 2);
    expect(tickets.map(({ attempt }) => attempt)).toEqual([1, 1]);
  });
});

test('a connector whose plan fails is restarted, too', async () => {
  const { plan } = steered.plugin;
  let broken = true;
  const plugin = {
    ...steered.plugin,
    plan: async (...args: Parameters<NonNullable<typeof plan>>) => {
      if (broken) throw REFUSED;
      return plan!(...args);
    },
  };
  await worker.stop();
  worker = (await startAlone([plugin])).worker;
  await worker.createConnector('c', configOf('c', QUICK), null);
  await waitFor(() => worker.status('c')?.connector.state === 'FAILED');
  broken = false;
  await waitFor(() => worker.status('c')?.connector.state === 'RUNNING');
  await waitFor(() => taskState() === 'RUNNING');
});

test('wrong keys of ours are errors without a definition', async () => {
  const wrong = configOf('c', { 'millrace.restart.max.attempts': 'many', 'millrace.restrat': '1' });
  const { configs } = await worker.validate(wrong);
  const own = configs.filter(({ value }) => value?.name.startsWith('millrace.'));
  expect(own.map(({ definition, value }) => [definition, value?.name, value?.errors.length])).toEqual([
    [null, 'millrace.restart.max.attempts', 1],
    [null, 'millrace.restrat', 1],
  ]);
  const fine = await worker.validate(configOf('c', SLOW));
  expect(fine.configs.filter(({ value }) => value?.name.startsWith('millrace.'))).toEqual([]);
  expect(fine.error_count).toBe(0);
});
