import { postgresSource } from '../../../../connectors/postgres/source';
import { splitTables } from '../../../../connectors/postgres/source/tables';
import { type PlanContext, SILENT } from '../../../../src/plugin';
import { waitFor } from '../../../support/wait';
import { type Bench, openBench } from './harness';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
  await bench.sql('CREATE SCHEMA other');
  await bench.sql(
    'CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE "C" (id int); CREATE TABLE other.d (id int)',
  );
  await bench.sql(
    'CREATE TABLE p (id int) PARTITION BY HASH (id); CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 1, REMAINDER 0)',
  );
  await bench.sql('CREATE VIEW v AS SELECT * FROM a');
});
afterAll(() => bench.close());

async function plan(config: Record<string, string>, maxTasks = 1) {
  const stop = new AbortController();
  let replans = 0;
  const context: PlanContext = {
    connector: 'test',
    logger: SILENT,
    offsets: { offset: async () => null, offsets: async (partitions) => partitions.map(() => null) },
    signal: stop.signal,
    requestReplan: () => {
      replans++;
    },
  };
  const raw = { 'connection.url': bench.url, mode: 'bulk', 'topic.prefix': 'x.', ...config };
  const tasks = await postgresSource.plan!(context, postgresSource.config.parse(raw), maxTasks);
  return {
    tasks,
    tables: tasks.map((task) => JSON.parse(task.tables ?? 'null')),
    stop,
    replans: () => replans,
  };
}

const all = { 'table.include.list': '.*' };

it.each([
  ['every table, not its partitions', all, ['other.d', 'public.C', 'public.a', 'public.b', 'public.p']],
  ['listed names', { 'table.whitelist': 'b, other.d, public.a' }, ['other.d', 'public.a', 'public.b']],
  ['a partition by its name', { 'table.whitelist': 'p0' }, ['public.p0']],
  ['names in lower case', { 'table.whitelist': 'A', 'quote.sql.identifiers': 'never' }, ['public.a']],
  ['all but some', { 'table.blacklist': 'a,other.d' }, ['public.C', 'public.b', 'public.p']],
  [
    'patterns',
    { 'table.include.list': 'public\\.[ab],other\\..*', 'table.exclude.list': '.*\\.b' },
    ['other.d', 'public.a'],
  ],
  ['one schema', { ...all, 'schema.pattern': 'oth%' }, ['other.d']],
  ['views', { ...all, 'table.types': 'VIEW' }, ['public.v']],
])('chooses %s', async (_, config, expected) => {
  const { tables, stop } = await plan(config as Record<string, string>);
  stop.abort();
  expect(tables[0].map((name: string[]) => name.join('.'))).toEqual(expected);
});

it('gives each task neighbours, and keeps the configuration', async () => {
  const { tasks, tables, stop } = await plan(all, 2);
  stop.abort();
  expect(tables.map((group) => group.length)).toEqual([3, 2]);
  expect(tasks[1]!['topic.prefix']).toBe('x.');
});

it('has one task for a query', async () => {
  expect((await plan({ query: 'SELECT 1 AS a' }, 4)).tasks.length).toBe(1);
});

it('refuses two tables for one topic', async () => {
  await bench.sql('CREATE SCHEMA third; CREATE TABLE third.d (id int)');
  await expect(plan(all)).rejects.toMatchObject({
    message: 'other.d and third.d would both go to the topic of d',
  });
  await bench.sql('DROP SCHEMA third CASCADE');
});

it('asks for another plan when a table came', async () => {
  const { stop, replans } = await plan({ ...all, 'table.poll.interval.ms': '20' });
  await bench.sql('CREATE TABLE came (id int)');
  await waitFor(() => replans() === 1);
  stop.abort();
});

it.each([
  [5, 2, [3, 2]],
  [2, 4, [1, 1]],
  [7, 3, [3, 2, 2]],
])('splits %i tables in %i', (tables, tasks, sizes) => {
  const groups = splitTables(
    Array.from({ length: tables }, (_, i) => i),
    tasks,
  );
  expect(groups.map((group) => group.length)).toEqual(sizes);
  expect(groups.flat()).toEqual(Array.from({ length: tables }, (_, i) => i));
});
